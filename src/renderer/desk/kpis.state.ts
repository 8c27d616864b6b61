import { weekdayOf } from '@shared/calendar/business';
import { incidentKpis, type Kpi, type Period } from '@shared/incidents/kpis';
import type { IncidentsState } from '@shared/incidents/state';
import type { IncidentsPolicy } from '@shared/policy/incidents';
import { instantOf, tradingDay } from '@shared/time';

export type PeriodUnit = 'week' | 'month';

export interface KpiPoint {
  /** The first day of the period in Bogota, `YYYY-MM-DD`. */
  readonly day: string;
  readonly period: Period;
  readonly kpi: Kpi;
}

export interface KpiSeries {
  readonly id: Kpi['id'];
  readonly unit: Kpi['unit'];
  readonly definition: Kpi['definition'];
  /** Oldest first; the last one is of the period that is not over yet. */
  readonly points: readonly KpiPoint[];
}

/** The figures of each of the last `count` calendar weeks (from Monday) or months, up to now. */
export function kpiSeries(
  state: IncidentsState,
  unit: PeriodUnit,
  count: number,
  now: number,
): readonly KpiSeries[] {
  const periods = lastPeriods(unit, count, now);
  const figures = periods.map(({ period }) => incidentKpis(state, period));
  return (figures[0] ?? []).map(({ id, unit: of, definition }, place) => ({
    ...{ id, unit: of, definition },
    points: periods.flatMap(({ day, period }, at) => {
      const kpi = figures[at]?.[place];
      return kpi ? [{ day, period, kpi }] : [];
    }),
  }));
}

/** Calendar periods in Bogota, oldest first; the last one ends now. */
export function lastPeriods(
  unit: PeriodUnit,
  count: number,
  now: number,
): readonly { readonly day: string; readonly period: Period }[] {
  const days: string[] = [];
  let day = firstDay(unit, tradingDay(now));
  for (let left = count; left > 0; left -= 1) {
    days.unshift(day);
    day = firstDay(unit, dayBefore(day));
  }
  const starts = days.map((one) => instantOf(one, '00:00'));
  return days.map((one, at) => ({
    day: one,
    period: { from: starts[at] ?? now, to: starts[at + 1] ?? now },
  }));
}

function firstDay(unit: PeriodUnit, day: string): string {
  if (unit === 'month') return `${day.slice(0, 7)}-01`;
  return shifted(day, 1 - weekdayOf(day));
}

const dayBefore = (day: string): string => shifted(day, -1);

function shifted(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Whether a figure meets its target; null where there is none to judge. */
export function meetsTarget(
  { value }: Pick<Kpi, 'value'>,
  { target, better }: IncidentsPolicy['kpis'][Kpi['id']],
): boolean | null {
  if (value === null) return null;
  return better === 'below' ? value < target : value >= target;
}
