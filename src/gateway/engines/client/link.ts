import WebSocket from 'ws';
import { gatewaysOf } from '../../../shared/address';
import type {
  DeadManAction,
  EngineMessageInput,
  EngineOrder,
  Operation,
} from '../../../shared/protocol/engine';
import { engineOrders } from '../../../shared/protocol/engine';
import { parseFrame } from '../../../shared/protocol/frame';
import { CLOSE, ENGINE_SUBPROTOCOL, PATHS } from '../../../shared/protocol/wire';
import type { Mode, TelemetryItem } from '../../../shared/telemetry/types';
import type { Clock } from '../../../shared/time';
import type { Known } from './operations';

type Register = Extract<EngineMessageInput, { type: 'register' }>;

/** What an engine is to its link: told its mode and operations, asked what it did. */
export interface LinkedEngine {
  readonly mode: Mode;
  /** The engine's own clock, Unix ms. */
  now(): number;
  /** What it says of itself as it connects. */
  register(): Omit<Register, 'type' | 'mode' | 'selfPausedAt' | 'time'>;
  /** The log's mode, as it connects: taken before anything else. */
  setMode(mode: Mode): void;
  /** A new connection counts its telemetry from 1. */
  beginSession(): void;
  /** @param commandId the command that the operation belongs to, as the log has it. */
  operate(opId: string, operation: Operation, commandId: string): void;
  /** What it did for an operation; null when it never saw it, `silent` to give no answer. */
  query(opId: string): Known | null | 'silent';
  /** Cards of its models, made when they are first asked for. */
  cards(): readonly object[];
  /** Nobody was heard for the dead-man time. */
  deadMan(action: DeadManAction): void;
}

export interface EngineLinkOptions {
  /** `ws://host:port`; of gateways that share one log several, by commas. */
  readonly gateway: string;
  readonly token: string;
  /** Milliseconds that never jump: a wall clock put right is not silence. */
  readonly uptime: Clock;
  /** In [0, 1), for the reconnect's jitter. */
  readonly random: () => number;
  readonly say: (text: string) => void;
  /** The gateway closed for good: another engine took this one's id, or the token is not for it. */
  readonly onRefused: () => void;
  /** The gateway does not know its token: another gateway has begun, with bridges of its own. */
  readonly onUnknown?: () => void;
}

export interface EngineLink {
  attach(engine: LinkedEngine): void;
  send(message: EngineMessageInput): void;
  sendRaw(text: string): void;
  telemetry(item: TelemetryItem): void;
  cut(): void;
  stop(): void;
}

const BATCH_MS = 50;
const ITEMS_PER_FRAME = 1_000;
const RECONNECT_MIN_MS = 200;
const RECONNECT_MAX_MS = 10_000;
const HANDSHAKE_MS = 5_000;
/** Of a gateway's silence, where there is another to go to; never fewer beats than these. */
const SILENCE_MS = 3_000;
const BEATS_MISSED = 3;
const BACKLOG_BYTES = 8_388_608;
/** What happened once and is not said again. */
const EVENTS: ReadonlySet<string> = new Set(['order', 'trade', 'status']);

