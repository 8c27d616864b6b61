import type { WebSocket } from 'ws';
import { type RandomBytes, uuidv7 } from '../shared/ids';
import { orderedMode } from '../shared/ops/effectiveMode';
import { modeOnRegistering } from '../shared/ops/engines';
import { strictest } from '../shared/ops/mode';
import type { OpsState } from '../shared/ops/state';
import type { OperationsPolicy } from '../shared/policy/operations';
import type { EngineMessage, EngineOrder } from '../shared/protocol/engine';
import { engineMessages } from '../shared/protocol/engine';
import { parseFrame } from '../shared/protocol/frame';
import { CLOSE } from '../shared/protocol/wire';
import type { Mode, TelemetryItem } from '../shared/telemetry/types';
import type { Clock } from '../shared/time';
import { type Phrase, phrase, say } from '../shared/words/phrase';
import type { Ownership } from './cluster/owning';
import { recordAlert, recordModels, recordOutside } from './engineRecords';
import { floorOf, type ReportedHoldings, recordSessions, type Session } from './engineSessions';
import type { Fact } from './facts';
import { type Guard, HELLO_WITHIN_MS } from './guard';
import { type GatewayLog, under } from './log';
import type { GatewayMetrics } from './metrics';

export type OpUpdate = Extract<EngineMessage, { type: 'op.update' }>;
export type OpStatus = Extract<EngineMessage, { type: 'op.status' }>;
export type Figures = Omit<Extract<EngineMessage, { type: 'model.report' }>, 'type'>;
type Models = Pick<Register, 'loaded' | 'available'>;
type Register = Extract<EngineMessage, { type: 'register' }>;

export interface EngineListener {
  connected?(engine: string): void;
  /** {@link EngineHub.floor} holds it no longer. */
  current?(engine: string): void;
  lost?(engine: string): void;
  update?(engine: string, update: OpUpdate): void;
  status?(engine: string, status: OpStatus): void;
  telemetry?(engine: string, session: string, items: readonly TelemetryItem[]): void;
  /** Its models were recorded, anew or for the first time. */
  models?(engine: string): void;
  /** @returns why the card is not taken, null when it is. */
  card?(engine: string, card: unknown): string | null;
  /** @returns why the figures are not taken, null when they are. */
  figures?(engine: string, figures: Figures): string | null;
}

export interface EngineHub {
  /** Takes a socket whose bearer may speak for `allowed` (null: any engine). */
  accept(socket: WebSocket, allowed: string | null): void;
  /** Takes what an engine said at another gateway. */
  relay(engine: string, session: string, items: readonly TelemetryItem[]): void;
  /** Whether it is connected here, at this gateway. */
  isConnected(engine: string): boolean;
  /**
   * The laxest mode it may be given now. Of several gateways one may be behind, or cut off: until its
   * connection is in the log an engine keeps the mode it came with, where that is the stricter one.
   */
  floor(engine: string): Mode;
  /**
   * The log for what an engine says here. Of several gateways only that one speaks of an engine that has it:
   * what is not in the log before the engine is at another is left out.
   */
  logOf(engine: string): GatewayLog;
  /** False when the engine is not connected; nothing was sent then. */
  send(engine: string, order: EngineOrder): boolean;
  reported(engine: string): ReportedHoldings | null;
  listen(listener: EngineListener): void;
  stop(): void;
}

export interface EngineHubOptions {
  readonly log: GatewayLog;
  readonly policy: OperationsPolicy;
  readonly gatewayId: string;
  /** This gateway among several; null where there is one. */
  readonly owner: Ownership | null;
  readonly clock: Clock;
  /** Milliseconds that never jump: a wall clock put right is not silence. */
  readonly uptime: Clock;
  readonly random: RandomBytes;
  readonly guard: Guard;
  readonly metrics: GatewayMetrics;
}

/** Bad frames an engine may send before its link is cut: a flood of them is not an engine. */
const BAD_FRAMES_ALLOWED = 1_000;

/** Alerts and outside changes that an engine may put on the record in a minute. */
const RECORDS_A_MINUTE = 120;

