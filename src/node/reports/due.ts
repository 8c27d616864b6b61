import { Cron } from 'croner';
import { isBusinessDay } from '../../shared/calendar/business';
import type { HolidayCalendar } from '../../shared/policy/calendar';
import type { ReportsPolicy } from '../../shared/policy/reports';
import type { ReportsState } from '../../shared/reports/state';
import { DESK_TIME_ZONE, tradingDay } from '../../shared/time';

type Schedule = ReportsPolicy['schedule'][number];

/** A report that is to be made now. */
export interface DueRun {
  readonly schedule: Schedule;
  /** The latest instant at which it was due; earlier ones that were missed are made up for by it. */
  readonly dueAt: number;
  /** Where it goes on from: the first event, or the instant where none was made before. */
  readonly fromSeq: number | null;
  readonly from: number;
}

/** Runs looked back for one on a business day; longer than any row of holidays. */
const LOOK_BACK = 16;

function times(cron: string): Cron {
  return new Cron(cron, { timezone: DESK_TIME_ZONE, paused: true });
}

/** What a policy's cron expressions have against them: in its place the words why. */
export function badCrons({ schedule, noteDayAt }: ReportsPolicy): readonly string[] {
  return [...schedule.map(({ cron }) => cron), ...noteDayAt].flatMap((cron) => {
    try {
      times(cron);
      return [];
    } catch (error) {
      return [`${cron}: ${(error as Error).message}`];
    }
  });
}

function isRunDay({ businessDaysOnly }: Schedule, at: number, calendar: HolidayCalendar): boolean {
  return !businessDaysOnly || isBusinessDay(tradingDay(at), calendar);
}

/** The latest instants at or before `at` when a schedule was due, latest first. */
function dueBefore(one: Schedule, at: number, calendar: HolidayCalendar): readonly number[] {
  return times(one.cron)
    .previousRuns(LOOK_BACK, new Date(at + 1))
    .map((date) => date.getTime())
    .filter((due) => isRunDay(one, due, calendar));
}

/**
 * Reports that are due and were not made. However many runs a schedule missed, it is caught up once:
 * the report goes on where the last one ended. What was due before the log began is not.
 *
 * @param since Unix ms of the log's first event.
 */
export function dueRuns(
  { schedule }: Pick<ReportsPolicy, 'schedule'>,
  { latest }: Pick<ReportsState, 'latest'>,
  calendar: HolidayCalendar,
  since: number,
  now: number,
): readonly DueRun[] {
  return schedule.flatMap((one) => {
    const [dueAt, before] = dueBefore(one, now, calendar);
    const last = Object.hasOwn(latest, one.name) ? latest[one.name] : undefined;
    if (dueAt === undefined || dueAt <= since || (last && last.dueAt >= dueAt)) return [];
    const from = last ? last.to : Math.max(since, before ?? since);
    return [{ schedule: one, dueAt, from, fromSeq: last ? last.toSeq + 1 : null }];
  });
}

/** The next instant after `now` at which a schedule is due or the day is to be noted; null for none. */
export function nextLook(
  { schedule, noteDayAt }: Pick<ReportsPolicy, 'schedule' | 'noteDayAt'>,
  now: number,
): number | null {
  const next = [...schedule.map(({ cron }) => cron), ...noteDayAt].flatMap((cron) => {
    const date = times(cron).nextRun(new Date(now));
    return date ? [date.getTime()] : [];
  });
  return next.length === 0 ? null : Math.min(...next);
}

/** Whether one of the times at which the day is noted came after `last`, up to `now`. */
export function isNoteDue(noteDayAt: readonly string[], last: number, now: number): boolean {
  return noteDayAt.some((cron) => {
    const [latest] = times(cron).previousRuns(1, new Date(now + 1));
    return latest !== undefined && latest.getTime() > last;
  });
}
