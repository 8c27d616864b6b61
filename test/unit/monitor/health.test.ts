import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/node/sha256';
import { replay, type WindowFile, windowDigest } from '../../../src/shared/monitor/windowFile';
import type { MonitorPolicy } from '../../../src/shared/policy/monitor';
import { healthOf, literal, MONDAY_9, monitorPolicy } from '../../support/monitor';

const feed = (policy: MonitorPolicy, bad: number, n: number, latency = 20) => {
  const health = healthOf(policy);
  for (let i = 0; i < n; i += 1) {
    const at = MONDAY_9 + i;
    health.inference(at, at, i >= bad, latency, 'm1');
  }
  return health;
};

describe('errors', () => {
  it('to the letter: above 5 % of ten samples or more', () => {
    const outcome = (bad: number, n: number) =>
      feed(literal, bad, n).evaluate(MONDAY_9 + n).checks.errorRate.outcome;
    expect(outcome(9, 9)).toBe('insufficient');
    expect(outcome(1, 10)).toBe('breach');
    expect(outcome(5, 100)).toBe('warning');
    expect(outcome(6, 100)).toBe('breach');
    expect(outcome(1, 100)).toBe('ok');
    expect(outcome(0, 0)).toBe('no_data');
  });

  it('with confidence: one failure among ten is suspect and rolls nothing back', () => {
    const check = (bad: number, n: number) =>
      feed(monitorPolicy, bad, n).evaluate(MONDAY_9 + n).checks.errorRate;
    expect(check(1, 10)).toMatchObject({ outcome: 'suspect', literal: true, confident: false });
    expect(check(6, 100)).toMatchObject({ outcome: 'suspect', literal: true, confident: false });
    expect(check(4, 12)).toMatchObject({ outcome: 'breach', literal: true, confident: true });
    // All of them failing is a failure, not a measurement of success.
    expect(check(20, 20)).toMatchObject({ outcome: 'breach', value: 1 });
  });

  it('limits are halved for a model under enhanced monitoring', () => {
    const health = feed(literal, 4, 100);
    expect(health.evaluate(MONDAY_9 + 100).checks.errorRate.outcome).toBe('warning');
    health.limit(literal, true);
    expect(health.evaluate(MONDAY_9 + 100).checks.errorRate).toMatchObject({
      outcome: 'breach',
      limit: 0.025,
    });
  });
});

describe('latency', () => {
  it('one slow answer of a hundred is allowed to the letter, two are not', () => {
    const outcome = (slow: number, policy: MonitorPolicy) => {
      const health = healthOf(policy);
      for (let i = 0; i < 100; i += 1) {
        health.inference(MONDAY_9 + i, MONDAY_9 + i, true, i < slow ? 2_500 : 20, 'm1');
      }
      return health.evaluate(MONDAY_9 + 100).checks.latencyP99.outcome;
    };
    expect(outcome(1, literal)).toBe('ok');
    expect(outcome(2, literal)).toBe('breach');
    expect(outcome(2, monitorPolicy)).toBe('suspect');
    expect(outcome(10, monitorPolicy)).toBe('breach');
  });

  it('an answer without a figure is no zero: ten of them are no data', () => {
    const health = healthOf(literal);
    for (let i = 0; i < 10; i += 1) health.inference(MONDAY_9, MONDAY_9 + i, true, null, 'm1');
    health.inference(MONDAY_9, MONDAY_9, true, Number.NaN, 'm1');
    expect(health.evaluate(MONDAY_9 + 10).checks.latencyP99).toMatchObject({
      outcome: 'no_data',
      value: null,
      samples: 0,
    });
  });
});

describe('losses in a row', () => {
  it('ten fire; each trade counts once, in the order of closing, and a win ends the run', () => {
    const health = healthOf();
    const take = (id: number, pnl: number | null, closedAt = MONDAY_9 + id) =>
      health.trade(MONDAY_9 + 1_000, { id: `t${id}`, closedAt, pnl }, 'm1');
    for (let id = 1; id <= 9; id += 1) take(id, -1);
    take(9, -1);
    take(10, null);
    const run = () => health.evaluate(MONDAY_9 + 1_000).checks.consecutiveLosses;
    expect(run()).toMatchObject({ value: 9, outcome: 'warning' });
    take(11, -1);
    expect(run()).toMatchObject({ value: 10, outcome: 'breach' });
    // A win that is told late, but closed between them, breaks the run where it was.
    take(12, 5, MONDAY_9 + 5.5);
    expect(run()).toMatchObject({ value: 5, outcome: 'ok' });
    take(13, 0);
    expect(run()).toMatchObject({ value: 0 });
  });
});

