import type { KeptReport } from '@shared/reports/kept';
import type { MadeReport } from '@shared/reports/state';
import { instantOf } from '@shared/time';

export type Kind = KeptReport['kind'];

const DAY_MS = 86_400_000;

/** The day so many days after another, `YYYY-MM-DD`. */
export function dayPlus(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The last day of a report that begins on a day; null where the kind leaves it open. */
export function lastDay(kind: Kind, from: string): string | null {
  if (kind === 'daily') return from;
  return kind === 'weekly' ? dayPlus(from, 6) : null;
}

/** The period of whole days in Bogota, both included; null for what is no period. */
export function periodOf(
  from: string,
  to: string,
): { readonly from: number; readonly to: number } | null {
  const isDay = (day: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(day);
  if (!isDay(from) || !isDay(to) || from > to) return null;
  return { from: instantOf(from, '00:00'), to: instantOf(dayPlus(to, 1), '00:00') };
}

/** A report as the table shows it. */
export interface ReportRow {
  readonly id: string;
  readonly kind: Kind;
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Null for one that is not on the record. */
  readonly made: MadeReport | null;
  readonly here: boolean;
}

/** What the log has and what is kept here together, newest first. */
export function reportRows(
  made: readonly MadeReport[],
  kept: readonly KeptReport[],
): readonly ReportRow[] {
  const here = new Set(kept.map(({ id }) => id));
  const known = new Set(made.map(({ id }) => id));
  const recorded = made.map((one) => ({
    ...{ id: one.id, kind: one.kind, at: one.at, ...one.period },
    ...{ fromSeq: one.fromSeq, toSeq: one.toSeq, made: one, here: here.has(one.id) },
  }));
  const own = kept
    .filter(({ id }) => !known.has(id))
    .map(({ id, kind, keptAt, period, fromSeq, toSeq }) => ({
      ...{ id, kind, at: keptAt, ...period, fromSeq, toSeq, made: null, here: true },
    }));
  return [...recorded, ...own].sort((a, b) => b.at - a.at);
}
