import { joinChain, startChain, stepSettled } from '../kill/chain';
import { modeRecord, setMode, withChain, withEngine } from './change';
import { drillScope } from './drills';
import type { EventOf } from './events';
import { enginesInScope } from './scope';
import type { KillRecord, OpsState } from './state';
import { KILLS_KEPT } from './state';

/** Latches a kill: the modes in its scope, and a chain of each engine there, or the one under way joined. */
export function killRequested(state: OpsState, event: EventOf<'kill.requested'>): OpsState {
  const commandId = event.commandId ?? event.id;
  const { closePositions, targets, origin, drill } = event.data;
  const scope = drill ? drillScope(state, event.data.scope) : event.data.scope;
  if (scope === null) return state;
  const record = modeRecord('killed', event, commandId);
  const engines = enginesInScope(state, scope);
  const chains = { ...state.chains };
  for (const engine of engines) {
    const chain = chains[engine];
    chains[engine] = chain
      ? joinChain(chain, commandId, closePositions, event.ts)
      : startChain(engine, commandId, closePositions, event.ts);
  }
  const kill: KillRecord = {
    commandId,
    seq: event.seq,
    at: event.ts,
    by: event.actor,
    reason: event.reason,
    origin,
    scope,
    closePositions,
    targets,
    drill,
    engines,
    haltedAt: null,
    flatAt: null,
    resumedAt: null,
  };
  const next = {
    ...state,
    chains,
    kills: [kill, ...state.kills].slice(0, KILLS_KEPT),
    resumeRequests: [],
  };
  // A desk that is killed already stays killed for its first reason; the new kill has a record of its own.
  return setMode(next, scope, record, (current) => current.mode !== 'killed');
}

/** A step of an engine's chain is answered; once all of its block is done the engine is known to be killed. */
export function killStepSettled(state: OpsState, event: EventOf<'kill.step_settled'>): OpsState {
  const { engine: id, step, round, items } = event.data;
  const settled = withChain(state, id, event.commandId, (chain) =>
    stepSettled(chain, step, round, items, event.ts),
  );
  const blocked = step === 'block' && items.every((item) => item.outcome === 'done');
  return blocked
    ? withEngine(settled, id, (engine) => ({ ...engine, confirmedMode: 'killed' }))
    : settled;
}
