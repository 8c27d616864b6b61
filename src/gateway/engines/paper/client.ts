import WebSocket from 'ws';
import type { EngineMessage, EngineOrder } from '../../../shared/protocol/engine';
import { engineOrders } from '../../../shared/protocol/engine';
import { parseFrame } from '../../../shared/protocol/frame';
import { ENGINE_SUBPROTOCOL, PATHS } from '../../../shared/protocol/wire';
import type { TelemetryItem } from '../../../shared/telemetry/types';
import type { Clock } from '../../../shared/time';
import type { PaperEngine } from './engine';

export interface EngineClientOptions {
  /** `ws://host:port` */
  readonly gateway: string;
  readonly token: string;
  readonly id: string;
  readonly name: string;
  readonly instrument: string;
  readonly software: string;
  readonly clock: Clock;
  /** In [0, 1), for the reconnect's jitter. */
  readonly random: () => number;
  readonly say: (text: string) => void;
}

export interface EngineClient {
  attach(engine: PaperEngine): void;
  send(message: EngineMessage): void;
  sendRaw(text: string): void;
  telemetry(item: TelemetryItem): void;
  cut(): void;
  stop(): void;
}

const BATCH_MS = 50;
const ITEMS_PER_FRAME = 1_000;
const RECONNECT_MIN_MS = 200;
const RECONNECT_MAX_MS = 10_000;

/** The engine's side of `vigia.engine.v1`: connects for ever, obeys, and pauses itself in silence. */
export function createEngineClient(options: EngineClientOptions): EngineClient {
  const { clock } = options;
  let engine: PaperEngine | null = null;
  let socket: WebSocket | null = null;
  let registered = false;
  let attempts = 0;
  let heardAt = clock();
  let deadManMs = 10_000;
  let selfPausedAt: number | null = null;
  let queue: TelemetryItem[] = [];
  let stopped = false;
  let reconnect: NodeJS.Timeout | null = null;
  const batches = setInterval(flush, BATCH_MS);
  const watch = setInterval(watchSilence, 250);

  function connect(): void {
    if (stopped || !engine) return;
    const url = `${options.gateway}${PATHS.engine}`;
    const headers = { authorization: `Bearer ${options.token}` };
    const opening = new WebSocket(url, ENGINE_SUBPROTOCOL, { headers, handshakeTimeout: 5_000 });
    socket = opening;
    opening.on('open', () => {
      send({
        type: 'register',
        engine: {
          id: options.id,
          name: options.name,
          kind: 'paper',
          environment: 'paper',
          instruments: [options.instrument],
          software: options.software,
        },
        mode: engine?.mode ?? 'paused',
        selfPausedAt,
        time: clock(),
      });
    });
    opening.on('message', (data) => {
      if (socket === opening) hear(String(data));
    });
    opening.on('error', (error) => options.say(`gateway: ${error.message}`));
    opening.on('close', () => {
      if (socket !== opening) return;
      socket = null;
      registered = false;
      if (stopped) return;
      // Full jitter (AWS architecture blog, "Exponential backoff and jitter").
      const ceiling = Math.min(RECONNECT_MAX_MS, RECONNECT_MIN_MS * 2 ** attempts);
      attempts += 1;
      reconnect = setTimeout(connect, RECONNECT_MIN_MS + options.random() * ceiling);
    });
  }

  function hear(text: string): void {
    const parsed = parseFrame(text, engineOrders);
    if (!parsed.ok || !engine) return;
    heardAt = clock();
    const order: EngineOrder = parsed.value;
    switch (order.type) {
      case 'registered':
        // The mode first: nothing is traded in another one.
        engine.setMode(order.mode);
        deadManMs = order.deadManMs;
        selfPausedAt = null;
        attempts = 0;
        queue = [];
        registered = true;
        engine.beginSession();
        break;
      case 'op':
        engine.operate(order.opId, order.operation);
        break;
      case 'op.query': {
        if (engine.fault === 'hang') break;
        const known = engine.done(order.opId);
        const { opId } = order;
        send(
          known
            ? { type: 'op.status', known: true, opId, ...known }
            : { type: 'op.status', known: false, opId },
        );
        break;
      }
      case 'ping':
        send({ type: 'pong', time: clock(), echo: order.time });
        break;
      case 'error':
        options.say(`gateway refused a message: ${order.code} ${order.message}`);
        break;
      case 'pong':
        break;
    }
  }

  /** The dead-man switch: an engine that nobody can stop opens nothing. */
  function watchSilence(): void {
    const silentMs = clock() - heardAt;
    if (!engine || selfPausedAt !== null || silentMs < deadManMs) return;
    if (engine.mode === 'normal' || engine.mode === 'reducing') engine.setMode('paused');
    selfPausedAt = clock();
    options.say(`heard nothing from the gateway for ${silentMs} ms: paused`);
    send({ type: 'self.paused', at: selfPausedAt, silentMs });
  }

  function flush(): void {
    if (!registered || queue.length === 0) return;
    for (let from = 0; from < queue.length; from += ITEMS_PER_FRAME) {
      send({ type: 'telemetry', items: queue.slice(from, from + ITEMS_PER_FRAME) });
    }
    queue = [];
  }

  function send(message: EngineMessage): void {
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
    stop() {
      stopped = true;
      clearInterval(batches);
      clearInterval(watch);
      if (reconnect) clearTimeout(reconnect);
      socket?.close();
    },
  };
}
