/** A trading day as it closed, as far as a return can be made of it. */
export interface DayReturnFigures {
  readonly startEquity: number | null;
  readonly endEquity: number | null;
}

/** Days to a year by which a daily ratio is made an annual one. */
const TRADING_DAYS = 252;

/** `end / start − 1`; null where a figure is missing or the day did not begin above zero. */
export function dailyReturn({ startEquity, endEquity }: DayReturnFigures): number | null {
  if (startEquity === null || endEquity === null || startEquity <= 0) return null;
  return endEquity / startEquity - 1;
}

export interface Sharpe {
  /** Annual; null with fewer than two returns, or with returns that are all the same. */
  readonly value: number | null;
  /** Its standard error, annual. */
  readonly error: number | null;
}

/**
 * Sharpe ratio of daily returns (W. F. Sharpe, "The Sharpe Ratio", 1994, risk-free rate of zero):
 * mean over sample standard deviation, times √252. Its standard error for returns that do not depend
 * on one another is √((1 + SR²/2) / n), daily (A. W. Lo, "The Statistics of Sharpe Ratios", 2002).
 */
export function sharpeOf(returns: readonly number[]): Sharpe {
  const n = returns.length;
  if (n < 2) return { value: null, error: null };
  const mean = returns.reduce((sum, one) => sum + one, 0) / n;
  const squares = returns.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (n - 1));
  // Returns that differ by rounding alone have no deviation.
  if (deviation <= Number.EPSILON * Math.max(1, Math.abs(mean)))
    return { value: null, error: null };
  const daily = mean / deviation;
  const year = Math.sqrt(TRADING_DAYS);
  return { value: daily * year, error: Math.sqrt((1 + daily ** 2 / 2) / n) * year };
}
