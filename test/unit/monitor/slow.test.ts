import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/gateway/engines/paper/market';
import { readCard } from '../../../src/shared/models/card';
import { conceptDrift } from '../../../src/shared/monitor/conceptDrift';
import { DayBook } from '../../../src/shared/monitor/days';
import { binOf, FeatureBook, psi } from '../../../src/shared/monitor/psi';
import { sharpeOf } from '../../../src/shared/monitor/sharpe';
import { createSlowMemory, type SlowFile } from '../../../src/shared/monitor/slowFile';
import { tradingDay } from '../../../src/shared/time';
import { card } from '../../support/models';
import { healthOf, MONDAY_9, monitorPolicy } from '../../support/monitor';

const HOUR = 3_600_000;

describe('the Sharpe ratio', () => {
  it('is mean over sample deviation, annual', () => {
    // 1 %, −0.5 %, 0.8 %, 0.2 %: mean 0.00375; deviations squared sum 0.00013675, over 3.
    const { value, error } = sharpeOf([0.01, -0.005, 0.008, 0.002]);
    const daily = 0.00375 / Math.sqrt(0.00013675 / 3);
    expect(value).toBeCloseTo(daily * 15.874507866387544, 9);
    expect(value).toBeCloseTo(8.817, 3);
    expect(error).toBeCloseTo(Math.sqrt((1 + (daily * daily) / 2) / 4) * Math.sqrt(252), 9);
  });

  it('of one return, or of returns that are all the same, is none', () => {
    expect(sharpeOf([]).value).toBeNull();
    expect(sharpeOf([0.01]).value).toBeNull();
    expect(sharpeOf([0.01, 0.01, 0.01]).value).toBeNull();
  });

  it('does not change when every return is multiplied', () => {
    const returns = fc.array(fc.integer({ min: -500, max: 500 }), { minLength: 3, maxLength: 40 });
    fc.assert(
      fc.property(returns, (points) => {
        const one = sharpeOf(points.map((point) => point / 10_000)).value;
        const three = sharpeOf(points.map((point) => (3 * point) / 10_000)).value;
        if (one === null) expect(three).toBeNull();
        else expect(three).toBeCloseTo(one, 6);
      }),
    );
  });
});

describe('the population stability index', () => {
  it('is Σ (a − e) ln(a / e), half a sample in each bin besides', () => {
    // 300 of 400 where half were expected: with half a sample each, 300.5/401 and 100.5/401.
    const [a, b] = [300.5 / 401, 100.5 / 401];
    const expected = (a - 0.5) * Math.log(a / 0.5) + (b - 0.5) * Math.log(b / 0.5);
    expect(psi([300, 100], [0.5, 0.5])).toBeCloseTo(expected, 12);
    expect(psi([300, 100], [0.5, 0.5])).toBeCloseTo(0.2727, 3);
    expect(psi([200, 200], [0.5, 0.5])).toBe(0);
    expect(psi([0, 0], [0.5, 0.5])).toBeNull();
  });

  it('is never negative and never infinite, also with empty bins', () => {
    const counts = fc.array(fc.nat({ max: 1_000 }), { minLength: 2, maxLength: 10 });
    fc.assert(
      fc.property(counts, (bins) => {
        const value = psi(
          bins,
          bins.map(() => 1 / bins.length),
        );
        if (value === null) return;
        expect(Number.isFinite(value)).toBe(true);
        expect(value).toBeGreaterThanOrEqual(-1e-12);
      }),
    );
  });

  it('a value on an edge is above it', () => {
    expect([-1, 0, 0.5, 1, 2].map((value) => binOf(value, [0, 1]))).toEqual([0, 1, 1, 2, 2]);
  });

  it('counts by hour in bounded memory, what is missing apart, and forgets what is old', () => {
    const book = new FeatureBook();
    book.expect(['x', 'y'], [{ feature: 'y', edges: [0], shares: [0.5, 0.5] }]);
    for (let n = 0; n < 5_000; n += 1) book.take(n, [9, n % 2 === 0 ? 1 : -1]);
    book.take(3 * HOUR, [9, null]);
    book.take(3 * HOUR, [1, 2, 3]);
    expect(book.freeze()).toHaveLength(2);
    expect(book.since(0)).toEqual([{ feature: 'y', counts: [2_500, 2_500], missing: 1 }]);
    const copy = new FeatureBook();
    copy.expect(['x', 'y'], [{ feature: 'y', edges: [0], shares: [0.5, 0.5] }]);
    copy.restore(book.freeze());
    expect(copy.since(0)).toEqual(book.since(0));
    expect(book.since(3 * HOUR)).toEqual([{ feature: 'y', counts: [0, 0], missing: 1 }]);
  });
});

