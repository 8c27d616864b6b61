/** One measured figure, as a line of JSON on standard output. */
export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** The same measured for the floor or peer beside it, in the same run; null where there is none. */
  readonly floor: number | null;
  readonly ratio: number | null;
  readonly target: string;
  readonly met: boolean;
  readonly runs: number;
}

export function print(figure: Figure): void {
  process.stdout.write(`${JSON.stringify(figure)}\n`);
}

/** The value at a fraction of the sorted samples, by nearest rank. */
export function percentile(samples: readonly number[], fraction: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

/** Figures with so many digits that they mean something. */
export const round = (value: number): number => Number(value.toPrecision(4));
