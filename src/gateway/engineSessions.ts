import type { WebSocket } from 'ws';
import type { LogEvent } from '../shared/log/event';
import { effectiveMode } from '../shared/ops/effectiveMode';
import type { EventDataOf } from '../shared/ops/events';
import { strictest } from '../shared/ops/mode';
import type { OpsState } from '../shared/ops/state';
import { CLOSE } from '../shared/protocol/wire';
import type { Mode, Position, WorkingOrder } from '../shared/telemetry/types';
import { isLatest, isOwned, type Owned, type Ownership } from './cluster/owning';
import type { Bucket } from './guard';
import { type GatewayLog, under } from './log';

/** What an engine said of its holdings unasked, the latest. `seq` is its telemetry number. */
export interface ReportedHoldings {
  readonly seq: number;
  readonly at: number;
  readonly positions: readonly Position[];
  readonly workingOrders: readonly WorkingOrder[];
}

/** One connection of an engine here. */
export interface Session {
  readonly id: string;
  readonly engine: string;
  readonly socket: WebSocket;
  readonly allowance: Bucket;
  lastHeardAt: number;
  /** The same by uptime. */
  heardAt: number;
  holdings: ReportedHoldings | null;
  minute: number;
  recordedInMinute: number;
  /** That it connected, as it was said when it did. */
  connected: EventDataOf<'engine.connected'> | null;
  /** What it was announced under last; 0 where there is one gateway. */
  token: number;
  /** The mode it came with and the event of its connection, until that is in the log. */
  held: { readonly mode: Mode; readonly event: LogEvent | null } | null;
}

/** See `EngineHub.floor`. */
export function floorOf(session: Session | undefined): Mode {
  return session?.held?.mode ?? 'normal';
}

export interface SessionRecords {
  /** Puts on record that an engine has connected. @param before the session that the log had of it until then */
  connected(session: Session, data: EventDataOf<'engine.connected'>, before: string | null): void;
  /** The log for what an engine says by this connection. */
  logOf(session: Session): GatewayLog;
}

/**
 * Has the log know which engines are connected here: of several gateways it says who owns an engine. Nothing
 * that stops one waits for it.
 *
 * @param options.sessions by engine; one that has gone elsewhere is taken out, and its socket closed
 * @param options.current hears that a connection is in the log
 * @param options.left hears that an engine has gone to another gateway
 */
export function recordSessions(options: {
  readonly log: GatewayLog;
  /** This gateway among several; null where there is one. */
  readonly owner: Ownership | null;
  readonly sessions: Map<string, Session>;
  readonly current: (engine: string) => void;
  readonly left: (engine: string) => void;
}): SessionRecords {
  const { log, owner, sessions } = options;

  /** What a session is owned as; null where there is one gateway. */
  function ownedBy({ engine, id, token }: Session): Owned | null {
    return owner && { node: owner.node, token, engine, session: id };
  }

  /** @param mayOwn whether it is so by the log, now and again wherever others were first */
  function announce(
    session: Session,
    data: EventDataOf<'engine.connected'>,
    mayOwn: (state: OpsState, owned: Owned) => boolean,
  ): void {
    session.token = owner?.token() ?? 0;
    const owned = ownedBy(session);
    const holds = (state: OpsState) =>
      sessions.get(session.engine) === session && (owned === null || mayOwn(state, owned));
    const [event] = under(log, holds).append({
      type: 'engine.connected',
      data: { ...data, ...(owned && { node: owned.node, lease: owned.token }) },
    });
    if (session.held && !session.held.event && event) session.held = { ...session.held, event };
  }

  /** The same connection again: the log had it lost, or under an older token. */
  function announceAnew(session: Session): void {
    const { connected, engine } = session;
    if (!connected) return;
    const known = log.state().engines[engine];
    const now = {
      reportedMode: known?.confirmedMode ?? connected.reportedMode,
      appliedMode: strictest(effectiveMode(log.state(), engine), floorOf(session)),
      selfPausedAt: known?.selfPausedAt ?? null,
    };
    announce(session, { ...connected, ...now }, isOwned);
  }

  /** Lets go the engines whose connection is in the log: this gateway's state is not an old one. */
  function release(): void {
    for (const session of sessions.values()) {
      if (!session.held?.event || !log.isSaved(session.held.event)) continue;
      session.held = null;
      options.current(session.engine);
    }
  }

  /**
   * Another gateway's word on an engine that is connected here. One that has come there since has left
   * here, whatever this socket still looks like; one that is missed there, and came to no other, is not lost.
   */
  function recordedElsewhere({ type, data }: LogEvent): void {
    const session = sessions.get(String(data.engine));
    const owned = session && ownedBy(session);
    if (!owned || log.state().engines[owned.engine]?.session === owned.session) return;
    const isOwn = isOwned(log.state(), owned);
    if (type === 'engine.lost' && isOwn) announceAnew(session);
    if (type === 'engine.connected' && !isOwn) {
      sessions.delete(session.engine);
      options.left(session.engine);
      // Told that it is replaced an engine comes back no more. Where the log never had it here it may be the
      // very one, and clocks that are apart had the other taken for the later.
      session.socket.close(session.held ? CLOSE.goingAway : CLOSE.replaced);
    }
  }

  if (owner) {
    owner.onGranted(() => {
      for (const session of sessions.values()) announceAnew(session);
    });
    log.onRecorded(recordedElsewhere);
    log.onSaved(release);
  }
  return {
    connected(session, data, before) {
      session.connected = data;
      if (owner) session.held = { mode: data.reportedMode, event: null };
      announce(session, data, (state, owned) => isLatest(state, owned, before));
    },
    logOf(session) {
      const owned = ownedBy(session);
      return owned ? under(log, (state) => isOwned(state, owned)) : log;
    },
  };
}
