/** Which way to be: long, short or out, in units of the position size. */
export type Signal = -1 | 0 | 1;

/**
 * What the policy looks at: how far the fast mean of the closes is above the slow one, as a fraction.
 *
 * @param closes closes in order, the newest last; null for fewer than `slow`.
 */
export function momentumEdge(closes: readonly number[], fast: number, slow: number): number | null {
  if (closes.length < slow) return null;
  const mean = (count: number) =>
    closes.slice(-count).reduce((sum, close) => sum + close, 0) / count;
  return mean(fast) / mean(slow) - 1;
}

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
  const edge = momentumEdge(closes, fast, slow);
  if (edge === null) return 0;
  if (edge > band) return 1;
  return edge < -band ? -1 : 0;
}
