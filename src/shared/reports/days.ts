import { z } from 'zod';
import type { LogEvent } from '../log/event';
import { instantOf } from '../time';
import { daySchema, type ModelTrades, reportEventData } from './events';
import { byCodeUnits, groupBy } from './group';

/** A trading day of one currency, from the log. */
export interface TradingDayFigures {
  readonly day: string;
  /** Null where no equity was ever told. */
  readonly currency: string | null;
  readonly startEquity: number | null;
  readonly endEquity: number | null;
  readonly pnl: number | null;
  readonly trades: number;
  readonly wins: number;
  /** Null for what is not known to be of one model. */
  readonly models: readonly (Omit<ModelTrades, 'model'> & { readonly model: string | null })[];
  /** As the monitor closed it, or as far as it had come when it was last noted. */
  readonly source: 'closed' | 'so_far';
  readonly asOf: number;
  /** Since when trades were heard, and how many items are known to be missing; of `so_far` alone. */
  readonly heardSince: number | null;
  readonly missed: number;
  /** Events it comes from. */
  readonly seqs: readonly number[];
}

/** No desk's money: sums of such figures would leave the numbers, and a report with one has no JSON. */
const AMOUNT_MAX = 1e18;
const amount = z.number().min(-AMOUNT_MAX).max(AMOUNT_MAX);

/** What is read of the monitor's closing of a day, whatever else stands there. */
const closedSchema = z.object({
  day: daySchema,
  model: z.string().min(1).max(128).nullable(),
  startEquity: amount.nullable(),
  endEquity: amount.nullable(),
  currency: z.string().max(8).nullable(),
  trades: z.int().nonnegative(),
  wins: z.int().nonnegative(),
  pnl: amount,
});

/** An engine's day as it was noted, where its amounts are amounts. */
const notedSchema = reportEventData['day.noted'].refine(({ startEquity, endEquity, models }) =>
  [startEquity, endEquity, ...models.map(({ pnl }) => pnl)].every(
    (one) => one === null || Math.abs(one) <= AMOUNT_MAX,
  ),
);

/** Types that {@link daysOf} reads. */
export const DAY_EVENTS = ['monitor.day_closed', 'day.noted'] as const;

/** A day of the market is over by then: a period that begins later has nothing of it but its closing. */
const MIDDAY = '12:00';

/**
 * Trading days in order, of those whose noon is not before `from`; null is the log's beginning, before
 * which no report can have had a day. A day that was closed is as the monitor closed it, the first time it did;
 * another is the sum over engines of what was last noted of each, by currency.
 */
export function daysOf(
  events: readonly LogEvent[],
  from: number | null,
): readonly TradingDayFigures[] {
  const closed = new Map<string, TradingDayFigures>();
  const noted = new Map<string, Noted>();
  for (const event of events) {
    if (event.type === 'monitor.day_closed') {
      const one = closedDay(event);
      if (one && !closed.has(one.day)) closed.set(one.day, one);
    } else if (event.type === 'day.noted') {
      const parsed = notedSchema.safeParse(event.data);
      if (!parsed.success) continue;
      const { data } = parsed;
      noted.set(JSON.stringify([data.day, data.engine]), { ...data, seq: event.seq, at: event.ts });
    }
  }
  const open = [...noted.values()].filter(({ day }) => !closed.has(day));
  const groups = groupBy(open, ({ day, currency }) => JSON.stringify([day, currency]));
  return [...closed.values(), ...[...groups.values()].map(soFar)]
    .filter(({ day }) => from === null || instantOf(day, MIDDAY) >= from)
    .sort((a, b) => byCodeUnits(a.day, b.day) || byCodeUnits(a.currency ?? '', b.currency ?? ''));
}

interface Noted extends z.output<(typeof reportEventData)['day.noted']> {
  readonly seq: number;
  readonly at: number;
}

function closedDay({ data, seq, ts }: LogEvent): TradingDayFigures | null {
  const parsed = closedSchema.safeParse(data);
  if (!parsed.success) return null;
  const { model, trades, wins, pnl, ...day } = parsed.data;
  return {
    ...{ ...day, pnl, trades, wins, source: 'closed', asOf: ts },
    models: trades === 0 ? [] : [{ model, trades, wins, pnl }],
    ...{ heardSince: null, missed: 0, seqs: [seq] },
  };
}

