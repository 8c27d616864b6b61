/** The events that a figure stands on; empty where `toSeq` is before `fromSeq`. */
export interface LogRange {
  readonly fromSeq: number;
  readonly toSeq: number;
}

export type Unit = 'ms' | 'fraction' | 'per_week' | 'count' | 'money' | 'ratio';

/** Why a figure is not there. */
export type Absent =
  | 'no_days'
  | 'no_equity'
  | 'no_trades'
  | 'few_days'
  | 'none_happened'
  | 'short_period'
  | 'not_measured'
  | 'no_notifications'
  | 'not_there_yet'
  | 'not_by_machine';

/** A number of a report: what it is in, what it stands on, and why there is none where it is null. */
export interface Figure {
  readonly value: number | null;
  readonly unit: Unit;
  /** Of money alone. */
  readonly currency: string | null;
  readonly samples: number;
  readonly range: LogRange;
  readonly absent: Absent | null;
}

export function figure(
  value: number,
  unit: Unit,
  range: LogRange,
  samples = 1,
  currency: string | null = null,
): Figure {
  return { value, unit, currency, samples, range, absent: null };
}

export function absent(why: Absent, unit: Unit, range: LogRange): Figure {
  return { value: null, unit, currency: null, samples: 0, range, absent: why };
}

/** A figure that may be missing, by one reason. */
export function figureOr(
  value: number | null,
  why: Absent,
  unit: Unit,
  range: LogRange,
  samples = 1,
): Figure {
  return value === null ? absent(why, unit, range) : figure(value, unit, range, samples);
}

/** The range from the first to the last of some sequences; the whole where there are none. */
export function rangeOf(seqs: readonly number[], whole: LogRange): LogRange {
  if (seqs.length === 0) return whole;
  return { fromSeq: Math.min(...seqs), toSeq: Math.max(...seqs) };
}

/**
 * Nearest-rank percentile of figures in any order (Hyndman & Fan 1996, definition 1); null for none.
 *
 * @param q in (0, 1].
 */
export function percentile(values: readonly number[], q: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length - 1e-9)) - 1] ?? null;
}
