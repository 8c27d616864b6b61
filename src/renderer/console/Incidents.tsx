import { timeOfDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { Tabs } from 'radix-ui';
import { useState } from 'react';
import { Hostile } from '../components/ui';
import { type AnyIncident, activeAlerts, activeOnes, isOverdue } from '../desk/incidents.state';
import { useT } from '../i18n';
import { ActionItems } from './incidents/ActionItems';
import { ActiveList } from './incidents/ActiveList';
import { AlertsTab } from './incidents/AlertsTab';
import { Detail } from './incidents/Detail';
import { Drills } from './incidents/Drills';
import { History } from './incidents/History';
import { Kpis } from './incidents/Kpis';
import { OpenForm } from './incidents/OpenForm';
import { PastDetail } from './incidents/PastDetail';

const TAB =
  'rounded-md px-3 py-1 text-muted hover:text-text data-[state=active]:bg-raised data-[state=active]:text-blue';

/** Everything about trouble: what goes on, what was, how well it went, and what is rehearsed. */
export default function Incidents({ view, now }: { view: DeskView; now: number }) {
  const t = useT();
  const { actionItems } = view.ops.incidents;
  const counts = {
    incidents: activeOnes(view).length,
    alerts: activeAlerts(view).length,
    kpis: 0,
    actions: actionItems.filter((item) => isOverdue(item, now)).length,
    drills: 0,
  } as const;
  return (
    <Tabs.Root defaultValue="incidents">
      {view.link.state !== 'live' && (
        <p role="status" className="mb-2 border-l-4 border-amber px-2 text-amber">
          {t('incidents.offline', { time: timeOfDay(view.link.since), seq: view.mirror.seq })}
        </p>
      )}
      <Tabs.List
        aria-label={t('nav.incidents')}
        className="mb-2 flex gap-1 border-b border-line pb-1"
      >
        {(['incidents', 'alerts', 'kpis', 'actions', 'drills'] as const).map((name) => (
          <Tabs.Trigger key={name} value={name} className={TAB}>
            {t(`incidents.tab.${name}`)}
            {counts[name] > 0 && <strong className="figure ml-1 text-amber">{counts[name]}</strong>}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <Tabs.Content value="incidents">
        <Board view={view} now={now} />
      </Tabs.Content>
      <Tabs.Content value="alerts">
        <AlertsTab view={view} now={now} />
      </Tabs.Content>
      <Tabs.Content value="kpis">
        <Kpis view={view} now={now} />
      </Tabs.Content>
      <Tabs.Content value="actions">
        <ActionItems view={view} now={now} incident={null} />
      </Tabs.Content>
      <Tabs.Content value="drills">
        <Drills view={view} />
      </Tabs.Content>
    </Tabs.Root>
  );
}

function Board({ view, now }: { view: DeskView; now: number }) {
  const t = useT();
  const [chosen, setChosen] = useState<string | null>(null);
  const [opening, setOpening] = useState(false);
  const { incidents, past } = view.ops.incidents;
  const [first] = activeOnes(view);
  const known: readonly AnyIncident[] = [...incidents, ...past];
  const shown = known.find(({ id }) => id === chosen) ?? first ?? incidents[0] ?? null;
  const show = (id: string): void => {
    setChosen(id);
    setOpening(false);
  };
  const whole = incidents.find(({ id }) => id === shown?.id);
  return (
    <div className="grid grid-cols-[minmax(320px,2fr)_minmax(0,3fr)] gap-3">
      <div className="min-w-0 space-y-3">
        <ActiveList
          view={view}
          now={now}
          shown={opening ? null : (shown?.id ?? null)}
          onShow={show}
          onOpen={() => setOpening(true)}
        />
        <History view={view} now={now} shown={shown?.id ?? null} onShow={show} />
      </div>
      <div className="min-w-0">
        {opening ? (
          <OpenForm view={view} onDone={setOpening} />
        ) : whole ? (
          <Detail key={whole.id} view={view} incident={whole} now={now} />
        ) : shown ? (
          <PastDetail incident={shown} />
        ) : (
          <p className="text-muted">
            <Hostile text={t('incidents.none')} max={200} />
          </p>
        )}
      </div>
    </div>
  );
}