describe('drift of features, of the live model', () => {
  const reference = [{ feature: 'x', edges: [0], shares: [0.5, 0.5] }];
  const given = (n: number, positive: number, order = ['x', 'z']) => {
    const health = healthOf();
    health.expect({ order, reference });
    for (let i = 0; i < n; i += 1) {
      const x = i < positive ? 1 : -1;
      health.inference(MONDAY_9, MONDAY_9, true, 20, 'm1', [x, 0]);
    }
    return health.evaluate(MONDAY_9).slow.features;
  };

  it('is judged on 250 samples or more; a feature without a reference is not', () => {
    expect(given(0, 0)[0]).toMatchObject({ outcome: 'no_data', hasReference: true });
    expect(given(249, 249)[0]).toMatchObject({ outcome: 'insufficient', samples: 249 });
    expect(given(250, 250)[0]).toMatchObject({ outcome: 'drift', samples: 250 });
    expect(given(250, 125)).toMatchObject([
      { feature: 'x', outcome: 'ok' },
      { feature: 'z', outcome: 'no_data', hasReference: false, psi: null },
    ]);
  });

  it('is computed once an hour, and anew with another model', () => {
    const health = healthOf();
    health.expect({ order: ['x'], reference });
    const at = (now: number) => health.evaluate(now).slow;
    expect(at(MONDAY_9).featuresAt).toBe(MONDAY_9);
    health.inference(MONDAY_9, MONDAY_9, true, 20, 'm1', [1]);
    expect(at(MONDAY_9 + HOUR - 1).features[0]).toMatchObject({ samples: 0 });
    expect(at(MONDAY_9 + HOUR).features[0]).toMatchObject({ samples: 1 });
    health.reset('m2', MONDAY_9 + HOUR);
    expect(at(MONDAY_9 + HOUR + 1).features).toEqual([]);
  });

  it('a card whose reference does not fit is refused, naming the field', () => {
    const refusal = (feature_reference: unknown) => {
      const read = readCard(card('m1', { feature_reference }));
      return read.ok ? 'taken' : read.error.message;
    };
    const good = { feature: 'ret_1', edges: [0], shares: [0.5, 0.5] };
    expect(refusal([good])).toBe('taken');
    expect(refusal([{ ...good, feature: 'other' }])).toContain('other is not in feature_order');
    expect(refusal([{ ...good, shares: [1] }])).toContain('feature_reference.0.shares');
    expect(refusal([{ ...good, shares: [0.5, 0.4] }])).toContain('make 1 together');
    expect(refusal([{ ...good, shares: [1, 0] }])).toContain('a share above 0');
    const edges = { ...good, edges: [1, 0], shares: [0.2, 0.3, 0.5] };
    expect(refusal([edges])).toContain('feature_reference.0.edges: edges that ascend');
  });
});

describe('concept drift', () => {
  const limits = monitorPolicy.drift.concept;
  const repeat = (pattern: readonly boolean[], times: number) =>
    Array.from({ length: times }, () => pattern).flat();

  it('needs thirty trades', () => {
    const even = repeat([true, false], 15);
    expect(conceptDrift([], limits)).toMatchObject({ state: 'insufficient', losing: null });
    expect(conceptDrift(even.slice(1), limits).state).toBe('insufficient');
    expect(conceptDrift(even, limits)).toMatchObject({ state: 'ok', trades: 30, losing: 0.5 });
  });

  it('warns and finds drift where Gama’s arithmetic does, by hand', () => {
    // A hundred even trades: least p = 0.5, s = 0.05. Then k losses: p = (50+k)/(100+k).
    const even = repeat([true, false], 50);
    const withLosses = (k: number) => conceptDrift([...even, ...repeat([true], k)], limits);
    const sum = (k: number) => {
      const p = (50 + k) / (100 + k);
      return p + Math.sqrt((p * (1 - p)) / (100 + k));
    };
    const first = (level: number) => {
      let k = 0;
      while (sum(k) < level) k += 1;
      return k;
    };
    const warns = first(0.5 + 2 * 0.05);
    const drifts = first(0.5 + 3 * 0.05);
    expect([warns, drifts]).toEqual([12, 28]);
    expect(withLosses(warns - 1).state).toBe('ok');
    expect(withLosses(warns).state).toBe('warning');
    expect(withLosses(drifts - 1).state).toBe('warning');
    expect(withLosses(drifts)).toMatchObject({ state: 'drift', foundAt: 100 + drifts });
  });

  it('stays found when results get better, and is quiet while they only get better', () => {
    const bad = [...repeat([true, false], 50), ...repeat([true], 40)];
    const after = conceptDrift([...bad, ...repeat([false], 200)], limits);
    expect(after.state).toBe('drift');
    expect(conceptDrift(repeat([false], 200), limits).state).toBe('ok');
  });
});