describe('the day’s drawdown', () => {
  const report = (at: number, equity: number | null, engine = 'e1') => ({
    ...{ engine, at, equity, dayStart: 1_000_000, dayPeak: null },
  });

  it('is of equity with what is held in it, from the day’s start: not of PnL against its own peak', () => {
    const health = healthOf();
    // The sketch has +100 then −50 as a drawdown of 50 %; on a million it is nothing.
    health.equity(report(MONDAY_9, 1_000_100));
    health.equity(report(MONDAY_9 + 1, 1_000_050));
    const found = health.evaluate(MONDAY_9 + 2).checks.dailyDrawdown;
    expect(found.outcome).toBe('ok');
    expect(found.value).toBeCloseTo(50 / 1_000_100, 12);
    // And a day that only ever lost has none by the sketch's peak of nought.
    const losing = healthOf();
    losing.equity(report(MONDAY_9, 940_000));
    expect(losing.evaluate(MONDAY_9 + 1).checks.dailyDrawdown).toMatchObject({
      outcome: 'breach',
      value: 0.06,
    });
  });

  it('is what it is now, and fires once while it hovers about its limit', () => {
    const health = healthOf();
    const outcomes = [1_000_000, 949_000, 951_000, 949_500, 962_000, 949_000].map((equity, n) => {
      health.equity(report(MONDAY_9 + n, equity));
      return health.evaluate(MONDAY_9 + n).checks.dailyDrawdown.outcome;
    });
    expect(outcomes).toEqual(['ok', 'breach', 'breach', 'breach', 'warning', 'breach']);
  });

  it('begins anew with Bogota’s day, whatever the machine’s zone', () => {
    const health = healthOf();
    const midnight = Date.UTC(2026, 0, 6, 5);
    health.equity(report(midnight - 60_000, 1_000_000));
    health.equity(report(midnight - 1, 930_000));
    expect(health.evaluate(midnight - 1).checks.dailyDrawdown.outcome).toBe('breach');
    // 19:00 in Bogota is the next day in Greenwich; the day goes on.
    health.equity({ ...report(midnight, 930_000), dayStart: 930_000 });
    expect(health.evaluate(midnight).checks.dailyDrawdown).toMatchObject({
      outcome: 'ok',
      value: 0,
    });
  });

  it('does not change when every figure is in pesos', () => {
    const path = fc.array(fc.integer({ min: 800_000, max: 1_200_000 }), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(path, (equities) => {
        const [dollars, pesos] = [1, 4_000].map((factor) => {
          const health = healthOf();
          equities.forEach((equity, n) => {
            const one = report(MONDAY_9 + n, equity * factor);
            health.equity({ ...one, dayStart: 1_000_000 * factor });
          });
          return health.evaluate(MONDAY_9 + equities.length).checks.dailyDrawdown.value ?? -1;
        });
        expect(pesos).toBeCloseTo(dollars as number, 9);
      }),
    );
  });

  it('of two engines is the desk’s; a figure missing or old is no data', () => {
    const health = healthOf();
    health.equity(report(MONDAY_9, 1_000_000, 'e1'));
    health.equity(report(MONDAY_9, 1_000_000, 'e2'));
    health.equity(report(MONDAY_9 + 1, 940_000, 'e1'));
    const value = () => health.evaluate(MONDAY_9 + 2).checks.dailyDrawdown;
    expect(value()).toMatchObject({ value: 0.03 });
    health.equity(report(MONDAY_9 + 1, null, 'e2'));
    expect(value()).toMatchObject({ outcome: 'no_data', value: null });
    health.equity(report(MONDAY_9 + 1, 1_000_000, 'e2'));
    expect(value().outcome).not.toBe('no_data');
    expect(health.evaluate(MONDAY_9 + 120_000).checks.dailyDrawdown.outcome).toBe('no_data');
  });
});

describe('session', () => {
  it.each([
    ['Monday 9:00', MONDAY_9, true],
    ['Monday 7:59', MONDAY_9 - 61 * 60_000, false],
    ['Saturday', MONDAY_9 + 5 * 86_400_000, false],
  ])('%s', (_, at, expected) => {
    expect(healthOf().evaluate(at).inSession).toBe(expected);
  });

  it('a holiday is not one', () => {
    const session = { ...monitorPolicy.session, holidays: ['2026-01-05'] };
    expect(healthOf({ ...monitorPolicy, session }).evaluate(MONDAY_9).inSession).toBe(false);
  });
});

