import type { LogEvent } from '../../shared/log/event';
import { toDomainEvent } from '../../shared/ops/events';
import type { ClosedTrade, TelemetryItem } from '../../shared/telemetry/types';
import { TRADES_MAX } from '../../shared/trades/events';
import type { EngineHub } from '../engineHub';
import type { Fact } from '../facts';
import type { GatewayLog } from '../log';

/** Trades of one engine that wait; what comes beyond is counted and not recorded. */
export const WAITING_MAX = 1_000;
/** Events of one engine at a time: the log is no place for a flood. */
export const EVENTS_AT_ONCE = 4;
/** Trades of one engine that are told from one said again, the latest. */
const KNOWN_MAX = 20_000;

/** Which trades are to be recorded, each once. Nothing here waits, writes or looks at a clock. */
export interface TradeQueue {
  /** Takes the trades among what an engine said. */
  take(engine: string, items: readonly TelemetryItem[]): void;
  /** Knows the trades of an event that is on record. */
  replayed(event: LogEvent): void;
  /** What is to be recorded next of an engine; none when nothing of it waits. */
  draw(engine: string): readonly Fact[];
  /** The engines of which trades wait. */
  waiting(): readonly string[];
}

interface Own {
  readonly known: Set<string>;
  waiting: ClosedTrade[];
  missed: number;
}

export function createTradeQueue(): TradeQueue {
  const engines = new Map<string, Own>();

  function of(engine: string): Own {
    const known = engines.get(engine) ?? { known: new Set(), waiting: [], missed: 0 };
    engines.set(engine, known);
    return known;
  }

  return {
    take(engine, items) {
      for (const item of items) {
        if (item.kind !== 'trade') continue;
        const own = of(engine);
        const { kind: _, seq: __, ts: ___, ...trade } = item;
        const key = keyOf(trade);
        if (own.known.has(key)) continue;
        // It is not known then: said again when there is room, it is recorded.
        if (own.waiting.length >= WAITING_MAX) own.missed += 1;
        else {
          know(own.known, key);
          own.waiting.push(trade);
        }
      }
    },
    replayed(event) {
      if (event.type !== 'trades.closed') return;
      const said = toDomainEvent(event);
      if (said?.type !== 'trades.closed') return;
      const { engine, trades } = said.data;
      for (const trade of trades) know(of(engine).known, keyOf(trade));
    },
    draw(engine) {
      const own = of(engine);
      const facts: Fact[] = [];
      const drawn = own.waiting.slice(0, EVENTS_AT_ONCE * TRADES_MAX);
      own.waiting = own.waiting.slice(drawn.length);
      for (let from = 0; from < drawn.length; from += TRADES_MAX) {
        const trades = drawn.slice(from, from + TRADES_MAX);
        const { missed } = own;
        own.missed = 0;
        const actor = { id: engine, role: 'engine', terminal: null };
        facts.push({ type: 'trades.closed', actor, data: { engine, trades, missed } });
      }
      return facts;
    },
    waiting: () => [...engines].filter(([, own]) => own.waiting.length > 0).map(([id]) => id),
  };
}

/** An engine's ids may begin again, so the time of closing is part of the key; both as the log has them. */
function keyOf({ tradeId, closedAt }: ClosedTrade): string {
  return JSON.stringify([tradeId.toWellFormed(), closedAt]);
}

function know(known: Set<string>, key: string): void {
  known.add(key);
  if (known.size <= KNOWN_MAX) return;
  for (const oldest of known) {
    known.delete(oldest);
    return;
  }
}

/**
 * Records the trades that engines say they have closed. Each engine's wait for its own timer, and a
 * turn of it seals a few events at most: a kill waits for no more than that.
 *
 * @param options.waitMs how long a trade waits for others of its engine, in ms.
 */
export function recordTrades(options: {
  readonly log: GatewayLog;
  readonly hub: Pick<EngineHub, 'listen' | 'isConnected'>;
  readonly queue: TradeQueue;
  readonly waitMs: number;
}): { stop(): void } {
  const { log, hub, queue, waitMs } = options;
  const timers = new Map<string, NodeJS.Timeout>();
  let stopped = false;

  hub.listen({
    telemetry(engine, _, items) {
      // Of several gateways the one that it is connected to records what an engine says.
      if (stopped || !hub.isConnected(engine)) return;
      queue.take(engine, items);
      wait();
    },
  });

  const leave = log.onRecorded(queue.replayed);

  function wait(): void {
    for (const engine of queue.waiting()) {
      if (timers.has(engine)) continue;
      const timer = setTimeout(() => record(engine), waitMs);
      timers.set(engine, timer);
    }
  }

  function record(engine: string): void {
    timers.delete(engine);
    // While the disk takes nothing they wait here, where there is a bound to them.
    if (log.health().storeError === null) log.append(...queue.draw(engine));
    wait();
  }

  return {
    /** Records what waits. */
    stop() {
      stopped = true;
      leave();
      for (const timer of timers.values()) clearTimeout(timer);
      for (const engine of queue.waiting()) {
        for (let facts = queue.draw(engine); facts.length > 0; facts = queue.draw(engine)) {
          log.append(...facts);
        }
      }
    },
  };
}
