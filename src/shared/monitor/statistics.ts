/**
 * Nearest-rank percentile: `sorted[ceil(q·n) − 1]` (Hyndman & Fan, "Sample quantiles in statistical
 * packages", 1996, definition 1). Reorders `values`.
 *
 * @param q in (0, 1].
 * @returns null for no values.
 */
export function nearestRank(values: Float64Array, q: number): number | null {
  const n = values.length;
  if (n === 0) return null;
  return select(values, Math.max(1, Math.ceil(q * n - 1e-9)) - 1);
}

/**
 * Samples above the limit from which on the nearest-rank P99 is above it too: the P99 of `n` samples
 * is the one with `n − ceil(0.99 n)` samples after it.
 */
export function p99Allows(n: number): number {
  return n - Math.ceil(0.99 * n - 1e-9);
}

/** Hoare's selection (1961), with the median of three; `k` counts from 0. */
function select(values: Float64Array, k: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const pivot = medianOfThree(
      values[low] as number,
      values[middle] as number,
      values[high] as number,
    );
    let i = low;
    let j = high;
    while (i <= j) {
      while ((values[i] as number) < pivot) i += 1;
      while ((values[j] as number) > pivot) j -= 1;
      if (i > j) break;
      const held = values[i] as number;
      values[i] = values[j] as number;
      values[j] = held;
      i += 1;
      j -= 1;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k] as number;
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/**
 * One-sided lower bound of a proportion (E. B. Wilson, "Probable inference, the law of succession,
 * and statistical inference", 1927).
 *
 * @param z quantile of the standard normal: 1.645 for 95 %.
 * @returns 0 for no samples.
 */
export function wilsonLower(successes: number, n: number, z: number): number {
  if (n === 0) return 0;
  const p = successes / n;
  const z2 = (z * z) / n;
  const spread = z * Math.sqrt((p * (1 - p) + z2 / 4) / n);
  return Math.max(0, (p + z2 / 2 - spread) / (1 + z2));
}

/**
 * Chance that `n` independent trades hold a run of at least `run` losses (Feller, "An introduction
 * to probability theory", vol. 1, XIII.7, by its recursion).
 *
 * @param loss chance of a loss in a trade, 0…1.
 */
export function chanceOfRun(run: number, n: number, loss: number): number {
  if (n < run) return 0;
  // quiet[i]: chance that the first i trades hold no such run.
  const quiet = new Float64Array(n + 1).fill(1);
  const wholeRun = loss ** run;
  quiet[run] = 1 - wholeRun;
  for (let i = run + 1; i <= n; i += 1) {
    const before = quiet[i - run - 1] as number;
    quiet[i] = (quiet[i - 1] as number) - before * (1 - loss) * wholeRun;
  }
  return 1 - (quiet[n] as number);
}
