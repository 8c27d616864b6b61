import type { HolidayCalendar } from '../policy/calendar';
import { instantOf, tradingDay } from '../time';
import { colombianHolidays } from './colombia';

const DAY_MS = 86_400_000;

/** Whether a day `YYYY-MM-DD` is a holiday: by the data, and by the law for years it does not have. */
export function isHoliday(day: string, calendar: HolidayCalendar): boolean {
  const year = day.slice(0, 4);
  const holidays = calendar.years[year] ?? colombianHolidays(Number(year));
  return holidays.some((one) => one.day === day);
}

/** 1 Monday … 7 Sunday. */
export function weekdayOf(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
}

/** Monday to Friday, and no holiday. */
export function isBusinessDay(day: string, calendar: HolidayCalendar): boolean {
  return weekdayOf(day) <= 5 && !isHoliday(day, calendar);
}

/**
 * A time of the first business day after the day of an instant, both in Bogota.
 *
 * @param ts Unix ms.
 * @param time `HH:MM`.
 * @returns Unix ms.
 */
export function nextBusinessDayAt(ts: number, time: string, calendar: HolidayCalendar): number {
  let day = dayAfter(tradingDay(ts));
  while (!isBusinessDay(day, calendar)) day = dayAfter(day);
  return instantOf(day, time);
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}
