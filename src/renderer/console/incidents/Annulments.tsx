import type { AnnulmentClock } from '@shared/incidents/annulment';
import type { Incident } from '@shared/incidents/state';
import { timeOfDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { Hostile } from '../../components/ui';
import { annulmentOf } from '../../desk/incidents.state';
import { useT } from '../../i18n';
import { amount, duration } from '../../lib/format';
import { Section } from './parts';

const SHOWN = 12;

/** Trades caught in the incident, and how long each may still be annulled. */
export function Annulments(props: {
  readonly view: DeskView;
  readonly incident: Incident;
  readonly now: number;
}) {
  const t = useT();
  const { view, incident, now } = props;
  const { executions, incidentsPolicy } = view;
  if (executions === null || incident.closed !== null) return null;
  const rows = annulmentOf(view, incident, now);
  const left = rows.length - SHOWN + executions.omitted;
  return (
    <Section title="annulment.title">
      <p className="text-[12px] text-muted">
        {t('annulment.what', {
          minutes: Math.round(incidentsPolicy.annulmentMs / 60_000),
          time: timeOfDay(executions.since),
        })}
      </p>
      {rows.length === 0 && <p className="text-[12px]">{t('annulment.none')}</p>}
      <ul className="text-[12px]">
        {rows.slice(0, SHOWN).map((one) => (
          <li
            key={`${one.engine} ${one.id}`}
            className="grid min-h-7 grid-cols-[64px_60px_minmax(0,1fr)_130px] items-center gap-2 border-t border-line"
          >
            <span className="figure text-muted">{timeOfDay(one.at)}</span>
            <span>{t(`side.${one.side}`)}</span>
            <span className="figure min-w-0 truncate">
              {amount(one.quantity, 0)} <Hostile text={one.instrument} max={24} /> @{' '}
              {amount(one.price, 2)} · <Hostile text={one.engine} max={24} />
            </span>
            <Left one={one} lastMs={incidentsPolicy.annulmentLastMs} />
          </li>
        ))}
      </ul>
      {left > 0 && <p className="text-[12px] text-muted">{t('annulment.more', { count: left })}</p>}
    </Section>
  );
}

/** What is left of one execution's time; the last of it is red. */
export function Left({ one, lastMs }: { one: AnnulmentClock; lastMs: number }) {
  const t = useT();
  if (one.leftMs === 0) return <span className="text-right text-muted">{t('annulment.over')}</span>;
  const last = one.leftMs <= lastMs;
  return (
    <strong className={`figure text-right ${last ? 'text-red' : ''}`}>
      {t(last ? 'annulment.last' : 'annulment.left', { time: duration(one.leftMs) })}
    </strong>
  );
}
