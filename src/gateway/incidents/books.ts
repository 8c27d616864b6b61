import type { Book } from '../../shared/incidents/events';
import { type Execution, ExecutionBook } from '../../shared/incidents/executions';
import type { IncidentsPolicy } from '../../shared/policy/incidents';
import type { TelemetryItem } from '../../shared/telemetry/types';
import type { Clock } from '../../shared/time';
import type { EngineHub } from '../engineHub';

/** What the gateway keeps of telemetry for the record of incidents. */
export interface Books {
  /** What every engine has said of itself, now. */
  now(): readonly Book[];
  /** Trades an hour, where enough were seen; null where that would be a guess. */
  tradesPerHour(): number | null;
  /** What was executed within the time in which it may be annulled, and as long again. */
  executions(): readonly Execution[];
}

type Known = Pick<Book, 'currency' | 'equity' | 'equityAt'> &
  Pick<Extract<TelemetryItem, { kind: 'positions' }>, 'positions'> & {
    readonly hasPositions: boolean;
  };

const NOTHING: Known = {
  currency: null,
  equity: null,
  equityAt: null,
  positions: [],
  hasPositions: false,
};

/** Follows telemetry; what an engine said last is kept when its link is lost. */
export function createBooks(
  hub: Pick<EngineHub, 'listen'>,
  policy: () => Pick<IncidentsPolicy, 'annulmentMs' | 'tradeRate'>,
  clock: Clock,
): Books {
  const engines = new Map<string, Known>();
  const trades = new Map<string, number>();
  const executed = new ExecutionBook();
  let since: number | null = null;

  hub.listen({
    connected(engine) {
      since ??= clock();
      if (!engines.has(engine)) engines.set(engine, NOTHING);
    },
    telemetry(engine, _session, items) {
      for (const item of items) take(engine, item);
      forget();
    },
  });

  function take(engine: string, item: TelemetryItem): void {
    const known = engines.get(engine) ?? NOTHING;
    if (item.kind === 'equity') {
      const { currency, equity, ts: equityAt } = item;
      engines.set(engine, { ...known, currency, equity, equityAt });
    }
    if (item.kind === 'positions') {
      engines.set(engine, { ...known, positions: item.positions, hasPositions: true });
    }
    if (item.kind === 'trade') {
      trades.set(`${engine}:${item.tradeId}:${item.closedAt}`, item.closedAt);
    }
    executed.take(engine, item);
  }

  function forget(): void {
    const now = clock();
    const { windowMs } = policy().tradeRate;
    for (const [id, at] of trades) {
      if (now - at <= windowMs) break;
      trades.delete(id);
    }
  }

  return {
    now: () =>
      [...engines].map(([engine, { currency, equity, equityAt, positions, hasPositions }]) => ({
        ...{ engine, currency, equity, equityAt },
        positions: hasPositions ? positions.length : null,
        notional: hasPositions ? notionalOf(positions) : null,
      })),
    tradesPerHour() {
      const { minTrades, minMs, windowMs } = policy().tradeRate;
      const now = clock();
      const overMs = Math.min(windowMs, since === null ? 0 : now - since);
      const seen = [...trades.values()].filter((at) => at >= now - overMs).length;
      return overMs < minMs || seen < minTrades ? null : seen / (overMs / 3_600_000);
    },
    executions: () => executed.since(clock() - policy().annulmentMs * 2),
  };
}

/** By currency; null where a position has no figure. */
function notionalOf(positions: Known['positions']): Record<string, number> | null {
  const sum: Record<string, number> = {};
  for (const { notional, currency } of positions) {
    if (notional === null) return null;
    sum[currency] = (sum[currency] ?? 0) + notional;
  }
  return sum;
}
