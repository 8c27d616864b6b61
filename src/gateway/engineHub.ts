import type { WebSocket } from 'ws';
import { type RandomBytes, uuidv7 } from '../shared/ids';
import type { LogEvent } from '../shared/log/event';
import { effectiveMode, modeOnRegistering, orderedMode } from '../shared/ops/fold';
import { strictest } from '../shared/ops/mode';
import type { OperationsPolicy } from '../shared/policy/operations';
import type { EngineMessage, EngineOrder, OutsideChange } from '../shared/protocol/engine';
import { engineMessages } from '../shared/protocol/engine';
import { parseFrame } from '../shared/protocol/frame';
import { CLOSE } from '../shared/protocol/wire';
import type { Mode, Position, TelemetryItem, WorkingOrder } from '../shared/telemetry/types';
import type { Clock } from '../shared/time';
import { detailOf, type Phrase, phrase, say, word } from '../shared/words/phrase';
import type { Fact } from './facts';
import { type Bucket, type Guard, HELLO_WITHIN_MS } from './guard';
import type { GatewayLog } from './log';
import type { GatewayMetrics } from './metrics';

export type OpUpdate = Extract<EngineMessage, { type: 'op.update' }>;
export type OpStatus = Extract<EngineMessage, { type: 'op.status' }>;
export type Figures = Omit<Extract<EngineMessage, { type: 'model.report' }>, 'type'>;
type Models = Pick<Register, 'loaded' | 'available'>;
type Register = Extract<EngineMessage, { type: 'register' }>;
type EngineAlert = Extract<EngineMessage, { type: 'alert' }>;

/** What an engine said of its holdings unasked, the latest. `seq` is its telemetry number. */
export interface ReportedHoldings {
  readonly seq: number;
  readonly at: number;
  readonly positions: readonly Position[];
  readonly workingOrders: readonly WorkingOrder[];
}

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
  /** This gateway's name among several; null where there is one. */
  readonly node: string | null;
  readonly clock: Clock;
  /** Milliseconds that never jump: a wall clock put right is not silence. */
  readonly uptime: Clock;
  readonly random: RandomBytes;
  readonly guard: Guard;
  readonly metrics: GatewayMetrics;
}

interface Session {
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
  /** That it connected, as it stands on record. */
  connected: Fact | null;
  /** The mode it came with and the event of its connection, until that is in the log. */
  held: { readonly mode: Mode; readonly event: LogEvent } | null;
}

/** Bad frames an engine may send before its link is cut: a flood of them is not an engine. */
const BAD_FRAMES_ALLOWED = 1_000;

/** Alerts and outside changes that an engine may put on the record in a minute. */
const RECORDS_A_MINUTE = 120;

