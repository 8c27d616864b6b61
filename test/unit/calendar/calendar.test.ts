import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isBusinessDay,
  isHoliday,
  nextBusinessDayAt,
  weekdayOf,
} from '../../../src/shared/calendar/business';
import { colombianHolidays } from '../../../src/shared/calendar/colombia';
import { instantOf, timeOfDay, tradingDay } from '../../../src/shared/time';
import { calendar } from '../../support/incidents';

const days = (year: number) => colombianHolidays(year).map(({ day }) => day);

describe('Colombia’s holidays', () => {
  it.each([
    // Easter Sunday 2024 was 31 March, 2025 20 April, 2026 is 5 April, 2027 28 March.
    ['2024-03-28', 'Jueves Santo'],
    ['2024-03-29', 'Viernes Santo'],
    ['2025-04-18', 'Viernes Santo'],
    ['2026-04-02', 'Jueves Santo'],
    ['2027-03-26', 'Viernes Santo'],
    ['2024-05-13', 'Ascensión del Señor'],
    ['2024-06-03', 'Corpus Christi'],
    ['2024-06-10', 'Sagrado Corazón'],
    // 6 January 2025 was a Monday and stayed; in 2026 it is a Tuesday and moves.
    ['2025-01-06', 'Reyes Magos'],
    ['2026-01-12', 'Reyes Magos'],
    ['2026-03-23', 'San José'],
    ['2026-06-29', 'San Pedro y San Pablo'],
    ['2025-11-17', 'Independencia de Cartagena'],
    ['2026-07-20', 'Día de la Independencia'],
    // Kept on its own day, a Sunday or not.
    ['2024-12-08', 'Inmaculada Concepción'],
  ])('%s is %s', (day, name) => {
    expect(colombianHolidays(Number(day.slice(0, 4)))).toContainEqual({ day, name });
    expect(isHoliday(day, calendar)).toBe(true);
  });

  it('are eighteen a year, as the law has them, and the data says the same', () => {
    expect(Object.keys(calendar.years)).toEqual(
      [2024, 2025, 2026, 2027, 2028, 2029, 2030].map(String),
    );
    for (const [year, listed] of Object.entries(calendar.years)) {
      expect(listed).toEqual(colombianHolidays(Number(year)));
      expect(listed).toHaveLength(18);
    }
  });

  it('of years without data are computed', () => {
    expect(isHoliday('2031-01-06', calendar)).toBe(true);
    expect(days(2031)).toContain('2031-04-11');
  });
});

describe('business days', () => {
  it('over a night, a weekend, a month’s end and a holiday', () => {
    const at = (day: string, time = '16:00') => instantOf(day, time);
    const next = (day: string, time?: string) =>
      tradingDay(nextBusinessDayAt(at(day, time), '09:00', calendar));
    expect(next('2026-02-03')).toBe('2026-02-04');
    expect(next('2026-02-03', '00:00')).toBe('2026-02-04');
    expect(next('2026-02-03', '23:59')).toBe('2026-02-04');
    expect(next('2026-02-06')).toBe('2026-02-09');
    expect(next('2026-03-31')).toBe('2026-04-01');
    // Holy Thursday and Friday, then the weekend.
    expect(next('2026-04-01')).toBe('2026-04-06');
    // A Friday before a moved holiday.
    expect(next('2026-01-09')).toBe('2026-01-13');
    // The turn of the year.
    expect(next('2025-12-31')).toBe('2026-01-02');
    expect(timeOfDay(nextBusinessDayAt(at('2026-04-01'), '09:00', calendar))).toBe('09:00:00');
  });

  it('the instant is the one at which Bogota’s clocks show it', () => {
    const day = fc.date({
      ...{ min: new Date('1990-01-01'), max: new Date('2035-01-01') },
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(day, fc.nat(23), fc.nat(59), (date, hour, minute) => {
        const wanted = date.toISOString().slice(0, 10);
        const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
        // Colombia moved its clocks in 1992 and 1993: hours that were left out then do not exist.
        fc.pre(!/^199[23]/.test(wanted));
        const at = instantOf(wanted, time);
        expect([tradingDay(at), timeOfDay(at)]).toEqual([wanted, `${time}:00`]);
      }),
    );
  });

  it('the next one is after the day, a business day, and skips none', () => {
    const instant = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2030, 11, 20) });
    fc.assert(
      fc.property(instant, (ts) => {
        const next = tradingDay(nextBusinessDayAt(ts, '09:00', calendar));
        expect(next > tradingDay(ts)).toBe(true);
        expect(isBusinessDay(next, calendar)).toBe(true);
        for (let at = Date.parse(tradingDay(ts)) + 86_400_000; ; at += 86_400_000) {
          const day = new Date(at).toISOString().slice(0, 10);
          if (day === next) break;
          expect(weekdayOf(day) > 5 || isHoliday(day, calendar)).toBe(true);
        }
      }),
    );
  });
});
