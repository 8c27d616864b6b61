import { foldAlerts } from '../alerts/fold';
import { foldBridges } from '../bridges/state';
import { foldIncidents } from '../incidents/fold';
import { joinChain, linkLost, readBack, reopened, startChain, stepSettled } from '../kill/chain';
import type { LogEvent } from '../log/event';
import { isHeld } from '../models/deployment';
import { foldModels } from '../models/fold';
import { foldMonitor } from '../monitor/fold';
import { foldNotify } from '../notify/fold';
import type { Scope } from '../protocol/commands';
import type { Environment } from '../protocol/engine';
import { foldReports } from '../reports/fold';
import { foldRetention, foldYears } from '../retention/retention';
import type { Mode } from '../telemetry/types';
import type { DomainEvent } from './events';
import { toDomainEvent } from './events';
import { strictest } from './mode';
import type { EngineRecord, KillRecord, ModeRecord, OpsState } from './state';
import { KILLS_KEPT, NO_OWN_MODE } from './state';

type EventOf<Type extends DomainEvent['type']> = Extract<DomainEvent, { type: Type }>;

/** Folds one event of the log into the operating state. Events already folded change nothing. */
export function foldOps(state: OpsState, event: LogEvent): OpsState {
  if (event.seq <= state.seq) return state;
  const known = toDomainEvent(event);
  const years = foldYears(state.retention, event);
  if (!known) return { ...state, retention: years, seq: event.seq, ts: event.ts };
  const models = foldModels(state.models, known);
  const monitor = foldMonitor(state.monitor, known);
  const alerts = foldAlerts(state.alerts, known);
  const reports = foldReports(state.reports, known);
  const operating = apply(state, known);
  const incidents = foldIncidents(state.incidents, known, operating);
  const notify = foldNotify(state.notify, known);
  const bridges = foldBridges(state.bridges, known);
  const retention = foldRetention(years, known);
  const { seq, ts } = event;
  return {
    ...{ ...operating, models, monitor, alerts, incidents, reports, notify, bridges, retention },
    ...{ seq, ts },
  };
}

function apply(state: OpsState, event: DomainEvent): OpsState {
  switch (event.type) {
    case 'log.opened':
      return {
        ...state,
        epoch: event.data.epoch,
        gatewayId: event.data.gatewayId,
        environment: event.data.environment,
      };
    case 'gateway.started':
      return gatewayStarted(state, event);
    case 'gateway.acting':
      return { ...state, acting: event.data };
    case 'policy.loaded':
    case 'policy.changed':
      return policyInForce(state, event);
    case 'engine.registered':
      return engineRegistered(state, event);
    case 'engine.connected':
      return engineConnected(state, event);
    case 'engine.lost':
      return engineLost(state, event.data.engine, event.ts, event.data.cause);
    case 'engine.self_paused':
      return withEngine(state, event.data.engine, (engine) => ({
        ...engine,
        selfPausedAt: event.data.at,
      }));
    case 'engine.mode_applied':
      return withEngine(state, event.data.engine, (engine) => ({
        ...engine,
        confirmedMode: event.data.outcome === 'done' ? event.data.mode : engine.confirmedMode,
        selfPausedAt: event.data.outcome === 'done' ? null : engine.selfPausedAt,
      }));
    case 'engine.outside_change':
      return changedOutside(state, event);
    case 'kill.requested':
      return killRequested(state, event);
    case 'kill.step_settled':
      return killStepSettled(state, event);
    case 'kill.read_back':
      return withChain(state, event.data.engine, event.commandId, (chain) =>
        readBack(
          chain,
          {
            asOf: event.data.asOf,
            recordedAt: event.ts,
            positions: event.data.positions,
            workingOrders: event.data.workingOrders,
            telemetrySeq: event.data.telemetrySeq,
          },
          event.data.sweepAgain,
        ),
      );
    case 'kill.reopened':
      return clearFlat(withChain(state, event.data.engine, event.commandId, reopened), [
        event.data.engine,
      ]);
    case 'kill.halted':
      return withKill(state, event.commandId, (kill) => ({
        ...kill,
        haltedAt: kill.haltedAt ?? event.ts,
      }));
    case 'kill.flat':
      return withKill(state, event.commandId, (kill) => ({ ...kill, flatAt: event.ts }));
    case 'ops.paused':
      return paused(state, event);
    case 'ops.resume_requested':
      return {
        ...state,
        resumeRequests: [
          ...state.resumeRequests,
          {
            id: event.commandId ?? event.id,
            by: event.actor,
            at: event.ts,
            expiresAt: event.data.expiresAt,
            scope: event.data.scope,
            reason: event.reason ?? '',
          },
        ],
      };
    case 'ops.resume_withdrawn':
      return {
        ...state,
        resumeRequests: state.resumeRequests.filter((request) => request.id !== event.data.request),
      };
    case 'ops.resumed':
      return resumed(state, event);
    default:
      // Kept for the record alone, or of what is folded beside this: models, their monitor, channels.
      return state;
  }
}

/** The mode that people ordered for an engine: the stricter of the desk's and its own. */
export function orderedMode(state: OpsState, engine: string): Mode {
  return strictest(state.desk.mode, state.engines[engine]?.own.mode ?? 'normal');
}

/**
 * The mode an engine must obey: what was ordered, and closing only while it does not run the model
 * that is live. Unknown engines obey the desk's.
 */
