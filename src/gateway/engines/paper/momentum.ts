/** Which way to be: long, short or out, in units of the position size. */
export type Signal = -1 | 0 | 1;

/**
 * A plain momentum policy: long while the fast mean of the closes is above the slow one by more than
 * a band, short while below, out in between.
 *
 * @param closes closes in order, the newest last; fewer than `slow` give no signal.
 */
export function momentum(
  closes: readonly number[],
  fast: number,
  slow: number,
  band: number,
): Signal {
  if (closes.length < slow) return 0;
  const mean = (count: number) =>
    closes.slice(-count).reduce((sum, close) => sum + close, 0) / count;
  const edge = mean(fast) / mean(slow) - 1;
  if (edge > band) return 1;
  return edge < -band ? -1 : 0;
}