/** The engines' sockets: who is connected, what they say, and who fell silent. */
export function createEngineHub(options: EngineHubOptions): EngineHub {
  const { log, policy, clock, owner } = options;
  const sessions = new Map<string, Session>();
  const waiting = new Set<WebSocket>();
  const listeners: EngineListener[] = [];
  /** What engines said at other gateways. */
  const elsewhere = new Map<string, { session: string; holdings: ReportedHoldings | null }>();
  const records = recordSessions({
    ...{ log, owner, sessions },
    current: (engine) => {
      for (const listener of listeners) listener.current?.(engine);
    },
    left: (engine) => {
      for (const listener of listeners) listener.lost?.(engine);
    },
  });
  const beat = setInterval(heartbeat, policy.engines.heartbeatMs);

  function accept(socket: WebSocket, allowed: string | null): void {
    let session: Session | null = null;
    let badFrames = 0;
    waiting.add(socket);
    const late = setTimeout(() => {
      options.metrics.refused('engine', 'late');
      socket.close(CLOSE.timeout, 'no register');
    }, HELLO_WITHIN_MS);
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      clearTimeout(late);
      waiting.delete(socket);
      if (session) lose(session, phrase('closed with {code}', { code: String(code) }));
    });
    socket.on('message', (data, binary) => {
      options.metrics.frame('engine');
      const parsed = parseFrame(binary ? '' : String(data), engineMessages);
      if (!parsed.ok) {
        options.metrics.refused('engine', parsed.error.code);
        badFrames += 1;
        reply(socket, { type: 'error', ...parsed.error });
        if (!session || badFrames > BAD_FRAMES_ALLOWED) socket.close(CLOSE.badFrame);
        return;
      }
      if (session) {
        hear(session, parsed.value);
        return;
      }
      if (parsed.value.type !== 'register') {
        reply(socket, { type: 'error', code: 'wrong_order', message: 'register first' });
        socket.close(CLOSE.badFrame);
        return;
      }
      if (allowed !== null && parsed.value.engine.id !== allowed) {
        reply(socket, { type: 'error', code: 'forbidden', message: 'another engine’s token' });
        socket.close(CLOSE.forbidden);
        return;
      }
      clearTimeout(late);
      waiting.delete(socket);
      session = register(socket, parsed.value);
    });
  }

  function register(socket: WebSocket, message: Register): Session {
    const { id, name, kind, environment, instruments, software } = message.engine;
    const now = clock();
    const former = sessions.get(id);
    if (former) {
      lose(former, phrase('replaced by a newer connection'));
      former.socket.close(CLOSE.replaced);
    }
    const session: Session = {
      id: uuidv7(now, options.random),
      engine: id,
      socket,
      allowance: options.guard.allowance('engine', id),
      lastHeardAt: now,
      heardAt: options.uptime(),
      holdings: null,
      minute: 0,
      recordedInMinute: 0,
      connected: null,
      token: 0,
      held: null,
    };
    const before = log.state().engines[id]?.lastSession ?? null;
    sessions.set(id, session);
    const registered: Fact = {
      type: 'engine.registered',
      data: { engine: id, name, kind, environment, instruments, software },
    };
    const ordered = orderedMode(log.state(), id);
    const outside = isStricter(message.outside?.mode, ordered) ? message.outside : null;
    // A stop found in place holds: it is on the record before the mode goes out, which then is that one.
    if (outside) {
      log.append(registered);
      recordOutside(log, id, outside);
    }
    const logged = modeOnRegistering(log.state(), id, environment);
    const appliedMode = owner ? strictest(logged, message.mode) : logged;
    // The mode goes out before anything is written down: an engine must not trade a millisecond longer.
    reply(socket, {
      type: 'registered',
      gatewayId: options.gatewayId,
      time: now,
      mode: appliedMode,
      deadManMs: policy.engines.deadManMs,
      deadManAction: policy.engines.deadManActionOf[id] ?? policy.engines.deadManAction,
      heartbeatMs: policy.engines.heartbeatMs,
    });
    if (!outside) log.append(registered);
    const data = {
      ...{ engine: id, session: session.id, reportedMode: message.mode, appliedMode },
      selfPausedAt: message.selfPausedAt,
      clockOffsetMs: Math.round(message.time - now),
    };
    records.connected(session, data, before);
    elsewhere.delete(id);
    reportModels(session, message);
    for (const listener of listeners) listener.connected?.(id);
    return session;
  }

  function hear(session: Session, message: EngineMessage): void {
    if (sessions.get(session.engine) !== session) return;
    session.lastHeardAt = clock();
    session.heardAt = options.uptime();
    const { engine } = session;
    switch (message.type) {
      case 'op.update':
        reportLoaded(session, message.loaded);
        for (const listener of listeners) listener.update?.(engine, message);
        return;
      case 'op.status':
        if (message.known) reportLoaded(session, message.loaded);
        for (const listener of listeners) listener.status?.(engine, message);
        return;
      case 'models':
        reportModels(session, message);
        return;
      case 'model.register':
        answerFor(
          session,
          listeners.map((listener) => listener.card?.(engine, message.card)),
        );
        return;
      case 'model.report': {
        const { type: _, ...figures } = message;
        answerFor(
          session,
          listeners.map((listener) => listener.figures?.(engine, figures)),
        );
        return;
      }
      case 'telemetry':
        // What an engine says of an operation is never too much; its figures may be.
        if (!session.allowance.take()) {
          options.metrics.refused('engine', 'rate');
          return;
        }
        session.holdings = newer(session.holdings, message.items, session.lastHeardAt);
        for (const listener of listeners) listener.telemetry?.(engine, session.id, message.items);
        return;
      case 'ping':
        reply(session.socket, { type: 'pong', time: clock(), echo: message.time });
        return;
      case 'self.paused':
        records.logOf(session).append({
          type: 'engine.self_paused',
          data: { engine, at: message.at, silentMs: message.silentMs, action: message.action },
        });
        return;
      case 'mode.changed':
        if (mayRecord(session)) recordOutside(records.logOf(session), engine, message);
        return;
      case 'alert':
        if (mayRecord(session)) recordAlert(records.logOf(session), engine, message);
        return;
      case 'register':
        reply(session.socket, {
          type: 'error',
          code: 'wrong_order',
          message: 'already registered',
        });
        return;
      case 'pong':
        return;
    }
  }

  /** What an engine may put on the record unasked is counted: the log is no place for a flood. */
  function mayRecord(session: Session): boolean {
    const minute = Math.floor(clock() / 60_000);
    if (session.minute !== minute) {
      session.minute = minute;
      session.recordedInMinute = 0;
    }
    session.recordedInMinute += 1;
    if (session.recordedInMinute <= RECORDS_A_MINUTE) return true;
    options.metrics.refused('engine', 'records');
    const message = `more than ${RECORDS_A_MINUTE} alerts and outside changes a minute`;
    reply(session.socket, { type: 'error', code: 'rate', message });
    return false;
  }

  function reportModels(session: Session, models: Models): void {
    const { engine } = session;
    if (!recordModels(records.logOf(session), engine, models)) return;
    for (const listener of listeners) listener.models?.(engine);
  }

  /** What it runs after a load, said beside the answer. */
  function reportLoaded(session: Session, loaded: Models['loaded'] | undefined): void {
    if (loaded === undefined) return;
    const available = log.state().models.engines[session.engine]?.available ?? [];
    reportModels(session, { loaded, available: [...available] });
  }

  function answerFor(session: Session, refusals: readonly (string | null | undefined)[]): void {
    const message = refusals.find((one) => typeof one === 'string');
    if (message) reply(session.socket, { type: 'error', code: 'bad_shape', message });
  }

  function lose(session: Session, why: Phrase): void {
    if (sessions.get(session.engine) !== session) return;
    sessions.delete(session.engine);
    const isHere = ({ engines }: OpsState) => engines[session.engine]?.session === session.id;
    under(log, isHere).append({
      type: 'engine.lost',
      data: {
        ...{ engine: session.engine, cause: say(why, 'en'), said: [why] },
        lastHeardAt: session.lastHeardAt,
        positions: session.holdings?.positions.length ?? null,
      },
    });
    for (const listener of listeners) listener.lost?.(session.engine);
  }

  function heartbeat(): void {
    const now = clock();
    const up = options.uptime();
    for (const session of [...sessions.values()]) {
      if (up - session.heardAt >= policy.engines.lostAfterMs) {
        lose(session, phrase('silent'));
        session.socket.terminate();
      } else {
        reply(session.socket, { type: 'ping', time: now });
      }
    }
  }

  log.onRecorded(({ type, data }) => {
    if (type === 'engine.lost') elsewhere.delete(String(data.engine));
  });
  return {
    accept,
    relay(engine, session, items) {
      if (sessions.has(engine)) return;
      // Each session counts from one.
      const known = elsewhere.get(engine);
      const before = known?.session === session ? known.holdings : null;
      elsewhere.set(engine, { session, holdings: newer(before, items, clock()) });
      for (const listener of listeners) listener.telemetry?.(engine, session, items);
    },
    isConnected: (engine) => sessions.has(engine),
    floor: (engine) => floorOf(sessions.get(engine)),
    logOf(engine) {
      const session = sessions.get(engine);
      return session ? records.logOf(session) : log;
    },
    send(engine, order) {
      const session = sessions.get(engine);
      return session ? reply(session.socket, order) : false;
    },
    reported: (engine) => (sessions.get(engine) ?? elsewhere.get(engine))?.holdings ?? null,
    listen: (listener) => void listeners.push(listener),
    stop() {
      clearInterval(beat);
      const open = [...waiting, ...[...sessions.values()].map(({ socket }) => socket)];
      sessions.clear();
      for (const socket of open) socket.close(CLOSE.goingAway);
    },
  };
}

/** What an engine holds after what it just said. */
function newer(
  before: ReportedHoldings | null,
  items: readonly TelemetryItem[],
  at: number,
): ReportedHoldings | null {
  let held = before;
  for (const item of items) {
    if (item.kind !== 'positions' || item.seq <= (held?.seq ?? 0)) continue;
    const { seq, positions, workingOrders } = item;
    held = { seq, at, positions, workingOrders };
  }
  return held;
}

function isStricter(mode: Mode | undefined, than: Mode): boolean {
  return mode !== undefined && strictest(mode, than) !== than;
}

function reply(socket: WebSocket, order: EngineOrder): boolean {
  if (socket.readyState !== socket.OPEN) return false;
  socket.send(JSON.stringify(order));
  return true;
}