it('how often each test is wrong is what the document says', () => {
  const random = seededRandom(11);
  const times = 1_000;
  const share = (happens: () => boolean) =>
    Array.from({ length: times }, happens).filter(Boolean).length / times;
  const losses = (n: number, p: number) => Array.from({ length: n }, () => random() < p);
  const state = (list: readonly boolean[]) => conceptDrift(list, monitorPolicy.drift.concept).state;
  const falsely = (n: number) => share(() => state(losses(n, 0.5)) === 'drift');
  expect(falsely(100)).toBeLessThan(0.05);
  expect(falsely(1_000)).toBeLessThan(0.12);
  const found = share(() => state([...losses(200, 0.5), ...losses(100, 0.7)]) === 'drift');
  expect(found).toBeGreaterThan(0.35);
  const drifts = (n: number) =>
    share(() => {
      const counts = new Array<number>(10).fill(0);
      for (let one = 0; one < n; one += 1) {
        const bin = Math.floor(random() * 10);
        counts[bin] = (counts[bin] as number) + 1;
      }
      const value = psi(counts, new Array<number>(10).fill(0.1)) ?? 0;
      return value > monitorPolicy.drift.psi.limit;
    });
  expect(drifts(60)).toBeGreaterThan(0.1);
  expect(drifts(250)).toBeLessThan(0.01);
});

describe('trading days', () => {
  const equity = (at: number, value: number | null, engine = 'e1', currency = 'USD') => ({
    ...{ engine, at, equity: value, dayStart: 1_000, dayPeak: null, currency },
  });

  it('begin and end with the desk’s equity in Bogota’s day, over all engines', () => {
    const book = new DayBook(tradingDay);
    book.equity(equity(MONDAY_9, 1_010), 'm1');
    book.equity(equity(MONDAY_9, 500, 'e2'), 'm1');
    book.equity(equity(MONDAY_9 + HOUR, 1_020), 'm1');
    book.trade({ id: 't', closedAt: MONDAY_9, pnl: 5 }, 'm1');
    book.trade({ id: 'u', closedAt: MONDAY_9, pnl: -2 }, 'm1');
    // 23:59 in Bogota is the next day in Greenwich.
    book.trade({ id: 'v', closedAt: Date.UTC(2026, 0, 6, 4, 59), pnl: 1 }, 'm1');
    expect(book.figures()).toEqual([
      {
        ...{ day: '2026-01-05', model: 'm1', currency: 'USD', trades: 3, wins: 2, pnl: 4 },
        ...{ startEquity: 2_000, endEquity: 1_520 },
      },
    ]);
  });

  it('a missing figure, two currencies or two models are not made up for', () => {
    const book = new DayBook(tradingDay);
    book.equity(equity(MONDAY_9, null), 'm1');
    book.equity(equity(MONDAY_9 + 24 * HOUR, 1_000), 'm1');
    book.equity(equity(MONDAY_9 + 24 * HOUR, 4_000_000, 'e2', 'COP'), 'm2');
    expect(book.figures()).toMatchObject([
      { startEquity: 1_000, endEquity: null, model: 'm1' },
      { startEquity: null, endEquity: null, currency: null, model: null },
    ]);
  });

  it('outlast a restart, and what is of one model comes back to that model alone', () => {
    let stored: SlowFile | null = null;
    const file = {
      slow: (next: SlowFile) => {
        stored = JSON.parse(JSON.stringify(next)) as SlowFile;
        return true;
      },
      readSlow: () => stored,
    };
    const expected = {
      order: ['x'],
      reference: [{ feature: 'x', edges: [0], shares: [0.5, 0.5] }],
    };
    const watch = { model: 'm1', since: 1, enhanced: false, policy: monitorPolicy, expected };
    const first = healthOf();
    first.expect(expected);
    const memory = createSlowMemory(first, file);
    first.equity(equity(MONDAY_9, 1_010));
    first.inference(MONDAY_9, MONDAY_9, true, 20, 'm1', [1]);
    first.trade(MONDAY_9, { id: 't', closedAt: MONDAY_9, pnl: -1 }, 'm1');
    memory.remember(watch);
    const begin = (model: string | null) => {
      const health = healthOf(monitorPolicy, model ?? 'none');
      health.expect(expected);
      const again = createSlowMemory(health, file);
      again.recall({ ...watch, model });
      return { health, again };
    };
    const { slow, checks } = begin('m1').health.evaluate(MONDAY_9);
    expect(slow).toMatchObject({
      concept: { trades: 1 },
      features: [{ samples: 1 }],
      days: [{ day: '2026-01-05', trades: 1, endEquity: 1_010 }],
    });
    expect(checks.consecutiveLosses.value).toBe(1);
    const other = begin('m2').health.evaluate(MONDAY_9).slow;
    expect(other).toMatchObject({ concept: { trades: 0 }, days: [{ trades: 1 }] });
    // Before the log has told which model is live, nothing is written over.
    begin(null).again.remember({ ...watch, model: null });
    expect(stored).toMatchObject({ model: 'm1' });
  });
});
