import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { badCrons, dueRuns, isNoteDue, nextLook } from '../../../src/node/reports/due';
import { calendar } from '../../support/incidents';
import { DAY, HOUR, MIN, reportsPolicy } from '../../support/reports';

/** An instant of Bogota, five hours behind UTC. */
const cot = (text: string): number => Date.parse(`${text}:00-05:00`);
const SINCE = cot('2026-01-01T00:00');
const due = (now: number, latest: Parameters<typeof dueRuns>[1]['latest'] = {}) =>
  dueRuns(reportsPolicy, { latest }, calendar, SINCE, now);
const names = (runs: ReturnType<typeof due>) => runs.map(({ schedule }) => schedule.name);

describe('what is due', () => {
  it('is the daily report at 17:30 in Bogota, not a millisecond before', () => {
    const made = { weekly: { dueAt: cot('2026-02-06T18:00'), to: 0, toSeq: 1 } };
    const before = {
      ...made,
      daily: { dueAt: cot('2026-02-09T17:30'), to: cot('2026-02-09T17:31'), toSeq: 9 },
    };
    expect(due(cot('2026-02-10T17:30') - 1, before)).toEqual([]);
    expect(due(cot('2026-02-10T17:30'), before)).toMatchObject([
      { dueAt: cot('2026-02-10T17:30'), from: cot('2026-02-09T17:31'), fromSeq: 10 },
    ]);
  });

  it.each([
    ['a Saturday', '2026-02-07T20:00', '2026-02-06T17:30'],
    ['midnight after a business day', '2026-02-06T00:00', '2026-02-05T17:30'],
    ['the first of a month', '2026-05-01T08:00', '2026-04-30T17:30'],
    ['Labour Day, which is a holiday', '2026-05-01T20:00', '2026-04-30T17:30'],
    ['Maundy Thursday and Good Friday', '2026-04-05T20:00', '2026-04-01T17:30'],
    ['a Monday to which a holiday was moved', '2026-11-16T20:00', '2026-11-13T17:30'],
    ['the turn of the year', '2027-01-01T20:00', '2026-12-31T17:30'],
  ])('on %s is the last business day’s', (_, now, dueAt) => {
    const daily = due(cot(now)).find(({ schedule }) => schedule.name === 'daily');
    expect(daily?.dueAt).toBe(cot(dueAt));
  });

  it('is the weekly report on Friday at 18:00, on a holiday too', () => {
    const weekly = due(cot('2026-05-01T18:00')).find(({ schedule }) => schedule.name === 'weekly');
    expect(weekly?.dueAt).toBe(cot('2026-05-01T18:00'));
  });

  it('is one report for a machine that was off for a month, from where the last one ended', () => {
    const last = { dueAt: cot('2026-02-10T17:30'), to: cot('2026-02-10T17:30') + 7, toSeq: 40 };
    const weekly = { dueAt: cot('2026-03-06T18:00'), to: 0, toSeq: 40 };
    const runs = due(cot('2026-03-10T08:00'), { daily: last, weekly });
    expect(runs).toMatchObject([
      { dueAt: cot('2026-03-09T17:30'), from: last.to, fromSeq: 41, schedule: { name: 'daily' } },
    ]);
    const [run] = runs;
    const caughtUp = { ...last, dueAt: run?.dueAt ?? 0 };
    expect(due(cot('2026-03-10T08:00'), { daily: caughtUp, weekly })).toEqual([]);
    expect(names(due(cot('2026-03-10T17:30'), { daily: caughtUp, weekly }))).toEqual(['daily']);
  });

  it('is nothing for a time before the log began', () => {
    expect(
      dueRuns(
        reportsPolicy,
        { latest: {} },
        calendar,
        cot('2026-02-10T18:00'),
        cot('2026-02-10T20:00'),
      ),
    ).toEqual([]);
  });

  it('is nothing again where a clock was set back', () => {
    const latest = {
      daily: { dueAt: cot('2026-02-10T17:30'), to: 0, toSeq: 1 },
      weekly: { dueAt: cot('2026-02-06T18:00'), to: 0, toSeq: 1 },
    };
    expect(due(cot('2026-02-10T12:00'), latest)).toEqual([]);
  });

  it('is each at most once, and never on a day off, whenever one looks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 * 24 }), { minLength: 1, maxLength: 60 }),
        (hours) => {
          let now = SINCE;
          let latest: Parameters<typeof dueRuns>[1]['latest'] = {};
          const seen = new Set<string>();
          for (const step of hours) {
            now += step * HOUR + 7 * MIN;
            for (const { schedule, dueAt } of due(now, latest)) {
              const key = `${schedule.name}@${dueAt}`;
              expect(seen.has(key)).toBe(false);
              expect(dueAt).toBeLessThanOrEqual(now);
              seen.add(key);
              latest = { ...latest, [schedule.name]: { dueAt, to: now, toSeq: 1 } };
            }
            expect(due(now, latest)).toEqual([]);
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('when to look again', () => {
  it('is the next time of any of them', () => {
    expect(nextLook(reportsPolicy, cot('2026-02-10T10:00'))).toBe(cot('2026-02-10T13:05'));
    expect(nextLook(reportsPolicy, cot('2026-02-10T13:05'))).toBe(cot('2026-02-10T17:30'));
    expect(nextLook({ schedule: [], noteDayAt: [] }, SINCE)).toBeNull();
  });

  it('notes the day once for a time that has come since', () => {
    const { noteDayAt } = reportsPolicy;
    const noon = cot('2026-02-10T12:00');
    expect(isNoteDue(noteDayAt, noon, noon + HOUR)).toBe(false);
    expect(isNoteDue(noteDayAt, noon, noon + HOUR + 5 * MIN)).toBe(true);
    expect(isNoteDue(noteDayAt, noon + HOUR + 5 * MIN, noon + 2 * HOUR)).toBe(false);
    expect(isNoteDue(noteDayAt, noon, noon + 3 * DAY)).toBe(true);
  });

  it('says which expressions are none', () => {
    expect(badCrons(reportsPolicy)).toEqual([]);
    const [first] = reportsPolicy.schedule;
    if (!first) throw new Error('no schedule is shipped');
    const [found] = badCrons({ ...reportsPolicy, schedule: [{ ...first, cron: 'each day' }] });
    expect(found).toMatch(/^each day: /);
  });
});
