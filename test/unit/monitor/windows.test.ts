import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeRing } from '../../../src/shared/monitor/ring';
import {
  chanceOfRun,
  nearestRank,
  p99Allows,
  wilsonLower,
} from '../../../src/shared/monitor/statistics';
import { healthOf, literal, MONDAY_9 } from '../../support/monitor';

const MINUTE = 60_000;

describe('the P99', () => {
  // The sketch's `sorted[int(n · 0.99)]` gives the maximum for every n up to 100.
  it.each([
    [1, 1],
    [99, 99],
    [100, 99],
    [101, 100],
    [200, 198],
  ])('of 1 … %i is %i', (n, expected) => {
    const values = Float64Array.from({ length: n }, (_, i) => n - i);
    expect(nearestRank(values, 0.99)).toBe(expected);
  });

  it('is the sorted one’s, whatever the values', () => {
    // Minus zero and zero are one value, in whatever order a sort puts them.
    const values = fc.array(
      fc.double({ noNaN: true }).map((one) => one + 0),
      {
        minLength: 1,
        maxLength: 400,
      },
    );
    fc.assert(
      fc.property(values, (numbers) => {
        const sorted = Float64Array.from(numbers).sort();
        const expected = sorted[Math.ceil(0.99 * sorted.length - 1e-9) - 1];
        expect(nearestRank(Float64Array.from(numbers), 0.99)).toBe(expected);
      }),
    );
  });

  it('is above the limit exactly when more samples are than it allows', () => {
    const samples = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(samples, fc.integer({ min: 0, max: 20 }), (numbers, limit) => {
        const above = numbers.filter((one) => one > limit).length;
        const p99 = nearestRank(Float64Array.from(numbers), 0.99) ?? 0;
        expect(p99 > limit).toBe(above > p99Allows(numbers.length));
      }),
    );
  });
});

describe('statistics against known figures', () => {
  it('Wilson’s lower bound', () => {
    // 10 of 100 at 95 % two-sided: 0.0552 (Newcombe 1998's method 3).
    expect(wilsonLower(10, 100, 1.959964)).toBeCloseTo(0.0552, 4);
    expect(wilsonLower(0, 50, 1.645)).toBe(0);
    expect(wilsonLower(0, 0, 1.645)).toBe(0);
  });

  it.each([
    [100, 0.044],
    [250, 0.11],
    [1_000, 0.39],
  ])('ten losses in a row come by chance within %i trades in %f of cases', (n, chance) => {
    expect(chanceOfRun(10, n, 0.5)).toBeCloseTo(chance, 2);
  });
});

describe('a window', () => {
  it('holds what a straightforward list holds, however late samples come', () => {
    const sample = fc.record({ at: fc.integer({ min: 0, max: 500 }), value: fc.integer() });
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 200 }), fc.nat(500), (samples, cutoff) => {
        const ring = new TimeRing(2);
        for (const { at, value } of samples) ring.push(at, value);
        const gone: number[] = [];
        ring.evict(cutoff, (value) => gone.push(value));
        const sorted = samples
          .map((one, index) => ({ ...one, index }))
          .sort((a, b) => a.at - b.at || a.index - b.index);
        const kept = sorted.filter(({ at }) => at > cutoff);
        expect(ring.freeze()()).toEqual(kept.map(({ at, value }) => [at, value]));
        expect(gone).toEqual(sorted.filter(({ at }) => at <= cutoff).map(({ value }) => value));
      }),
    );
  });

  it('is as long as it says under load: a list of 1,000 would have forgotten the errors', () => {
    const health = healthOf(literal);
    const start = MONDAY_9;
    // 100 a second for ten minutes, the first minute failing in one of two: 3,000 of 60,000.
    for (let n = 0; n < 60_000; n += 1) {
      const at = start + n * 10;
      const failing = n < 6_000 && n % 2 === 0;
      health.inference(at, at, !failing, 20, 'm1');
    }
    const { errorRate } = health.evaluate(start + 10 * MINUTE).checks;
    expect(errorRate).toMatchObject({
      samples: 60_000,
      breaching: 3_000,
      value: 0.05,
      outcome: 'warning',
    });
    const later = health.evaluate(start + 15 * MINUTE + 60_000).checks.errorRate;
    expect(later).toMatchObject({ samples: 53_999, breaching: 0 });
  });

  it('is that of the live model: the old one’s samples and earlier ones do not count', () => {
    const health = healthOf(literal, 'old');
    for (let n = 0; n < 100; n += 1) health.inference(MONDAY_9, MONDAY_9 + n, false, 20, 'old');
    for (let n = 0; n < 12; n += 1)
      health.trade(MONDAY_9 + n, { id: `t${n}`, closedAt: MONDAY_9 + n, pnl: -1 }, 'old');
    health.reset('new', MONDAY_9 + MINUTE);
    health.inference(MONDAY_9 + MINUTE, MONDAY_9 + MINUTE, false, 20, 'old');
    health.inference(MONDAY_9 + MINUTE, MONDAY_9 + 1, false, 20, 'new');
    const found = health.evaluate(MONDAY_9 + MINUTE + 1);
    expect(found.checks.errorRate).toMatchObject({ outcome: 'no_data', value: null, samples: 0 });
    expect(found.checks.consecutiveLosses).toMatchObject({ outcome: 'insufficient', value: null });
    expect(found.ignored).toBe(2);
  });

  it('takes no sample from the future, so that a clock gone wrong holds nothing hostage', () => {
    const health = healthOf(literal);
    health.inference(MONDAY_9, MONDAY_9 + 3_600_000, false, 20, 'm1');
    expect(health.evaluate(MONDAY_9)).toMatchObject({ ignored: 1 });
    expect(health.evaluate(MONDAY_9).checks.errorRate.outcome).toBe('no_data');
  });
});
