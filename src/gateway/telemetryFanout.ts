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
  readonly welcome: () => Omit<Welcome, 'type' | 'operator'>;
  /** The live model's window as the gateway's monitor has it now. */
  readonly window: () => readonly WindowFrame[];
}

interface Batch {
  readonly engine: string;
  readonly session: string;
  readonly items: TelemetryItem[];
}

interface Reader {
  readonly socket: WebSocket;
  greeted: boolean;
  /** Waiting for this reader, conflated once it is slow. */
  pending: Map<string, Batch>;
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
  const { hub, clock, uptime } = options;
  const readers = new Set<Reader>();
  const timer = setInterval(flush, BATCH_EVERY_MS);

  hub.listen({
    telemetry(engine, session, items) {
      for (const reader of readers) if (reader.greeted) enqueue(reader, engine, session, items);
    },
  });

  function enqueue(
    reader: Reader,
    engine: string,
    session: string,
    items: readonly TelemetryItem[],
  ): void {
    const key = `${engine}\n${session}`;
    const batch = reader.pending.get(key);
    if (batch) for (const item of items) batch.items.push(item);
    else reader.pending.set(key, { engine, session, items: [...items] });
  }

  function flush(): void {
    const now = uptime();
    for (const reader of readers) {
      const backlog = reader.socket.bufferedAmount;
      if (backlog > SLOW_BYTES) {
        if (reader.slowSince === null) {
          reader.slowSince = now;
          send(reader.socket, { type: 'slow', backlogBytes: backlog });
        }
        conflate(reader);
        if (now - reader.slowSince > CUT_AFTER_MS) {
          reader.socket.close(CLOSE.slowConsumer, 'does not read');
        }
        continue;
      }
      reader.slowSince = null;
      deliver(reader);
    }
  }

  function deliver(reader: Reader): void {
    for (const [engine, { count, throughSeq }] of reader.dropped) {
      send(reader.socket, { type: 'conflated', engine, dropped: count, throughSeq });
    }
    reader.dropped.clear();
    for (const { engine, session, items } of reader.pending.values()) {
      for (let from = 0; from < items.length; from += ITEMS_PER_FRAME) {
        const part = items.slice(from, from + ITEMS_PER_FRAME);
        send(reader.socket, { type: 'telemetry', batches: [{ engine, session, items: part }] });
      }
    }
    reader.pending.clear();
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
      socket.on('error', () => undefined);
      socket.on('close', () => readers.delete(reader));
      socket.on('message', (data, binary) => {
        const parsed = parseFrame(binary ? '' : String(data), telemetryRequests);
        if (!parsed.ok) {
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

function send(socket: WebSocket, reply: TelemetryReply): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(reply));
}
