import type { WebSocket } from 'ws';
import type { WindowFrame } from '../shared/monitor/refill';
import type { OperationsPolicy } from '../shared/policy/operations';
import { parseFrame } from '../shared/protocol/frame';
import type { TelemetryReply, Welcome } from '../shared/protocol/terminal';
import { telemetryRequests } from '../shared/protocol/terminal';
import { CLOSE } from '../shared/protocol/wire';
import type { TelemetryItem } from '../shared/telemetry/types';
import type { Clock } from '../shared/time';
import type { Operator } from './commands';
import type { EngineHub } from './engineHub';
import { type Guard, HELLO_WITHIN_MS } from './guard';
import type { GatewayMetrics } from './metrics';

export interface TelemetryFanout {
  accept(socket: WebSocket, operator: Operator): void;
  stop(): void;
}

export interface TelemetryFanoutOptions {
  readonly hub: EngineHub;
  readonly policy: OperationsPolicy;
  readonly clock: Clock;
  /** Milliseconds that never jump. */
  readonly uptime: Clock;
  readonly guard: Guard;
  readonly metrics: GatewayMetrics;
  readonly welcome: () => Omit<Welcome, 'type' | 'operator'>;
  /** The live model's window as the gateway's monitor has it now. */
  readonly window: () => readonly WindowFrame[];
}

interface Batch {
  readonly engine: string;
  readonly session: string;
  readonly items: TelemetryItem[];
}

/** Batches by engine and session. */
type Pending = Map<string, Batch>;

interface Reader {
  readonly socket: WebSocket;
  greeted: boolean;
  /** Waiting for this reader, conflated once it is slow. */
  pending: Pending;
  dropped: Map<string, { count: number; throughSeq: number }>;
  slowSince: number | null;
  wantsWindow: boolean;
  windowAt: number;
}

/** How often batches go out, ms. */
const BATCH_EVERY_MS = 100;
/** Bytes unread above which a reader's telemetry is conflated, and for how long before it is cut. */
const SLOW_BYTES = 1_048_576;
const CUT_AFTER_MS = 30_000;
/** One frame holds at most so many items, so that it stays well under the frame limit. */
const ITEMS_PER_FRAME = 2_000;
/** A reader is sent a whole window this often at most, ms. */
const WINDOW_EVERY_MS = 1_000;

/** States which the next of their kind replaces; the others are counted when left out. */
const REPLACEABLE: ReadonlySet<TelemetryItem['kind']> = new Set([
  'positions',
  'equity',
  'bar',
  'status',
]);