export function effectiveMode(state: OpsState, engine: string): Mode {
  const ordered = orderedMode(state, engine);
  return isHeld(state.models, engine) ? strictest(ordered, 'reducing') : ordered;
}

/** Whether `scope` covers `engine`. */
export function inScope(scope: Scope, engine: string): boolean {
  return scope.kind === 'all' || scope.engines.includes(engine);
}

/** Ids of the known engines that `scope` covers. */
export function enginesInScope(state: OpsState, scope: Scope): readonly string[] {
  return Object.keys(state.engines).filter((engine) => inScope(scope, engine));
}

function policyInForce(
  state: OpsState,
  event: EventOf<'policy.loaded' | 'policy.changed'>,
): OpsState {
  const { name, version, document } = event.data;
  const before = state.policies[name];
  const fileHash = event.type === 'policy.loaded' ? event.data.hash : (before?.fileHash ?? '');
  const { ts: since, actor: by, reason } = event;
  const policies = {
    ...state.policies,
    [name]: { version, fileHash, document, since, by, reason },
  };
  return {
    ...state,
    policies,
    policyVersion: name === 'operations' ? version : state.policyVersion,
  };
}

function gatewayStarted(state: OpsState, event: EventOf<'gateway.started'>): OpsState {
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

function engineRegistered(state: OpsState, event: EventOf<'engine.registered'>): OpsState {
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

/** Whether nothing but a rehearsal has halted an engine. */
function isHaltedByDrill(state: OpsState, id: string): boolean {
  const own = state.engines[id]?.own;
  const covering = state.kills.filter(
    ({ resumedAt, scope }) => resumedAt === null && inScope(scope, id),
  );
  return (
    own?.mode === 'killed' &&
    covering.some(({ commandId }) => commandId === own.commandId) &&
    covering.every(({ drill }) => drill)
  );
}

/** An engine that says it is live now was never meant: the rehearsal is over for it. */
function leaveDrill(state: OpsState, id: string, at: number): OpsState {
  const { [id]: _, ...chains } = state.chains;
  const left = withEngine({ ...state, chains }, id, (engine) => ({ ...engine, own: NO_OWN_MODE }));
  const isOver = ({ drill, resumedAt, engines }: KillRecord): boolean =>
    drill && resumedAt === null && engines.includes(id) && engines.every((one) => !chains[one]);
  const kills = left.kills.map((kill) => (isOver(kill) ? { ...kill, resumedAt: at } : kill));
  return { ...left, kills };
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

function engineConnected(state: OpsState, event: EventOf<'engine.connected'>): OpsState {
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

function engineLost(state: OpsState, id: string, at: number, cause: string): OpsState {
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

/** A drill is for the paper engines it names on a paper desk; null where none is left of it. */
function drillScope(state: OpsState, scope: Scope): Scope | null {
  const engines = enginesInScope(state, scope).filter(
    (engine) => state.engines[engine]?.environment === 'paper',
  );
  return state.environment === 'paper' && engines.length > 0 ? { kind: 'engines', engines } : null;
}

/**
 * A mode given elsewhere. A stricter one is taken over as the engine's own, so that it holds until it
 * is resumed here; a laxer one lifts nothing: the engine is told its mode again.
 */
function changedOutside(state: OpsState, event: EventOf<'engine.outside_change'>): OpsState {
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

function killRequested(state: OpsState, event: EventOf<'kill.requested'>): OpsState {
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

function killStepSettled(state: OpsState, event: EventOf<'kill.step_settled'>): OpsState {
  const { engine: id, step, round, items } = event.data;
  const settled = withChain(state, id, event.commandId, (chain) =>
    stepSettled(chain, step, round, items, event.ts),
  );
  const blocked = step === 'block' && items.every((item) => item.outcome === 'done');
  return blocked
    ? withEngine(settled, id, (engine) => ({ ...engine, confirmedMode: 'killed' }))
    : settled;
}

function paused(state: OpsState, event: EventOf<'ops.paused'>): OpsState {
  const record = modeRecord('paused', event, event.commandId);
  return setMode(
    state,
    event.data.scope,
    record,
    (current) => strictest(current.mode, 'paused') !== current.mode,
  );
}

function resumed(state: OpsState, event: EventOf<'ops.resumed'>): OpsState {
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

/**
 * Sets the desk's mode, or the own mode of the engines in scope. A desk-wide resume lifts the
 * engines' own modes too: it says "everything".
 */
function setMode(
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

function modeRecord(mode: Mode, event: DomainEvent, commandId: string | null): ModeRecord {
  return {
    mode,
    since: event.ts,
    seq: event.seq,
    by: event.actor,
    reason: event.reason,
    commandId,
  };
}

function withEngine(
  state: OpsState,
  id: string,
  change: (engine: EngineRecord) => EngineRecord,
): OpsState {
  const engine = state.engines[id];
  return engine ? { ...state, engines: { ...state.engines, [id]: change(engine) } } : state;
}

/** Changes a chain when the event belongs to it: answers to a kill that is over are not taken. */
function withChain(
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

function withKill(
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
function clearFlat(state: OpsState, engines: readonly string[]): OpsState {
  return {
    ...state,
    kills: state.kills.map((kill) =>
      kill.flatAt !== null && kill.engines.some((engine) => engines.includes(engine))
        ? { ...kill, flatAt: null }
        : kill,
    ),
  };
}
