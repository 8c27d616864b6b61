import type { Incident } from '@shared/incidents/state';
import { timeOfDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { Tabs } from 'radix-ui';
import { IncidentTitle } from '../../components/IncidentTitle';
import { DrillMark, SeverityMark } from '../../components/Severity';
import { Hostile } from '../../components/ui';
import { drillCommands } from '../../desk/drill.state';
import { clockOf } from '../../desk/incidents.state';
import { playbookOf, progressOf } from '../../desk/playbook.state';
import { useT } from '../../i18n';
import { duration } from '../../lib/format';
import { Annulments } from './Annulments';
import { Escalation } from './Escalation';
import { ImpactBox } from './ImpactBox';
import { LinkedAlerts } from './LinkedAlerts';
import { Messages } from './Messages';
import { Playbook } from './Playbook';
import { PostMortem } from './PostMortem';
import { Response } from './Response';
import { Timeline } from './Timeline';

const TAB =
  'rounded-md px-2 py-1 text-muted hover:text-text data-[state=active]:bg-raised data-[state=active]:text-blue';

/** One incident: where it stands, what it costs, what to do, and what was done. */
export function Detail(props: {
  readonly view: DeskView;
  readonly incident: Incident;
  readonly now: number;
}) {
  const t = useT();
  const { view, incident, now } = props;
  const playbook = playbookOf(view, incident);
  const progress = playbook && progressOf(playbook, incident);
  const drills = drillCommands(view.ops);
  return (
    <article className="space-y-2" aria-label={`#${incident.number}`}>
      <header className="rounded-md border border-line p-2">
        <h2 className="flex flex-wrap items-center gap-2 text-[15px] font-semibold">
          <SeverityMark severity={incident.severity} />
          {incident.correlations.some((one) => drills.has(one)) && <DrillMark />}
          <span className="min-w-0">
            <IncidentTitle incident={incident} max={160} />
          </span>
          <span className="flex-1" />
          <span className="figure text-[20px]">
            {duration(clockOf(view, incident, now).openMs)}
          </span>
        </h2>
        <p className="text-[12px] text-muted">
          <strong className={incident.stage === 'open' ? 'text-amber' : 'text-text'}>
            {t(`incident.${incident.stage}`)}
          </strong>
          {' · '}
          {t(`cause.${incident.cause}`)} ·{' '}
          {t('incident.openedAt', {
            time: timeOfDay(incident.opened.at),
            seq: incident.opened.seq,
          })}
          {incident.subjects.length > 0 && (
            <>
              {' · '}
              <Hostile text={incident.subjects.join(', ')} max={120} />
            </>
          )}
        </p>
      </header>
      <Tabs.Root defaultValue="summary">
        <Tabs.List aria-label={t('incident.parts')} className="mb-2 flex flex-wrap gap-1">
          {(['summary', 'playbook', 'timeline', 'messages', 'postmortem'] as const).map((name) => (
            <Tabs.Trigger key={name} value={name} className={TAB}>
              {t(`incident.tab.${name}`)}
              {name === 'playbook' && progress && (
                <span className="figure ml-1 text-[12px]">
                  {progress.done}/{progress.all}
                </span>
              )}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="summary" className="space-y-2">
          <Response {...props} />
          <Annulments {...props} />
          <ImpactBox {...props} />
          <Escalation {...props} />
          <LinkedAlerts {...props} />
        </Tabs.Content>
        <Tabs.Content value="playbook">
          <Playbook {...props} />
        </Tabs.Content>
        <Tabs.Content value="timeline">
          <Timeline {...props} />
        </Tabs.Content>
        <Tabs.Content value="messages">
          <Messages {...props} />
        </Tabs.Content>
        <Tabs.Content value="postmortem">
          <PostMortem {...props} />
        </Tabs.Content>
      </Tabs.Root>
    </article>
  );
}
