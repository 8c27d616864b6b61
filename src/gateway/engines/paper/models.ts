import { sha256 } from '../../../node/sha256';
import { canonicalJson } from '../../../shared/log/canonical';
import type { FeatureReference } from '../../../shared/models/model';
import { binOf } from '../../../shared/monitor/psi';
import type { EngineModel } from '../../../shared/protocol/engine';
import type { Bar } from './bars';
import { equity, fill, mark, newBook, place } from './book';
import { momentum, momentumEdge, type Signal } from './momentum';

/** What tells one momentum model from another: bars it looks back on, and how sure it must be. */
export interface MomentumParameters {
  readonly fast: number;
  readonly slow: number;
  readonly band: number;
}

/** A model of the paper engine. Its parameters are all there is to it, so its hash is theirs. */
export interface PaperModel extends EngineModel {
  readonly parameters: MomentumParameters;
}

export function paperModel(
  model: string,
  version: string,
  parameters: MomentumParameters,
): PaperModel {
  const hash = sha256(canonicalJson({ policy: 'momentum', ...parameters }));
  return { model, version, parameters, hash };
}

/** The models every paper engine carries, the first of which it runs until told otherwise. */
export const PAPER_MODELS: readonly [PaperModel, ...PaperModel[]] = [
  paperModel('momentum_v1', '1', { fast: 6, slow: 24, band: 0.0002 }),
  paperModel('momentum_v2', '2', { fast: 8, slow: 36, band: 0.0002 }),
  paperModel('momentum_v3', '3', { fast: 12, slow: 48, band: 0.0004 }),
];

/** Closes that the longest-sighted of them looks back on. */
export const LOOK_BACK = Math.max(...PAPER_MODELS.map(({ parameters }) => parameters.slow));

export function signalOf(model: PaperModel, closes: readonly number[]): Signal {
  const { fast, slow, band } = model.parameters;
  return momentum(closes, fast, slow, band);
}

const EDGE = 'momentum_edge';

/** What a model is given at a bar, in its card's `feature_order`; null before it can look back. */
export function featuresOf(model: PaperModel, closes: readonly number[]): (number | null)[] {
  const { fast, slow } = model.parameters;
  return [momentumEdge(closes, fast, slow)];
}

/** Bins of equal share: few, since one bar's edge is much like the next one's. */
const BINS = 5;

/** How a feature was distributed, by quantiles; none where its values do not tell bins apart. */
export function referenceOf(feature: string, values: readonly number[]): FeatureReference[] {
  const sorted = Float64Array.from(values).sort();
  const edges = Array.from(
    { length: BINS - 1 },
    (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / BINS)] ?? 0,
  );
  const counts = new Array<number>(BINS).fill(0);
  for (const value of sorted) {
    const bin = binOf(value, edges);
    counts[bin] = (counts[bin] as number) + 1;
  }
  if (counts.some((count) => count === 0)) return [];
  return [{ feature, edges, shares: counts.map((count) => count / sorted.length) }];
}

/** Its card, in the template's own names. An engine does not know who owns a model. */
export function cardOf(
  model: PaperModel,
  { sharpe, winRate, maxDrawdown, trades, edges }: Backtest,
) {
  return {
    model_id: model.model,
    version: model.version,
    model_hash: model.hash,
    feature_order: [EDGE],
    feature_reference: referenceOf(EDGE, edges),
    performance: {
      ...(sharpe === null ? {} : { backtest_sharpe: sharpe }),
      ...(winRate === null ? {} : { backtest_win_rate: winRate }),
      backtest_max_drawdown: -maxDrawdown,
      backtest_trades: trades,
    },
    risks: ['Loses where prices turn often: a momentum policy follows the last hours.'],
    mitigations: ['Trades on paper alone.'],
  };
}

export interface Backtest {
  /** Mean over deviation of the daily returns, times √252; null with fewer than two days. */
  readonly sharpe: number | null;
  /** Share of closed trades that won, 0…1; null with none. */
  readonly winRate: number | null;
  /** Greatest fall from a peak of the equity, 0…1. */
  readonly maxDrawdown: number;
  readonly trades: number;
  /** What it looked at, bar by bar. */
  readonly edges: readonly number[];
}

const SIZE = 100_000;
const START_EQUITY = 1_000_000;
const TRADING_DAYS = 252;

/** Trades bars as the engine does, an order filling at the close that gave the signal. */
export function backtest(model: PaperModel, bars: Iterable<Bar>): Backtest {
  let book = newBook(START_EQUITY);
  let day = '';
  let dayStart = START_EQUITY;
  let now = START_EQUITY;
  let peak = START_EQUITY;
  let maxDrawdown = 0;
  const closes: number[] = [];
  const returns: number[] = [];
  const results: number[] = [];
  const edges: number[] = [];
  const trade = (change: number, price: number, at: number): void => {
    const side = change > 0 ? 'buy' : 'sell';
    const purpose = book.position === 0 ? 'open' : 'close';
    const order = { id: 'o', side, quantity: Math.abs(change), purpose } as const;
    const done = fill(place(book, order), order.id, price, at);
    book = done.book;
    if (done.fill.trade) results.push(done.fill.trade.pnl);
  };
  for (const { t, close } of bars) {
    closes.push(close);
    if (closes.length > model.parameters.slow) closes.shift();
    book = mark(book, close, t);
    if (book.day !== day) {
      if (day !== '') returns.push(now / dayStart - 1);
      day = book.day;
      dayStart = now;
    }
    const [edge] = featuresOf(model, closes);
    if (edge !== null && edge !== undefined) edges.push(edge);
    const wanted = signalOf(model, closes) * SIZE;
    if (wanted !== book.position) {
      if (book.position !== 0) trade(-book.position, close, t);
      if (wanted !== 0) trade(wanted, close, t);
    }
    now = equity(book, close);
    peak = Math.max(peak, now);
    maxDrawdown = Math.max(maxDrawdown, (peak - now) / peak);
  }
  const wins = results.filter((pnl) => pnl > 0).length;
  return {
    sharpe: sharpe(returns),
    winRate: results.length === 0 ? null : wins / results.length,
    maxDrawdown,
    trades: results.length,
    edges,
  };
}

/** Sharpe, "The Sharpe Ratio", 1994, with a risk-free rate of zero and daily returns. */
function sharpe(returns: readonly number[]): number | null {
  if (returns.length < 2) return null;
  const mean = returns.reduce((sum, one) => sum + one, 0) / returns.length;
  const squares = returns.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (returns.length - 1));
  return deviation === 0 ? null : (mean / deviation) * Math.sqrt(TRADING_DAYS);
}
