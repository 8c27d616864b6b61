import type { DeskView } from '@shared/view/desk';
import { IncidentTitle } from '../components/IncidentTitle';
import { SeverityMark } from '../components/Severity';
import { Button } from '../components/ui';
import { activeOnes, runningAnnulments, soundingIncident, whyNot } from '../desk/incidents.state';
import { useT } from '../i18n';
import { acknowledge } from '../lib/call';
import { duration } from '../lib/format';

/** The worst that is open with its clock, a way to take it, and what may still be annulled. */
export function IncidentLines(props: {
  readonly view: DeskView;
  readonly now: number;
  readonly silenced: ReadonlySet<string>;
  readonly onSilence: (incident: string) => void;
}) {
  const t = useT();
  const { view, now } = props;
  const active = activeOnes(view);
  const [worst] = active;
  if (!worst) return null;
  const why = whyNot(view, view.incidentsPolicy.permissions.acknowledge);
  const sounding = soundingIncident(view, props.silenced);
  const loud = worst.severity === 'P0' && worst.stage === 'open';
  return (
    <section
      aria-label={t('panel.incident')}
      className={`border-b border-line px-3 py-2 text-[12px] ${loud ? 'border-l-4 border-l-red' : ''}`}
    >
      <p className="flex items-center gap-2 text-[13px]">
        <SeverityMark severity={worst.severity} short />
        <span className="min-w-0 flex-1 truncate">
          <IncidentTitle incident={worst} max={60} />
        </span>
        <strong className="figure">{duration(now - worst.opened.at)}</strong>
      </p>
      <div className="mt-1 flex items-center gap-2">
        <span className={`flex-1 ${worst.stage === 'open' ? 'text-amber' : 'text-muted'}`}>
          {t(`incident.${worst.stage}`)}
          {active.length > 1 && ` · ${t('panel.moreIncidents', { count: active.length - 1 })}`}
        </span>
        {sounding && (
          <Button className="py-0.5" onClick={() => props.onSilence(sounding.id)}>
            {t('panel.silence')}
          </Button>
        )}
        {worst.stage === 'open' && (
          <Button
            className="py-0.5"
            disabled={why !== null}
            title={why ? t(why) : undefined}
            onClick={() => acknowledge(worst.id, 'panel')}
          >
            {t('incident.to.acknowledged')}
          </Button>
        )}
      </div>
      <Annulable view={view} now={now} />
    </section>
  );
}

/** The trade with the least time left in which it may be annulled, while there is one. */
function Annulable({ view, now }: { view: DeskView; now: number }) {
  const t = useT();
  const running = runningAnnulments(view, now);
  const [first] = running;
  if (!first) return null;
  const last = first.leftMs <= view.incidentsPolicy.annulmentLastMs;
  return (
    <p className={`mt-1 ${last ? 'font-semibold text-red' : 'text-muted'}`}>
      {t(last ? 'panel.annulLast' : 'panel.annul', { count: running.length })}{' '}
      <span className="figure">{duration(first.leftMs)}</span>
    </p>
  );
}
