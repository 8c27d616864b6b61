import type { Scope } from '../protocol/commands';
import type { Mode } from '../telemetry/types';
import type { DomainEvent } from './events';
import type { EngineRecord, KillRecord, ModeRecord, OpsState } from './state';
import { NO_OWN_MODE } from './state';

/**
 * Sets the desk's mode, or the own mode of the engines in scope. A desk-wide resume lifts the
 * engines' own modes too: it says "everything".
 */
export function setMode(
  state: OpsState,
  scope: Scope,
  record: ModeRecord,
  applies: (current: ModeRecord) => boolean,
): OpsState {
  if (scope.kind === 'all') {
    const desk = applies(state.desk) ? record : state.desk;
    if (record.mode === 'killed' || record.mode === 'paused') return { ...state, desk };
    const engines = Object.fromEntries(
      Object.entries(state.engines).map(([id, engine]) => [id, { ...engine, own: NO_OWN_MODE }]),
    );
    return { ...state, desk, engines };
  }
  return scope.engines.reduce(
    (next, id) =>
      withEngine(next, id, (engine) => (applies(engine.own) ? { ...engine, own: record } : engine)),
    state,
  );
}

/** A mode as an event gives it. */
export function modeRecord(mode: Mode, event: DomainEvent, commandId: string | null): ModeRecord {
  return {
    mode,
    since: event.ts,
    seq: event.seq,
    by: event.actor,
    reason: event.reason,
    commandId,
  };
}

/** Changes an engine's record; one that is not known changes nothing. */
export function withEngine(
  state: OpsState,
  id: string,
  change: (engine: EngineRecord) => EngineRecord,
): OpsState {
  const engine = state.engines[id];
  return engine ? { ...state, engines: { ...state.engines, [id]: change(engine) } } : state;
}

/** Changes a chain when the event belongs to it: answers to a kill that is over are not taken. */
export function withChain(
  state: OpsState,
  id: string,
  commandId: string | null,
  change: (chain: OpsState['chains'][string]) => OpsState['chains'][string],
): OpsState {
  const chain = state.chains[id];
  if (!chain || chain.commandId !== commandId) return state;
  const changed = change(chain);
  const next = { ...state, chains: { ...state.chains, [id]: changed } };
  return chain.phase === 'flat' && changed.phase !== 'flat' ? clearFlat(next, [id]) : next;
}

/** Changes the record of the kill that a command gave. */
export function withKill(
  state: OpsState,
  commandId: string | null,
  change: (kill: KillRecord) => KillRecord,
): OpsState {
  return {
    ...state,
    kills: state.kills.map((kill) => (kill.commandId === commandId ? change(kill) : kill)),
  };
}

/** A kill is not flat while one of its engines is not. */
export function clearFlat(state: OpsState, engines: readonly string[]): OpsState {
  return {
    ...state,
    kills: state.kills.map((kill) =>
      kill.flatAt !== null && kill.engines.some((engine) => engines.includes(engine))
        ? { ...kill, flatAt: null }
        : kill,
    ),
  };
}