/** Sends engines' telemetry to terminals in batches; a slow reader gets less, and is told. */
export function createTelemetryFanout(options: TelemetryFanoutOptions): TelemetryFanout {
  const { hub, clock, uptime, metrics } = options;
  const { limits } = options.policy;
  const readers = new Set<Reader>();
  const timer = setInterval(flush, BATCH_EVERY_MS);
  let flushedAt = uptime();
  let lateBeats = 0;

  /** What came since the last beat, for everybody: it is put into frames once, not once a reader. */
  let fresh: Pending = new Map();

  hub.listen({
    telemetry: (engine, session, items) => enqueue(fresh, engine, session, items),
  });

  function enqueue(
    to: Pending,
    engine: string,
    session: string,
    items: readonly TelemetryItem[],
  ): void {
    const key = `${engine}\n${session}`;
    const batch = to.get(key);
    if (batch) for (const item of items) batch.items.push(item);
    else to.set(key, { engine, session, items: [...items] });
  }

  function flush(): void {
    const now = uptime();
    // A beat that came late says that this process has too much to do; telemetry gives way first.
    const lagMs = Math.max(0, now - flushedAt - BATCH_EVERY_MS);
    flushedAt = now;
    metrics.loopLag(lagMs);
    // One late beat is a slow disk or a collection of garbage; several are too much to do.
    lateBeats = lagMs > limits.shedAboveLagMs ? lateBeats + 1 : 0;
    const late = lateBeats >= limits.shedAfterBeats;
    const arrived = fresh;
    fresh = new Map();
    const whole = late || itemsIn(arrived) > limits.telemetryQueueItems ? null : framesOf(arrived);
    const count = itemsIn(arrived);
    for (const reader of readers) {
      if (!reader.greeted) continue;
      const backlog = reader.socket.bufferedAmount;
      if (backlog > SLOW_BYTES) {
        if (reader.slowSince === null) {
          reader.slowSince = now;
          send(reader.socket, { type: 'slow', backlogBytes: backlog });
        }
        take(reader, arrived);
        conflate(reader);
        if (now - reader.slowSince > CUT_AFTER_MS && isOpen(reader.socket)) {
          metrics.refused('telemetry', 'slow_consumer');
          reader.socket.close(CLOSE.slowConsumer, 'does not read');
        }
        continue;
      }
      reader.slowSince = null;
      if (whole !== null && reader.pending.size === 0 && reader.dropped.size === 0) {
        for (const frame of whole) sendText(reader.socket, frame);
        metrics.telemetry(count, 0);
        giveWindow(reader);
        continue;
      }
      take(reader, arrived);
      if (late || itemsIn(reader.pending) > limits.telemetryQueueItems) conflate(reader);
      deliver(reader);
    }
  }

  function take(reader: Reader, arrived: Pending): void {
    for (const { engine, session, items } of arrived.values()) {
      enqueue(reader.pending, engine, session, items);
    }
  }

  function deliver(reader: Reader): void {
    metrics.telemetry(itemsIn(reader.pending), 0);
    for (const [engine, { count, throughSeq }] of reader.dropped) {
      send(reader.socket, { type: 'conflated', engine, dropped: count, throughSeq });
    }
    reader.dropped.clear();
    for (const frame of framesOf(reader.pending)) sendText(reader.socket, frame);
    reader.pending.clear();
    giveWindow(reader);
  }

  /** What the monitor remembers, for a terminal that was away. */
  function giveWindow(reader: Reader): void {
    const now = uptime();
    if (!reader.wantsWindow || now - reader.windowAt < WINDOW_EVERY_MS) return;
    reader.wantsWindow = false;
    reader.windowAt = now;
    // After all that is in it, and before all that is not: nothing is counted twice or left out.
    for (const frame of options.window()) send(reader.socket, frame);
  }

  /** Keeps the newest of each replaceable kind; counts what is left out. */
  function conflate(reader: Reader): void {
    for (const [key, batch] of reader.pending) {
      const latest = new Map<string, TelemetryItem>();
      for (const item of batch.items) if (REPLACEABLE.has(item.kind)) latest.set(item.kind, item);
      const kept = [...latest.values()].sort((a, b) => a.seq - b.seq);
      const left = batch.items.length - kept.length;
      if (left === 0) continue;
      metrics.telemetry(0, left);
      const before = reader.dropped.get(batch.engine);
      const throughSeq = Math.max(before?.throughSeq ?? 0, batch.items.at(-1)?.seq ?? 1);
      reader.dropped.set(batch.engine, { count: (before?.count ?? 0) + left, throughSeq });
      reader.pending.set(key, { ...batch, items: kept });
    }
  }

  return {
    accept(socket, operator) {
      const reader: Reader = {
        socket,
        greeted: false,
        pending: new Map(),
        dropped: new Map(),
        slowSince: null,
        wantsWindow: false,
        windowAt: -Infinity,
      };
      readers.add(reader);
      const allowance = options.guard.allowance('telemetry', operator.id);
      const late = setTimeout(() => {
        if (reader.greeted) return;
        metrics.refused('telemetry', 'late');
        socket.close(CLOSE.timeout, 'no hello');
      }, HELLO_WITHIN_MS);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearTimeout(late);
        readers.delete(reader);
      });
      socket.on('message', (data, binary) => {
        metrics.frame('telemetry');
        if (!allowance.take()) {
          metrics.refused('telemetry', 'rate');
          send(socket, { type: 'error', code: 'rate', message: 'too many frames' });
          return;
        }
        const parsed = parseFrame(binary ? '' : String(data), telemetryRequests);
        if (!parsed.ok) {
          metrics.refused('telemetry', parsed.error.code);
          send(socket, { type: 'error', ...parsed.error });
          return;
        }
        if (parsed.value.type === 'hello') {
          reader.greeted = true;
          const roles = [...operator.roles];
          send(socket, {
            type: 'welcome',
            operator: { ...operator, roles, tokenExpiresAt: null },
            ...options.welcome(),
          });
        } else if (parsed.value.type === 'window') {
          reader.wantsWindow = reader.greeted;
        } else if (parsed.value.type === 'ping') {
          send(socket, { type: 'pong', time: clock(), echo: parsed.value.time });
        }
      });
    },
    stop() {
      clearInterval(timer);
    },
  };
}

function itemsIn(pending: Pending): number {
  let items = 0;
  for (const batch of pending.values()) items += batch.items.length;
  return items;
}

/** As few frames as the limit of items allows: one frame holds many engines. */
function framesOf(pending: Pending): readonly string[] {
  const frames: string[] = [];
  let batches: Batch[] = [];
  let room = ITEMS_PER_FRAME;
  const close = (): void => {
    if (batches.length === 0) return;
    const reply: TelemetryReply = { type: 'telemetry', batches };
    frames.push(JSON.stringify(reply));
    batches = [];
    room = ITEMS_PER_FRAME;
  };
  for (const { engine, session, items } of pending.values()) {
    for (let from = 0; from < items.length; ) {
      const part = items.slice(from, from + room);
      batches.push({ engine, session, items: part });
      from += part.length;
      room -= part.length;
      if (room === 0) close();
    }
  }
  close();
  return frames;
}

function send(socket: WebSocket, reply: TelemetryReply): void {
  sendText(socket, JSON.stringify(reply));
}

function sendText(socket: WebSocket, text: string): void {
  if (isOpen(socket)) socket.send(text);
}

function isOpen(socket: WebSocket): boolean {
  return socket.readyState === socket.OPEN;
}
