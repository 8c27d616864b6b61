import { linkLost, startChain } from '../kill/chain';
import type { Environment } from '../protocol/engine';
import type { Mode } from '../telemetry/types';
import { clearFlat, modeRecord, withEngine, withKill } from './change';
import { isHaltedByDrill, leaveDrill } from './drills';
import { effectiveMode, orderedMode } from './effectiveMode';
import type { EventOf } from './events';
import { strictest } from './mode';
import { inScope } from './scope';
import type { EngineRecord, ModeRecord, OpsState } from './state';
import { NO_OWN_MODE } from './state';

/** The engines that were connected to a gateway are lost as it starts anew. */
export function gatewayStarted(state: OpsState, event: EventOf<'gateway.started'>): OpsState {
  // A gateway that starts has no engine connected; one that died could not say that they were lost.
  const { node = null } = event.data;
  return Object.keys(state.engines).reduce(
    (next, engine) =>
      next.engines[engine]?.connected && (node === null || next.engines[engine].node === node)
        ? engineLost(next, engine, event.ts, 'gateway restarted')
        : next,
    leased(state, event.data),
  );
}

/** Several processes may run under one gateway's name, one after the other: the last one is known by its token. */
function leased(
  state: OpsState,
  { node, lease = 0 }: EventOf<'gateway.started' | 'engine.connected'>['data'],
): OpsState {
  if (node === undefined || lease <= (state.leases[node] ?? 0)) return state;
  return { ...state, leases: { ...state.leases, [node]: lease } };
}

/** An engine says what it is; what is known of it already stays. */
export function engineRegistered(state: OpsState, event: EventOf<'engine.registered'>): OpsState {
  const { engine: id, name, kind, environment, instruments } = event.data;
  const known = state.engines[id];
  const record: EngineRecord = {
    id,
    name,
    kind,
    environment,
    instruments,
    connected: known?.connected ?? false,
    session: known?.session ?? null,
    lastSession: known?.lastSession ?? null,
    node: known?.node ?? null,
    since: known?.since ?? event.ts,
    lostCause: known?.lostCause ?? null,
    clockOffsetMs: known?.clockOffsetMs ?? 0,
    own: known?.own ?? modeBeforeKnown(state, id),
    confirmedMode: known?.confirmedMode ?? null,
    selfPausedAt: known?.selfPausedAt ?? null,
  };
  const registered = { ...state, engines: { ...state.engines, [id]: record } };
  return environment === 'live' && isHaltedByDrill(state, id)
    ? leaveDrill(registered, id, event.ts)
    : registered;
}

/** The mode that an engine gets as it registers, before that is on record. */
export function modeOnRegistering(state: OpsState, id: string, environment: Environment): Mode {
  const drilled = environment === 'live' && isHaltedByDrill(state, id);
  return effectiveMode(drilled ? leaveDrill(state, id, state.ts) : state, id);
}

/** A kill may name an engine that nobody had seen: it is killed when it turns up. */
function modeBeforeKnown(state: OpsState, id: string): ModeRecord {
  const kill = state.kills.find(
    ({ resumedAt, scope }) => resumedAt === null && scope.kind === 'engines' && inScope(scope, id),
  );
  if (!kill) return NO_OWN_MODE;
  const { at, seq, by, reason, commandId } = kill;
  return { mode: 'killed', since: at, seq, by, reason, commandId };
}

/** An engine is there, in the mode it says. */
export function engineConnected(state: OpsState, event: EventOf<'engine.connected'>): OpsState {
  const {
    engine: id,
    session,
    reportedMode,
    appliedMode,
    selfPausedAt,
    clockOffsetMs,
  } = event.data;
  const connected = withEngine(leased(state, event.data), id, (engine) => ({
    ...engine,
    connected: true,
    session,
    lastSession: session,
    node: event.data.node ?? null,
    // Announced anew it is the same connection.
    since: engine.connected && engine.session === session ? engine.since : event.ts,
    lostCause: null,
    clockOffsetMs,
    confirmedMode: reportedMode === appliedMode ? reportedMode : null,
    selfPausedAt,
  }));
  // An engine first seen while the whole desk is killed belongs to that kill.
  if (effectiveMode(connected, id) !== 'killed' || connected.chains[id]) return connected;
  const kill = connected.kills.find((one) => one.resumedAt === null && inScope(one.scope, id));
  if (!kill) return connected;
  return withKill(
    {
      ...connected,
      chains: {
        ...connected.chains,
        [id]: startChain(id, kill.commandId, kill.closePositions, event.ts),
      },
    },
    kill.commandId,
    (one) => ({ ...one, engines: [...one.engines, id], haltedAt: null, flatAt: null }),
  );
}

/** An engine is gone: nothing it confirmed holds any more, and no kill of it is flat. */
export function engineLost(state: OpsState, id: string, at: number, cause: string): OpsState {
  const lost = withEngine(state, id, (engine) => ({
    ...engine,
    connected: false,
    session: null,
    since: at,
    lostCause: cause,
    confirmedMode: null,
  }));
  const chain = lost.chains[id];
  if (!chain) return lost;
  return clearFlat({ ...lost, chains: { ...lost.chains, [id]: linkLost(chain) } }, [id]);
}

/**
 * A mode given elsewhere. A stricter one is taken over as the engine's own, so that it holds until it
 * is resumed here; a laxer one lifts nothing: the engine is told its mode again.
 */
export function changedOutside(state: OpsState, event: EventOf<'engine.outside_change'>): OpsState {
  const { engine: id, mode } = event.data;
  const ordered = orderedMode(state, id);
  const stricter = strictest(ordered, mode) !== ordered;
  const own = modeRecord(mode, event, event.commandId);
  return withEngine(state, id, (engine) => ({
    ...engine,
    confirmedMode: mode,
    own: stricter ? own : engine.own,
  }));
}
