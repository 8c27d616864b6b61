import type { EventDataOf } from '../../shared/ops/events';
import type { TelemetryItem } from '../../shared/telemetry/types';
import { type Clock, instantOf, tradingDay } from '../../shared/time';
import type { EngineHub } from '../engineHub';

type Noted = EventDataOf<'day.noted'>;

/** What each engine's trading day has come to, from telemetry. */
export interface DayBook {
  /** Of the trading day of now: one of each engine that has said anything in it. */
  now(): readonly Noted[];
}

interface Own {
  readonly day: string;
  readonly heardSince: number;
  currency: string | null;
  startEquity: number | null;
  endEquity: number | null;
  equityAt: number | null;
  session: string;
  lastSeq: number;
  missed: number;
  /** Ids of trades that were counted: an engine may say one again after a reconnection. */
  readonly counted: Set<string>;
  readonly models: Map<string, { trades: number; wins: number; pnl: number }>;
}

/** Trades of one engine's day that are told apart; the event holds as many models. */
const TRADES_KEPT = 100_000;
const MODELS_KEPT = 256;

/** Follows telemetry by the engines' own time, a day at a time. */
export function createDayBook(hub: Pick<EngineHub, 'listen'>, clock: Clock): DayBook {
  const engines = new Map<string, Own>();
  const startedAt = clock();

  hub.listen({
    telemetry(engine, session, items) {
      for (const item of items) take(engine, session, item);
    },
  });

  function book(engine: string, session: string, day: string): Own | null {
    const known = engines.get(engine);
    // What comes late for a day that is over changes nothing of the next one.
    if (known && day < known.day) return null;
    if (known?.day === day) return known;
    const next: Own = {
      ...{ day, session, heardSince: Math.max(startedAt, instantOf(day, '00:00')) },
      ...{ currency: null, startEquity: null, endEquity: null, equityAt: null },
      ...{ lastSeq: known?.session === session ? known.lastSeq : 0, missed: 0 },
      ...{ counted: new Set<string>(), models: new Map() },
    };
    engines.set(engine, next);
    return next;
  }

  function take(engine: string, session: string, item: TelemetryItem): void {
    const at = item.kind === 'trade' ? item.closedAt : item.ts;
    const own = book(engine, session, tradingDay(at));
    if (!own) return;
    if (own.session !== session) {
      own.session = session;
      own.lastSeq = 0;
    }
    if (own.lastSeq > 0 && item.seq > own.lastSeq + 1) own.missed += item.seq - own.lastSeq - 1;
    own.lastSeq = Math.max(own.lastSeq, item.seq);
    if (item.kind === 'equity') {
      own.currency = item.currency;
      own.startEquity = item.dayStartEquity ?? own.startEquity;
      own.endEquity = item.equity;
      own.equityAt = item.ts;
    }
    if (item.kind === 'trade') trade(own, item);
  }

  function trade(own: Own, { tradeId, model, pnl, currency }: TradeItem): void {
    if (own.counted.has(tradeId) || own.counted.size >= TRADES_KEPT) return;
    own.counted.add(tradeId);
    own.currency ??= currency;
    const known = own.models.get(model) ?? { trades: 0, wins: 0, pnl: 0 };
    if (!own.models.has(model) && own.models.size >= MODELS_KEPT) return;
    own.models.set(model, {
      trades: known.trades + 1,
      wins: known.wins + (pnl !== null && pnl > 0 ? 1 : 0),
      pnl: known.pnl + (pnl ?? 0),
    });
  }

  return {
    now() {
      const today = tradingDay(clock());
      return [...engines]
        .filter(([, { day }]) => day === today)
        .map(([engine, { session: _s, lastSeq: _l, counted: _c, models, ...own }]) => ({
          ...{ engine, ...own },
          models: [...models].map(([model, figures]) => ({ model, ...figures })),
        }));
    },
  };
}

type TradeItem = Extract<TelemetryItem, { kind: 'trade' }>;