/** The engines' sockets: who is connected, what they say, and who fell silent. */
export function createEngineHub(options: EngineHubOptions): EngineHub {
  const { log, policy, clock } = options;
  const sessions = new Map<string, Session>();
  const waiting = new Set<WebSocket>();
  const listeners: EngineListener[] = [];
  /** What engines said at other gateways. */
  const elsewhere = new Map<string, { session: string; holdings: ReportedHoldings | null }>();
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
    const before = sessions.get(id);
    if (before) {
      lose(before, phrase('replaced by a newer connection'));
      before.socket.close(CLOSE.replaced);
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
      held: null,
    };
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
      recordOutside(id, outside);
    }
    const logged = modeOnRegistering(log.state(), id, environment);
    const appliedMode = options.node === null ? logged : strictest(logged, message.mode);
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
    session.connected = {
      type: 'engine.connected',
      data: {
        engine: id,
        session: session.id,
        reportedMode: message.mode,
        appliedMode,
        selfPausedAt: message.selfPausedAt,
        clockOffsetMs: Math.round(message.time - now),
        ...(options.node !== null && { node: options.node }),
      },
      holds: () => sessions.get(id) === session,
    };
    const facts: Fact[] = [...(outside ? [] : [registered]), session.connected];
    const event = log.append(...facts).at(-1);
    if (options.node !== null && event) session.held = { mode: message.mode, event };
    elsewhere.delete(id);
    reportModels(id, message);
    for (const listener of listeners) listener.connected?.(id);
    return session;
  }

  /** Lets go the engines whose connection is in the log: this gateway's state is not an old one. */
  function release(): void {
    for (const session of sessions.values()) {
      if (!session.held || !log.isSaved(session.held.event)) continue;
      session.held = null;
      for (const listener of listeners) listener.current?.(session.engine);
    }
  }

  /**
   * Another gateway's word on an engine that is connected here. One that has come there since has left
   * here, whatever this socket still looks like; one that is missed there is not lost.
   */
  function recordedElsewhere({ type, data }: LogEvent): void {
    if (type === 'engine.lost') elsewhere.delete(String(data.engine));
    const session = sessions.get(String(data.engine));
    const known = log.state().engines[session?.engine ?? ''];
    if (!session || !known || known.session === session.id) return;
    if (type === 'engine.connected') {
      sessions.delete(session.engine);
      for (const listener of listeners) listener.lost?.(session.engine);
      session.socket.close(CLOSE.replaced);
    } else if (type === 'engine.lost' && session.connected?.type === 'engine.connected') {
      const appliedMode = strictest(effectiveMode(log.state(), session.engine), floorOf(session));
      const { data } = session.connected;
      log.append({ ...session.connected, data: { ...data, appliedMode } });
    }
  }

  function hear(session: Session, message: EngineMessage): void {
    if (sessions.get(session.engine) !== session) return;
    session.lastHeardAt = clock();
    session.heardAt = options.uptime();
    const { engine } = session;
    switch (message.type) {
      case 'op.update':
        reportLoaded(engine, message.loaded);
        for (const listener of listeners) listener.update?.(engine, message);
        return;
      case 'op.status':
        if (message.known) reportLoaded(engine, message.loaded);
        for (const listener of listeners) listener.status?.(engine, message);
        return;
      case 'models':
        reportModels(engine, message);
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
        log.append({
          type: 'engine.self_paused',
          data: { engine, at: message.at, silentMs: message.silentMs, action: message.action },
        });
        return;
      case 'mode.changed':
        if (mayRecord(session)) recordOutside(engine, message);
        return;
      case 'alert':
        if (mayRecord(session)) recordAlert(engine, message);
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

  /** A mode that somebody gave it elsewhere: on the record under that name, and before people's eyes. */
  function recordOutside(engine: string, { mode, by, reason, at }: OutsideChange): void {
    const before = log.state().engines[engine]?.confirmedMode ?? null;
    const actor = { id: by, role: 'outside', terminal: null };
    const said = phrase('{engine}: {before} → {mode}, {by}: {reason}', {
      ...{ engine, before: before === null ? '?' : word(`mode.${before}`) },
      ...{ mode: word(`mode.${mode}`), by, reason: reason ?? '–' },
    });
    log.append(
      { type: 'engine.outside_change', actor, reason, data: { engine, mode, by, reason, at } },
      {
        type: 'alert.raised',
        data: {
          alert: outsideAlert(engine),
          ...{ severity: 'P1', kind: 'outside_change', model: null, engine },
          ...detailOf([said]),
        },
      },
    );
  }

  function recordAlert(engine: string, message: EngineAlert): void {
    const { key, state, severity, kind, model, detail, said } = message;
    const alert = `engine:${engine}:${key}`.slice(0, 128);
    const open = log.state().alerts.active[alert];
    if (state === 'cleared') {
      if (open) log.append({ type: 'alert.cleared', data: { alert, cause: detail.slice(0, 512) } });
      return;
    }
    if (open && open.severity === severity && open.detail === detail) return;
    const about = { alert, severity, kind, model, engine, detail, ...(said && { said }) };
    log.append({ type: 'alert.raised', data: about });
  }

  /** Records an engine's models where they are not what was recorded last. */
  function reportModels(engine: string, { loaded, available }: Models): void {
    const before = log.state().models.engines[engine];
    const none = { loaded: null, available: [] };
    const said = { loaded, available };
    if (JSON.stringify(said) === JSON.stringify(before ? pick(before) : none)) return;
    log.append({ type: 'engine.models_reported', data: { engine, ...said } });
    for (const listener of listeners) listener.models?.(engine);
  }

  /** What it runs after a load, said beside the answer. */
  function reportLoaded(engine: string, loaded: Models['loaded'] | undefined): void {
    if (loaded === undefined) return;
    const available = log.state().models.engines[engine]?.available ?? [];
    reportModels(engine, { loaded, available: [...available] });
  }

  function answerFor(session: Session, refusals: readonly (string | null | undefined)[]): void {
    const message = refusals.find((one) => typeof one === 'string');
    if (message) reply(session.socket, { type: 'error', code: 'bad_shape', message });
  }

  function lose(session: Session, why: Phrase): void {
    if (sessions.get(session.engine) !== session) return;
    sessions.delete(session.engine);
    log.append({
      type: 'engine.lost',
      data: {
        ...{ engine: session.engine, cause: say(why, 'en'), said: [why] },
        lastHeardAt: session.lastHeardAt,
        positions: session.holdings?.positions.length ?? null,
      },
      holds: ({ engines }) => engines[session.engine]?.session === session.id,
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

  if (options.node !== null) {
    log.onRecorded(recordedElsewhere);
    log.onSaved(release);
  }
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

/** See {@link EngineHub.floor}. */
function floorOf(session: Session | undefined): Mode {
  return session?.held?.mode ?? 'normal';
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

/** The key of the alert that an engine's mode was changed elsewhere. */
export const outsideAlert = (engine: string): string => `outside:${engine}`.slice(0, 128);

function isStricter(mode: Mode | undefined, than: Mode): boolean {
  return mode !== undefined && strictest(mode, than) !== than;
}

function pick({ loaded, available }: { loaded: unknown; available: unknown }) {
  return { loaded, available };
}

function reply(socket: WebSocket, order: EngineOrder): boolean {
  if (socket.readyState !== socket.OPEN) return false;
  socket.send(JSON.stringify(order));
  return true;
}