describe('every trigger is looked at, each by itself', () => {
  it('two that fire are both found; one whose arithmetic breaks leaves the others', () => {
    const health = feed(literal, 50, 100, 3_000);
    const both = health.evaluate(MONDAY_9 + 100).checks;
    expect([both.errorRate.outcome, both.latencyP99.outcome]).toEqual(['breach', 'breach']);
    const broken = { ...literal, triggers: { ...literal.triggers, dailyDrawdown: undefined } };
    health.limit(broken as unknown as MonitorPolicy, false);
    const { dailyDrawdown, errorRate } = health.evaluate(MONDAY_9 + 100).checks;
    expect(dailyDrawdown).toMatchObject({ outcome: 'error', value: null });
    expect(errorRate.outcome).toBe('breach');
  });
});

describe('against a brute force', () => {
  const sample = fc.record({
    at: fc.integer({ min: 0, max: 1_200_000 }),
    ok: fc.boolean(),
    ms: fc.integer({ min: 0, max: 4_000 }),
  });
  it.each([literal, monitorPolicy])('every figure is exact ($mode)', (policy) => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 400, size: 'max' }), (samples) => {
        const health = healthOf(policy);
        const now = MONDAY_9 + 1_200_000;
        for (const { at, ok, ms } of samples) {
          health.inference(MONDAY_9 + at, MONDAY_9 + at, ok, ms, 'm1');
        }
        const crossed = health.crossed(now);
        const { checks, latencyP50 } = health.evaluate(now);
        const { errorRate, latencyP99 } = checks;
        const within = (ms: number) => samples.filter(({ at }) => MONDAY_9 + at > now - ms);
        const counted = within(900_000);
        const timed = within(300_000)
          .map(({ ms }) => ms)
          .sort((a, b) => a - b);
        const bad = counted.filter(({ ok }) => !ok).length;
        expect(errorRate).toMatchObject({ samples: counted.length, breaching: bad });
        expect(errorRate.value).toBe(counted.length === 0 ? null : bad / counted.length);
        const p99 = timed[Math.ceil(0.99 * timed.length - 1e-9) - 1] ?? null;
        expect(latencyP99).toMatchObject({ samples: timed.length, value: p99 });
        expect(latencyP50).toBe(timed[Math.ceil(timed.length / 2) - 1] ?? null);
        expect(crossed).toBe([errorRate, latencyP99].some(({ outcome }) => outcome === 'breach'));
      }),
      { numRuns: 10_000 },
    );
  });

  const dayFrame = fc.record({
    after: fc.integer({ min: 1, max: 120_000 }),
    equity: fc.integer({ min: 1, max: 200_000 }),
  });
  it('the fall of the day is the greatest equity before it less the last, and losses are counted back', () => {
    const closed = fc.record({
      at: fc.integer({ min: 0, max: 1_000_000 }),
      pnl: fc.integer({ min: -3, max: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(dayFrame, { maxLength: 60 }),
        fc.array(closed, { maxLength: 60 }),
        (frames, trades) => {
          const health = healthOf(literal);
          let at = MONDAY_9;
          let peak = 0;
          let last: number | null = null;
          for (const { after, equity } of frames) {
            at += after;
            const about = { engine: 'e1', dayStart: null, dayPeak: null, currency: 'COP' };
            health.equity({ ...about, at, equity });
            peak = Math.max(peak, equity);
            last = equity;
          }
          trades.forEach(({ at: closedAt, pnl }, n) => {
            health.trade(at, { id: `t${n}`, closedAt: at - 1_000_000 + closedAt, pnl }, 'm1');
          });
          const { dailyDrawdown, consecutiveLosses } = health.evaluate(at).checks;
          expect(dailyDrawdown.value).toBe(last === null ? null : (peak - last) / peak);
          const newest = trades
            .map((one, n) => ({ ...one, n }))
            .sort((a, b) => b.at - a.at || b.n - a.n);
          const end = newest.findIndex(({ pnl }) => pnl >= 0);
          const run = end === -1 ? newest.length : end;
          expect(consecutiveLosses.value).toBe(trades.length === 0 ? null : run);
        },
      ),
      { numRuns: 10_000 },
    );
  });
});