/** Engines' days together. PnL is equity's change where both ends are known, else the trades' sum. */
function soFar(engines: readonly [Noted, ...Noted[]]): TradingDayFigures {
  const [first] = engines;
  const startEquity = sumOf(engines.map((one) => one.startEquity));
  const endEquity = sumOf(engines.map((one) => one.endEquity));
  const byModel = groupBy(
    engines.flatMap(({ models }) => models),
    ({ model }) => model,
  );
  const models = [...byModel].map(([model, parts]) => ({ model, ...tradesOf(parts) }));
  const all = tradesOf(models);
  const changed = startEquity !== null && endEquity !== null;
  return {
    ...{ day: first.day, currency: first.currency, startEquity, endEquity },
    pnl: changed ? endEquity - startEquity : null,
    ...{ trades: all.trades, wins: all.wins },
    models: models.sort((a, b) => byCodeUnits(a.model, b.model)),
    source: 'so_far',
    asOf: Math.max(...engines.map(({ at }) => at)),
    heardSince: Math.max(...engines.map(({ heardSince }) => heardSince)),
    missed: engines.reduce((sum, { missed }) => sum + missed, 0),
    seqs: engines.map(({ seq }) => seq).sort((a, b) => a - b),
  };
}

function tradesOf(parts: readonly Omit<ModelTrades, 'model'>[]) {
  return parts.reduce(
    (sum, { trades, wins, pnl }) => ({
      trades: sum.trades + trades,
      wins: sum.wins + wins,
      pnl: sum.pnl + pnl,
    }),
    { trades: 0, wins: 0, pnl: 0 },
  );
}

/** Null as soon as one is not known: a sum that leaves some out is no sum. */
function sumOf(values: readonly (number | null)[]): number | null {
  return values.every((value) => value !== null)
    ? values.reduce<number>((sum, value) => sum + (value as number), 0)
    : null;
}

/** What days come to, of one currency. */
export interface DaySeries {
  readonly currency: string | null;
  readonly days: readonly TradingDayFigures[];
  readonly pnl: number | null;
  readonly endEquity: number | null;
  /** Greatest fall of the closes from their peak, the first day's start included; a fraction. */
  readonly maxDrawdown: number | null;
  /** Of daily returns on equity, annualised; null for fewer days than asked for, or no variance. */
  readonly sharpe: number | null;
}

/** Days by currency, each with what they come to together. */
export function seriesOf(
  days: readonly TradingDayFigures[],
  rule: { readonly minDays: number; readonly daysPerYear: number },
): readonly DaySeries[] {
  const byCurrency = groupBy(days, ({ currency }) => currency);
  return [...byCurrency].map(([currency, own]) => ({
    ...{ currency, days: own },
    pnl: sumOf(own.map(({ pnl }) => pnl)),
    endEquity: own.at(-1)?.endEquity ?? null,
    maxDrawdown: drawdownOf(own),
    sharpe: sharpeOf(own, rule),
  }));
}

function drawdownOf(days: readonly TradingDayFigures[]): number | null {
  const closes = days.flatMap(({ startEquity, endEquity }, index) =>
    index === 0 ? [startEquity, endEquity] : [endEquity],
  );
  const known = closes.filter((value) => value !== null && value > 0) as number[];
  if (known.length < 2) return null;
  let peak = 0;
  let deepest = 0;
  for (const close of known) {
    peak = Math.max(peak, close);
    deepest = Math.max(deepest, (peak - close) / peak);
  }
  return deepest;
}

/**
 * Sharpe ratio of daily returns with no risk-free rate: mean over the sample's standard deviation
 * (n − 1), times the root of the days in a year (W. F. Sharpe, "The Sharpe Ratio", 1994).
 */
function sharpeOf(
  days: readonly TradingDayFigures[],
  { minDays, daysPerYear }: { readonly minDays: number; readonly daysPerYear: number },
): number | null {
  const returns = days.flatMap(({ source, startEquity, endEquity }) =>
    source === 'closed' && startEquity !== null && startEquity > 0 && endEquity !== null
      ? [endEquity / startEquity - 1]
      : [],
  );
  if (returns.length < minDays) return null;
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
  const variance =
    returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (returns.length - 1);
  return variance > 0 ? (mean / Math.sqrt(variance)) * Math.sqrt(daysPerYear) : null;
}
