import { modeRecord, setMode } from './change';
import { effectiveMode } from './effectiveMode';
import type { EventOf } from './events';
import { strictest } from './mode';
import { enginesInScope } from './scope';
import type { KillRecord, OpsState } from './state';

/** Pauses what is not stricter already. */
export function paused(state: OpsState, event: EventOf<'ops.paused'>): OpsState {
  const record = modeRecord('paused', event, event.commandId);
  return setMode(
    state,
    event.data.scope,
    record,
    (current) => strictest(current.mode, 'paused') !== current.mode,
  );
}

/** Gives another mode, and ends the chains and the kills that thereby hold nothing any more. */
export function resumed(state: OpsState, event: EventOf<'ops.resumed'>): OpsState {
  const { scope, to } = event.data;
  const covered = enginesInScope(state, scope);
  const record = modeRecord(to, event, event.commandId);
  const next = setMode(state, scope, record, () => true);
  const chains = Object.fromEntries(
    Object.entries(next.chains).filter(
      ([engine]) => !covered.includes(engine) || effectiveMode(next, engine) === 'killed',
    ),
  );
  // A kill that names an engine nobody has seen holds until that engine was resumed, or the desk.
  const isLifted = (kill: KillRecord): boolean =>
    kill.engines.every((engine) => !chains[engine]) &&
    (scope.kind === 'all' ||
      kill.scope.kind === 'all' ||
      kill.scope.engines.every((engine) => next.engines[engine]));
  const kills = next.kills.map((kill) =>
    kill.resumedAt === null && isLifted(kill) ? { ...kill, resumedAt: event.ts } : kill,
  );
  return { ...next, chains, kills, resumeRequests: [] };
}
