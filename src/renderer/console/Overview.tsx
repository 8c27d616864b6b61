import type { DeskView } from '@shared/view/desk';
import { deskStatus } from '../desk/desk.state';
import { useApp } from '../lib/store';
import { KillAlarm, KillLacked, PendingKillBox } from '../panel/Alarms';
import { Chains } from '../panel/Chains';
import { Operations } from '../panel/Operations';
import { Chart } from './Chart';
import { LatestEvents } from './LatestEvents';
import { PastPositions } from './PastPositions';
import { EnginesTable, PositionsTable } from './Tables';

export default function Overview({ view, now }: { view: DeskView; now: number }) {
  // What is charted is live, and not in the log.
  const past = useApp((state) => state.past);
  return (
    <div className="grid grid-cols-[minmax(0,2fr)_minmax(280px,1fr)] gap-3">
      <div className="min-w-0 space-y-3">
        <EnginesTable view={view} now={now} />
        {past ? <PastPositions past={past} /> : <PositionsTable view={view} now={now} />}
        {!past && <Chart />}
      </div>
      <div className="min-w-0">
        <KillAlarm view={view} now={now} />
        <KillLacked view={view} now={now} />
        <PendingKillBox view={view} />
        <Chains view={view} left={deskStatus(view, now).left} />
        <Operations view={view} now={now} origin="console" />
        <LatestEvents />
      </div>
    </div>
  );
}