describe('since when', () => {
  const sample = fc.record({ gap: fc.integer({ min: 1, max: 40_000 }), bad: fc.boolean() });

  it.each(['errorRate', 'latencyP99'] as const)(
    '%s is the last turning point of the window’s excess',
    (trigger) => {
      const share = trigger === 'errorRate' ? literal.triggers.errorRate.limit : 0.01;
      fc.assert(
        fc.property(fc.array(sample, { minLength: 10, maxLength: 150, size: 'max' }), (gaps) => {
          const health = healthOf(literal);
          let at = MONDAY_9;
          const samples = gaps.map(({ gap, bad }) => {
            at += gap;
            health.inference(at, at, !bad, bad ? 3_000 : 20, 'm1');
            return { at, bad };
          });
          const check = health.evaluate(at).checks[trigger];
          const kept = samples.filter((one) => one.at > at - literal.triggers[trigger].windowMs);
          // By every prefix: after the least sum of what exceeds the share, nothing was ever well again.
          const sums = kept.map((_, end) =>
            kept.slice(0, end + 1).reduce((sum, { bad }) => sum + (bad ? 1 : 0) - share, 0),
          );
          const least = Math.min(0, ...sums);
          const turn = sums.findLastIndex((sum) => sum <= least + 1e-9);
          expect(check.since).toBe(check.literal ? kept[turn + 1]?.at : null);
          if (check.literal) expect(kept[turn + 1]?.bad).toBe(true);
        }),
        { numRuns: 2_000 },
      );
    },
  );

  it('is not an error long before, of which there were no more than allowed', () => {
    const health = healthOf();
    const say = (n: number, ok: boolean) =>
      health.inference(MONDAY_9 + n, MONDAY_9 + n, ok, 20, 'm1');
    say(0, false);
    for (let n = 1; n < 100; n += 1) say(n, true);
    for (let n = 100; n < 140; n += 1) say(n, false);
    expect(health.evaluate(MONDAY_9 + 200).checks.errorRate).toMatchObject({
      ...{ outcome: 'breach', breaching: 41, since: MONDAY_9 + 100 },
    });
  });

  it('losses are in a row, and the drawdown above its limit', () => {
    const health = healthOf();
    const close = (n: number, pnl: number) =>
      health.trade(MONDAY_9 + 1_000, { id: `t${n}`, closedAt: MONDAY_9 + n, pnl }, 'm1');
    close(1, -1);
    close(2, 5);
    for (let n = 3; n <= 11; n += 1) close(n, -1);
    const since = () => health.evaluate(MONDAY_9 + 1_000).checks;
    expect(since().consecutiveLosses.since).toBeNull();
    close(12, -1);
    expect(since().consecutiveLosses.since).toBe(MONDAY_9 + 3);
    [1_000_000, 940_000, 951_000, 930_000].forEach((equity, n) => {
      const none = { dayStart: null, dayPeak: null };
      health.equity({ engine: 'e1', at: MONDAY_9 + 20 + n, equity, ...none });
    });
    expect(since().dailyDrawdown).toMatchObject({ outcome: 'breach', since: MONDAY_9 + 21 });
    health.equity({
      ...{ engine: 'e1', at: MONDAY_9 + 30, equity: 990_000, dayStart: null, dayPeak: null },
    });
    expect(since().dailyDrawdown.since).toBeNull();
  });
});

describe('a window that was kept', () => {
  it('gives the same verdict when it is judged anew, and another digest when it was altered', () => {
    const health = feed(monitorPolicy, 8, 20, 2_500);
    health.trade(MONDAY_9 + 5, { id: 't1', closedAt: MONDAY_9 + 5, pnl: -3 }, 'm1');
    health.equity({
      engine: 'e1',
      at: MONDAY_9,
      equity: 930_000,
      dayStart: 1_000_000,
      dayPeak: null,
    });
    const at = MONDAY_9 + 30;
    const before = health.evaluate(at);
    const file: WindowFile = {
      ...{ format: 'vigia.window.v1', at, model: 'm1', enhanced: false, policy: monitorPolicy },
      samples: health.freeze()() as WindowFile['samples'],
    };
    const again = replay(JSON.stringify(file), sha256);
    if (!again.ok) throw new Error(again.error.message);
    expect(again.value.evaluation.checks).toEqual(before.checks);
    expect(again.value.digest).toBe(windowDigest(file, sha256));
    const altered = { ...file, samples: { ...file.samples, errors: file.samples.errors.slice(1) } };
    expect(windowDigest(altered, sha256)).not.toBe(again.value.digest);
    expect(replay('{', sha256)).toMatchObject({ ok: false });
    expect(replay('{"format":"vigia.window.v1"}', sha256)).toMatchObject({
      error: { message: expect.stringContaining('at') },
    });
  });
});
