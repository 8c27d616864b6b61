import type { FeatureReference } from '../models/model';

/**
 * Population stability index of what came against what is expected: `Σ (a − e) · ln(a / e)` over the
 * bins (N. Siddiqi, "Credit Risk Scorecards", 2006; B. Yurdakul, "Statistical Properties of
 * Population Stability Index", 2018). Half a sample is added to each bin, so that an empty one gives
 * a figure that is large and not infinite.
 *
 * @param counts samples in each bin.
 * @param shares what each bin is expected to hold, each above 0, together 1.
 * @returns null for no samples.
 */
export function psi(counts: readonly number[], shares: readonly number[]): number | null {
  const n = counts.reduce((sum, one) => sum + one, 0);
  if (n === 0) return null;
  const whole = n + counts.length / 2;
  return counts.reduce((sum, count, bin) => {
    const actual = (count + 0.5) / whole;
    const expected = shares[bin] as number;
    return sum + (actual - expected) * Math.log(actual / expected);
  }, 0);
}

/** The bin of a value: `edges` are the inner ones, ascending; a value on an edge is above it. */
export function binOf(value: number, edges: readonly number[]): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value >= (edges[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}

const HOUR_MS = 3_600_000;

/** Counts by bin of one hour, for each feature; the last of each row counts figures that were missing. */
export type HourCounts = readonly [hour: number, counts: readonly (readonly number[])[]];

export interface FeatureCounts {
  readonly feature: string;
  readonly counts: readonly number[];
  readonly missing: number;
}

/**
 * Features as they came, by hour and bin: memory is bounded by the window, however many come.
 * Without a reference there are no bins, and nothing is kept.
 */
export class FeatureBook {
  readonly #hours = new Map<number, number[][]>();
  #reference: readonly FeatureReference[] = [];
  #order: readonly string[] = [];

  /** @param order the model's features, in the order in which they come. */
  expect(order: readonly string[], reference: readonly FeatureReference[]): void {
    const same =
      JSON.stringify([order, reference]) === JSON.stringify([this.#order, this.#reference]);
    if (same) return;
    this.#order = order;
    this.#reference = reference;
    this.#hours.clear();
  }

  get isExpecting(): boolean {
    return this.#reference.length > 0;
  }

  take(at: number, values: readonly (number | null)[]): void {
    // Values of another order are of another model's features: which is which is not known.
    if (!this.isExpecting || values.length !== this.#order.length) return;
    const hour = Math.floor(at / HOUR_MS);
    const rows = this.#hours.get(hour) ?? this.#reference.map(({ shares }) => empty(shares.length));
    this.#hours.set(hour, rows);
    this.#reference.forEach(({ feature, edges }, row) => {
      const value = values[this.#order.indexOf(feature)] ?? null;
      const known = value !== null && Number.isFinite(value);
      const counts = rows[row] as number[];
      const bin = known ? binOf(value, edges) : counts.length - 1;
      counts[bin] = (counts[bin] as number) + 1;
    });
  }

  /** Counts since `from`, by whole hours; what is older is dropped. */
  since(from: number): readonly FeatureCounts[] {
    const first = Math.floor(from / HOUR_MS);
    for (const hour of this.#hours.keys()) if (hour < first) this.#hours.delete(hour);
    return this.#reference.map(({ feature, shares }, row) => {
      const sum = empty(shares.length);
      for (const rows of this.#hours.values()) {
        (rows[row] as number[]).forEach((count, bin) => {
          sum[bin] = (sum[bin] as number) + count;
        });
      }
      return { feature, counts: sum.slice(0, -1), missing: sum.at(-1) as number };
    });
  }

  freeze(): readonly HourCounts[] {
    return [...this.#hours].map(([hour, rows]) => [hour, rows.map((row) => [...row])] as const);
  }

  /** Puts counts of the same reference back; others are left out. */
  restore(hours: readonly HourCounts[]): void {
    this.#hours.clear();
    for (const [hour, rows] of hours) {
      const fits =
        rows.length === this.#reference.length &&
        this.#reference.every(({ shares }, row) => rows[row]?.length === shares.length + 1);
      if (fits)
        this.#hours.set(
          hour,
          rows.map((row) => [...row]),
        );
    }
  }

  clear(): void {
    this.#hours.clear();
  }
}

const empty = (bins: number): number[] => new Array<number>(bins + 1).fill(0);