/** The engine's side of `vigia.engine.v1`: connects for ever, obeys, and acts by itself in silence. */
export function createEngineLink(options: EngineLinkOptions): EngineLink {
  const { uptime } = options;
  let engine: LinkedEngine | null = null;
  let socket: WebSocket | null = null;
  let registered = false;
  const gateways = gatewaysOf(options.gateway);
  /** Which of them is dialled. */
  let turn = 0;
  let attempts = 0;
  /** The last word of any gateway that it was registered at: what the dead man goes by. */
  let heardAt = uptime();
  /** The last word on this connection, or its opening. */
  let aliveAt = heardAt;
  /** When each ping that has no answer yet went out on it: who hears no ping hears no report either. */
  let unanswered: number[] = [];
  let deadManMs = 10_000;
  let heartbeatMs = 1_000;
  let deadManAction: DeadManAction = 'pause';
  let beat: NodeJS.Timeout | null = null;
  const now = () => engine?.now() ?? Date.now();
  let selfPausedAt: number | null = null;
  let queue: TelemetryItem[] = [];
  let cards: readonly object[] | null = null;
  let stopped = false;
  let reconnect: NodeJS.Timeout | null = null;
  const batches = setInterval(flush, BATCH_MS);
  const watch = setInterval(watchSilence, 250);

  function connect(): void {
    if (stopped || !engine) return;
    const url = `${gateways[turn % gateways.length]}${PATHS.engine}`;
    const headers = { authorization: `Bearer ${options.token}` };
    const handshakeTimeout =
      gateways.length === 1 ? HANDSHAKE_MS : Math.min(HANDSHAKE_MS, patienceMs());
    const opening = new WebSocket(url, ENGINE_SUBPROTOCOL, { headers, handshakeTimeout });
    socket = opening;
    opening.on('open', () => {
      aliveAt = uptime();
      unanswered = [];
      if (!engine) return;
      const { mode } = engine;
      send({ type: 'register', ...engine.register(), mode, selfPausedAt, time: now() });
    });
    opening.on('message', (data) => {
      if (socket === opening) hear(String(data));
    });
    opening.on('error', (error) => {
      options.say(`gateway: ${error.message}`);
      if (/\b401$/.test(error.message)) options.onUnknown?.();
    });
    opening.on('close', (code) => {
      if (socket !== opening) return;
      lose();
      if (code !== CLOSE.replaced && code !== CLOSE.forbidden) return;
      // Two engines of one id would throw each other out for ever.
      const why = code === CLOSE.replaced ? 'another engine has its id' : 'its token is not for it';
      options.say(`the gateway closed for good: ${why}`);
      engine?.setMode('paused');
      stop();
      options.onRefused();
    });
  }

  /**
   * Forgets the link and dials the next gateway: at once while there is one that was not tried, then
   * after a full jitter ("Exponential backoff and jitter", AWS).
   */
  function lose(): void {
    socket = null;
    registered = false;
    if (beat) clearInterval(beat);
    beat = null;
    if (stopped) return;
    turn += 1;
    attempts += 1;
    const passes = Math.floor(attempts / gateways.length);
    // All of a gateway's engines move together: they do not knock in one instant.
    const floor = passes === 0 ? 0 : RECONNECT_MIN_MS;
    const ceiling = Math.min(RECONNECT_MAX_MS, RECONNECT_MIN_MS * 2 ** passes);
    reconnect = setTimeout(connect, floor + options.random() * (ceiling - floor));
  }

  function hear(text: string): void {
    const parsed = parseFrame(text, engineOrders);
    if (!parsed.ok || !engine) return;
    const order: EngineOrder = parsed.value;
    aliveAt = uptime();
    // A gateway that has not taken the engine cannot stop it.
    if (registered || order.type === 'registered') heardAt = aliveAt;
    switch (order.type) {
      case 'registered':
        // The mode first: nothing is traded in another one.
        engine.setMode(order.mode);
        deadManMs = order.deadManMs;
        deadManAction = order.deadManAction;
        heartbeatMs = order.heartbeatMs;
        selfPausedAt = null;
        attempts = 0;
        queue = [];
        registered = true;
        engine.beginSession();
        cards ??= engine.cards();
        for (const card of cards) send({ type: 'model.register', card });
        if (beat) clearInterval(beat);
        beat = setInterval(ping, heartbeatMs);
        break;
      case 'op':
        engine.operate(order.opId, order.operation, order.commandId);
        break;
      case 'op.query': {
        const known = engine.query(order.opId);
        const { opId } = order;
        if (known === 'silent') break;
        send(
          known
            ? { type: 'op.status', known: true, opId, ...known, items: [...known.items] }
            : { type: 'op.status', known: false, opId },
        );
        break;
      }
      case 'ping':
        send({ type: 'pong', time: now(), echo: order.time });
        break;
      case 'error':
        options.say(`gateway refused a message: ${order.code} ${order.message}`);
        break;
      case 'pong':
        unanswered.shift();
        break;
    }
  }

  function ping(): void {
    unanswered.push(uptime());
    send({ type: 'ping', time: now() });
  }

  function watchSilence(): void {
    watchDeadMan();
    const silent = socket;
    if (!silent || !isSilent(silent)) return;
    // What came while this process was held up is read first: its own pause is no silence.
    setImmediate(() => {
      if (isSilent(silent)) abandon(silent);
    });
  }

  /** The dead-man switch: an engine that nobody can stop opens nothing. */
  function watchDeadMan(): void {
    const silentMs = uptime() - heardAt;
    if (!engine || silentMs < deadManMs) return;
    if (engine.mode !== 'normal' && engine.mode !== 'reducing') return;
    engine.deadMan(deadManAction);
    selfPausedAt = now();
    options.say(`heard nothing from the gateway for ${Math.round(silentMs)} ms: ${deadManAction}`);
    send({ type: 'self.paused', at: selfPausedAt, silentMs, action: deadManAction });
  }

  /**
   * How long a connection may be silent, or leave a ping without its answer: with another gateway to go
   * to, less than the dead man waits.
   */
  function patienceMs(): number {
    if (gateways.length === 1) return deadManMs;
    return Math.min(deadManMs, Math.max(SILENCE_MS, BEATS_MISSED * heartbeatMs));
  }

  function isSilent(one: WebSocket): boolean {
    const open = socket === one && one.readyState === WebSocket.OPEN;
    return open && uptime() - answeredAt() >= patienceMs();
  }

  /** Since when this connection is not known to stand in both ways. */
  function answeredAt(): number {
    return Math.min(aliveAt, unanswered[0] ?? aliveAt);
  }

  /** A link can be dead without a word. The mode comes with a new one, so a new one it is. */
  function abandon(dead: WebSocket): void {
    options.say(`gateway: silent for ${Math.round(uptime() - answeredAt())} ms, connecting anew`);
    lose();
    dead.close();
    setTimeout(() => dead.terminate(), 1_000).unref();
  }

  function flush(): void {
    if (!registered || queue.length === 0) return;
    // Nobody reads: what the next second says again is left out, and the gap in `seq` shows it.
    const behind = (socket?.bufferedAmount ?? 0) > BACKLOG_BYTES;
    if (behind) queue = queue.filter(({ kind }) => EVENTS.has(kind));
    for (let from = 0; from < queue.length; from += ITEMS_PER_FRAME) {
      send({ type: 'telemetry', items: queue.slice(from, from + ITEMS_PER_FRAME) });
    }
    queue = [];
  }

  function send(message: EngineMessageInput): void {
    // A read-back names the last telemetry item sent before it, so that item goes first.
    if (message.type === 'op.update') flush();
    sendRaw(JSON.stringify(message));
  }

  function sendRaw(text: string): void {
    if (socket?.readyState === WebSocket.OPEN) socket.send(text);
  }

  return {
    attach(next) {
      engine = next;
      connect();
    },
    send,
    sendRaw,
    telemetry(item) {
      // With no link there is nobody to tell: the next session begins with a whole report.
      if (registered) queue.push(item);
    },
    cut() {
      socket?.terminate();
    },
    stop,
  };

  function stop(): void {
    stopped = true;
    clearInterval(batches);
    clearInterval(watch);
    if (beat) clearInterval(beat);
    if (reconnect) clearTimeout(reconnect);
    socket?.close();
  }
}
