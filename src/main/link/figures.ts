import type { TelemetryItem } from '../../shared/telemetry/types';
import type { EngineFigures, EquityPoint } from '../../shared/view/desk';

const WINDOW_MS = 60_000;
const RATE_MS = 5_000;
/** One point in so long is kept for the chart. */
const POINT_EVERY_MS = 2_000;
const POINTS_KEPT = 7_200;
/** No point for so long is a gap and is drawn as one. */
const GAP_MS = 15_000;

/** One engine's figures, put together from its items. */
export interface FigureBook {
  /** `session` changes when the engine's numbering starts again. */
  take(session: string, items: readonly TelemetryItem[], now: number): void;
  conflated(dropped: number, throughSeq: number): void;
  figures(now: number): EngineFigures;
  series(): { readonly engine: string; readonly currency: string; readonly points: EquityPoint[] };
}

type Empty = Omit<
  EngineFigures,
  'inferences' | 'inferenceErrors' | 'p99LatencyMs' | 'missing' | 'itemsPerSecond'
>;

/** Windows are by time, never by count; a figure that never came is null, never zero. */
export function createFigureBook(engine: string): FigureBook {
  let known: Empty = {
    engine,
    lastItemAt: 0,
    positions: null,
    workingOrders: null,
    positionsAt: null,
    equity: null,
    dayStartEquity: null,
    dayPeakEquity: null,
    realizedPnlToday: null,
    unrealizedPnl: null,
    currency: null,
    equityAt: null,
    model: null,
    lossStreak: 0,
    lastClose: null,
    lastBarAt: null,
    conflated: 0,
    invalidFigures: 0,
  };
  let session: string | null = null;
  let base: number | null = null;
  /** The highest number heard of, and the highest among the items that came. */
  let maxSeq = 0;
  let maxItem = 0;
  let received = 0;
  let announced = 0;
  let missingBefore = 0;
  let newest = 0;
  let inferences: { ts: number; ok: boolean; latencyMs: number | null }[] = [];
  let arrivals: { at: number; count: number }[] = [];
  const points: EquityPoint[] = [];

  const missing = (): number =>
    base === null ? 0 : Math.max(0, maxSeq - base - received - announced);

  function beginSession(next: string): void {
    missingBefore += missing();
    session = next;
    base = null;
    maxSeq = 0;
    maxItem = 0;
    received = 0;
    announced = 0;
  }

  function takeOne(item: TelemetryItem, now: number): void {
    newest = Math.max(newest, item.ts);
    switch (item.kind) {
      case 'inference':
        takeModel(item.model);
        if (item.ok && item.latencyMs === null) invalid();
        inferences.push({ ts: item.ts, ok: item.ok, latencyMs: item.latencyMs });
        return;
      case 'trade': {
        takeModel(item.model);
        if (item.pnl === null) {
          invalid();
          return;
        }
        const lossStreak = item.pnl < 0 ? known.lossStreak + 1 : 0;
        known = { ...known, lossStreak };
        return;
      }
      case 'positions':
        known = {
          ...known,
          positions: item.positions,
          workingOrders: item.workingOrders,
          positionsAt: now,
        };
        return;
      case 'equity': {
        const { equity, dayStartEquity, dayPeakEquity, realizedPnlToday, unrealizedPnl } = item;
        if (equity === null) invalid();
        const { currency } = item;
        known = {
          ...known,
          ...{ equity, dayStartEquity, dayPeakEquity, realizedPnlToday, unrealizedPnl, currency },
          equityAt: now,
        };
        addPoint(item.ts, equity, sum(realizedPnlToday, unrealizedPnl));
        return;
      }
      case 'bar':
        if (item.close === null) invalid();
        known = { ...known, lastClose: item.close, lastBarAt: now };
        return;
      case 'order':
      case 'status':
        return;
    }
  }

  function invalid(): void {
    known = { ...known, invalidFigures: known.invalidFigures + 1 };
  }

  /** A model is judged by its own samples. */
  function takeModel(model: string): void {
    if (known.model === model) return;
    if (known.model !== null) {
      inferences = [];
      known = { ...known, lossStreak: 0 };
    }
    known = { ...known, model };
  }

  function addPoint(t: number, equity: number | null, pnl: number | null): void {
    const last = points[points.length - 1];
    if (last && t - last.t < POINT_EVERY_MS && (equity === null) === (last.equity === null)) return;
    if (last && t <= last.t) return;
    if (last && t - last.t > GAP_MS) points.push({ t: last.t + 1, equity: null, pnl: null });
    points.push({ t, equity, pnl });
    if (points.length > POINTS_KEPT) points.splice(0, points.length - POINTS_KEPT);
  }

  return {
    take(from, items, now) {
      if (from !== session) beginSession(from);
      known = { ...known, lastItemAt: now };
      arrivals.push({ at: now, count: items.length });
      for (const item of items) {
        base ??= item.seq - 1;
        // Told before: counted once.
        if (item.seq <= maxItem) continue;
        maxItem = item.seq;
        maxSeq = Math.max(maxSeq, item.seq);
        received += 1;
        takeOne(item, now);
      }
    },
    conflated(dropped, throughSeq) {
      base ??= throughSeq - dropped;
      announced += dropped;
      maxSeq = Math.max(maxSeq, throughSeq);
      known = { ...known, conflated: known.conflated + dropped };
    },
    figures(now) {
      inferences = inferences.filter((one) => one.ts > newest - WINDOW_MS);
      arrivals = arrivals.filter((one) => one.at > now - RATE_MS);
      const count = arrivals.reduce((total, one) => total + one.count, 0);
      return {
        ...known,
        inferences: inferences.length,
        inferenceErrors: inferences.filter((one) => !one.ok).length,
        p99LatencyMs: nearestRank(
          inferences.flatMap((one) => (one.latencyMs === null ? [] : [one.latencyMs])),
          0.99,
        ),
        missing: missingBefore + missing(),
        itemsPerSecond: count / (RATE_MS / 1_000),
      };
    },
    series: () => ({ engine, currency: known.currency ?? '', points: [...points] }),
  };
}

/** The nearest-rank quantile; null for no samples. */
export function nearestRank(samples: readonly number[], quantile: number): number | null {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? null;
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}
