import type { Incident } from '@shared/incidents/state';
import type { DeskView } from '@shared/view/desk';
import { IncidentTitle } from '../../components/IncidentTitle';
import { SeverityMark } from '../../components/Severity';
import { Button, Hostile } from '../../components/ui';
import { activeOnes, clockOf } from '../../desk/incidents.state';
import { useT } from '../../i18n';
import { duration } from '../../lib/format';
import { Countdown } from './parts';

/** What goes on, the worst first, each with the clocks that run. */
export function ActiveList(props: {
  readonly view: DeskView;
  readonly now: number;
  readonly shown: string | null;
  readonly onShow: (id: string) => void;
  readonly onOpen: () => void;
}) {
  const t = useT();
  const active = activeOnes(props.view);
  return (
    <section aria-label={t('incidents.active')}>
      <div className="mb-1 flex items-center gap-2">
        <h2 className="flex-1 text-[15px] font-semibold">{t('incidents.active')}</h2>
        <Button onClick={props.onOpen}>{t('incidents.open')}</Button>
      </div>
      {active.length === 0 && <p className="text-muted">{t('incidents.noneActive')}</p>}
      <ul className="space-y-1">
        {active.map((one) => (
          <li key={one.id}>
            <Card {...props} incident={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Card(props: {
  readonly view: DeskView;
  readonly incident: Incident;
  readonly now: number;
  readonly shown: string | null;
  readonly onShow: (id: string) => void;
}) {
  const t = useT();
  const { incident, view, now } = props;
  const clock = clockOf(view, incident, now);
  const chosen = props.shown === incident.id;
  const frame = chosen ? 'border-blue bg-raised' : 'border-line';
  return (
    <button
      type="button"
      aria-pressed={chosen}
      onClick={() => props.onShow(incident.id)}
      className={`w-full rounded-md border p-2 text-left text-[12px] ${frame}`}
    >
      <span className="flex items-center gap-2 text-[13px]">
        <SeverityMark severity={incident.severity} />
        <span className="min-w-0 flex-1 truncate">
          <IncidentTitle incident={incident} max={80} />
        </span>
        <strong className="figure">{duration(clock.openMs)}</strong>
      </span>
      <span className="mt-0.5 flex items-center gap-2 text-muted">
        <strong className={incident.stage === 'open' ? 'text-amber' : 'text-text'}>
          {t(`incident.${incident.stage}`)}
        </strong>
        {incident.commander && <Hostile text={incident.commander} max={24} />}
        <span className="flex-1" />
        {clock.responseLeftMs !== null ? (
          <>
            {t('incident.response')} <Countdown leftMs={clock.responseLeftMs} />
          </>
        ) : (
          clock.next && (
            <>
              {t('incident.next')} <Hostile text={clock.next.step.role} max={24} />{' '}
              <Countdown leftMs={clock.next.leftMs} />
            </>
          )
        )}
      </span>
    </button>
  );
}
