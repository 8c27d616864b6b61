import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCard } from '../../../src/shared/models/card';
import { sharpeCheck } from '../../../src/shared/monitor/dayClose';
import type { DayFigures } from '../../../src/shared/monitor/days';
import type { Evaluation } from '../../../src/shared/monitor/health';
import { createMonitor } from '../../../src/shared/monitor/monitor';
import type { MonitorItem } from '../../../src/shared/monitor/report';
import type { SlowFigures } from '../../../src/shared/monitor/slow';
import { createSlowMonitor } from '../../../src/shared/monitor/slowMonitor';
import { TRIGGERS, type Trigger } from '../../../src/shared/monitor/trigger';
import type { Check, Outcome } from '../../../src/shared/monitor/verdict';
import type { OpsState } from '../../../src/shared/ops/state';
import { modelsPolicy } from '../../support/desk';
import { card, DAY, foldFacts } from '../../support/models';
import { MONDAY_9, NOTHING_SLOW, monitorPolicy as policy } from '../../support/monitor';

interface Found {
  readonly at?: number;
  readonly model?: string;
  readonly winRate?: number | null;
  readonly drawdown?: number | null;
  readonly outcomes?: Partial<Record<Trigger, Outcome>>;
  readonly slow?: Partial<SlowFigures>;
}

function evaluation(found: Found): Evaluation {
  const { at = MONDAY_9, model = 'm1', winRate = null, drawdown = null, outcomes = {} } = found;
  const checks = Object.fromEntries(
    TRIGGERS.map((trigger) => {
      const isFall = trigger === 'dailyDrawdown';
      const value = isFall ? drawdown : null;
      const outcome = outcomes[trigger] ?? (isFall && drawdown !== null ? 'ok' : 'no_data');
      return [trigger, { trigger, outcome, value, limit: 0.05, warning: 0.03 } as Check];
    }),
  ) as Record<Trigger, Check>;
  const about = {
    at,
    model,
    latencyP50: null,
    winRate,
    checks,
    enhanced: false,
    ignored: 0,
    partial: false,
    inSession: true,
  };
  return { ...about, slow: { ...NOTHING_SLOW, ...found.slow } };
}

type Told = { type: string; data: object; ts?: number; by?: string };

/** A log to which what a monitor tells is added as the gateway would. */
function desk(first: readonly Told[] = []) {
  const facts: Told[] = [...first];
  let ids = 0;
  const begin = () =>
    createSlowMonitor({
      policy: () => policy,
      newId: () => {
        ids += 1;
        return `r${ids}`;
      },
    });
  let monitor = begin();
  const ops = (): OpsState => foldFacts(facts);
  const record = (item: MonitorItem, ts: number): Told => {
    if (item.item === 'alert')
      return { type: 'alert.raised', data: { ...item.data, engine: null }, ts };
    if (item.item === 'clear') return { type: 'alert.cleared', data: item.data, ts };
    if (item.item === 'day') return { type: 'monitor.day_closed', data: item.data, ts };
    return { type: 'retraining.proposed', data: item.data, ts };
  };
  return {
    ops,
    /** @param late nothing of it has come back from the log yet. */
    check(found: Found, late = false): readonly MonitorItem[] {
      const items = monitor.check(evaluation(found), ops());
      if (!late) facts.push(...items.map((item) => record(item, found.at ?? MONDAY_9)));
      return items;
    },
    another() {
      monitor = begin();
    },
    add: (...more: Told[]) => facts.push(...more),
  };
}

const words = (items: readonly MonitorItem[]): string[] =>
  items.map((item) => {
    if (item.item === 'alert') return `${item.data.severity} ${item.data.alert}`;
    if (item.item === 'clear') return `over ${item.data.alert}`;
    return item.item;
  });

describe('the win rate', () => {
  it('warns below 48 %, is critical below 45 %, one alert under one key, and over when it is', () => {
    const one = desk();
    const said = (winRate: number | null) => words(one.check({ winRate }));
    expect(said(null)).toEqual([]);
    expect(said(0.48)).toEqual([]);
    expect(said(0.47)).toEqual(['P2 win_rate']);
    expect(said(0.46)).toEqual([]);
    expect(said(0.45)).toEqual([]);
    expect(said(0.44)).toEqual(['P1 win_rate']);
    expect(said(0.46)).toEqual(['P2 win_rate']);
    // Too few trades is no health.
    expect(said(null)).toEqual([]);
    expect(said(0.5)).toEqual(['over win_rate']);
    expect(one.ops().alerts.active).toEqual({});
  });

  it('is told once while the log has not come back with it, and once after a handover', () => {
    const one = desk();
    expect(words(one.check({ winRate: 0.47 }, true))).toEqual(['P2 win_rate']);
    expect(words(one.check({ winRate: 0.47 }))).toEqual([]);
    const two = desk();
    two.check({ winRate: 0.47 });
    two.another();
    expect(words(two.check({ winRate: 0.47 }))).toEqual([]);
  });

  it('of a model that is not live any more is over', () => {
    const one = desk();
    one.check({ winRate: 0.4 });
    expect(words(one.check({ winRate: null, model: 'm2' }))).toEqual(['over win_rate']);
  });
});

describe('the steps of the day’s drawdown', () => {
  it('are raised at 50, 75, 90 and 95 % of the limit, the last as P1, and clear with hysteresis', () => {
    const one = desk();
    const said = (drawdown: number | null) => words(one.check({ drawdown }));
    expect(said(0.0249)).toEqual([]);
    expect(said(0.025)).toEqual(['P2 drawdown_step:0.5']);
    expect(said(0.046)).toEqual(['P2 drawdown_step:0.75', 'P2 drawdown_step:0.9']);
    expect(said(0.0475)).toEqual(['P1 drawdown_step:0.95']);
    expect(said(null)).toEqual([]);
    // 0.8 of each step: 0.038, 0.036, 0.03, 0.02.
    expect(said(0.0375)).toEqual(['over drawdown_step:0.95']);
    expect(said(0.021)).toEqual(['over drawdown_step:0.75', 'over drawdown_step:0.9']);
    expect(said(0)).toEqual(['over drawdown_step:0.5']);
  });

  it('each once a trading day, however often it comes back, whoever watches', () => {
    const path = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.boolean()), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(path, (points) => {
        const one = desk();
        const raised: string[] = [];
        points.forEach(([permille, handover], n) => {
          if (handover) one.another();
          const items = one.check({ drawdown: permille / 1_000, at: MONDAY_9 + n });
          raised.push(...words(items).filter((word) => /^P/.test(word)));
        });
        expect(new Set(raised).size).toBe(raised.length);
      }),
      { numRuns: 50 },
    );
    const one = desk();
    one.check({ drawdown: 0.03 });
    one.check({ drawdown: 0 });
    expect(words(one.check({ drawdown: 0.03 }))).toEqual([]);
    expect(words(one.check({ drawdown: 0.03, at: MONDAY_9 + DAY }))).toEqual([
      'P2 drawdown_step:0.5',
    ]);
  });
});

it('a trigger’s warning or suspicion is a P2 alert until it is well again', () => {
  const one = desk();
  const said = (outcome: Outcome) => words(one.check({ outcomes: { errorRate: outcome } }));
  expect(said('warning')).toEqual(['P2 warning:errorRate']);
  expect(said('suspect')).toEqual([]);
  expect(said('no_data')).toEqual([]);
  expect(said('insufficient')).toEqual([]);
  expect(said('ok')).toEqual(['over warning:errorRate']);
});

it('drift is one alert that names the features, told again when they are others', () => {
  const one = desk();
  const row = (feature: string, psi: number) => ({
    ...{ feature, psi, samples: 300, missing: 0, hasReference: true },
    outcome: psi > 0.2 ? ('drift' as const) : ('ok' as const),
  });
  const said = (...features: ReturnType<typeof row>[]) => one.check({ slow: { features } });
  expect(words(said(row('x', 0.1)))).toEqual([]);
  const [alert] = said(row('x', 0.3), row('y', 0.1));
  expect(alert).toMatchObject({ data: { alert: 'feature_drift', severity: 'P2' } });
  expect(alert).toMatchObject({ data: { detail: 'x PSI 0.3 (n 300)' } });
  expect(words(said(row('x', 0.31), row('y', 0.1)))).toEqual([]);
  expect(words(said(row('x', 0.31), row('y', 0.4)))).toEqual(['P2 feature_drift']);
  expect(words(said())).toEqual([]);
  expect(words(said(row('x', 0.1), row('y', 0.1)))).toEqual(['over feature_drift']);
});

const figures = (day: string, change: Partial<DayFigures> = {}): DayFigures => ({
  ...{ day, model: 'm1', startEquity: 1_000, endEquity: 1_000, currency: 'USD' },
  ...{ trades: 0, wins: 0, pnl: 0, ...change },
});

describe('the close of a day', () => {
  const days = ['2026-01-02', '2026-01-03', '2026-01-04', '2026-01-05'].map((day) => figures(day));

  it('is recorded once it is over, trading days alone, also those of a machine that was off', () => {
    const one = desk();
    // Monday morning: Friday is over; Saturday and Sunday had no trading, and Monday goes on.
    const items = one.check({ slow: { days } });
    expect(items).toMatchObject([{ item: 'day', data: { day: '2026-01-02', drifted: [] } }]);
    expect(one.check({ slow: { days } })).toEqual([]);
    one.another();
    expect(one.check({ slow: { days } })).toEqual([]);
    expect(one.check({ slow: { days }, at: MONDAY_9 + DAY })).toMatchObject([
      { data: { day: '2026-01-05' } },
    ]);
    expect(one.ops().monitor.days.map(({ day }) => day)).toEqual(['2026-01-02', '2026-01-05']);
  });

  it('counts once, in whatever order and however often it is told', () => {
    const told = fc.array(fc.integer({ min: 1, max: 28 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(told, (numbers) => {
        const facts = numbers.map((number) => ({
          type: 'monitor.day_closed',
          data: { ...figures(`2026-01-${String(number).padStart(2, '0')}`), drifted: [] },
        }));
        const kept = foldFacts(facts).monitor.days.map(({ day }) => day);
        expect(kept).toEqual([...new Set(kept)].sort());
      }),
    );
  });
});

/** Closed trading days of m1 whose returns are the ones given, as facts. */
function closes(returns: readonly number[], drifted: readonly string[] = []): Told[] {
  return returns.map((one, n) => ({
    type: 'monitor.day_closed',
    data: {
      ...figures(new Date(Date.UTC(2025, 10, 1) + n * DAY).toISOString().slice(0, 10), {
        endEquity: 1_000 * (1 + one),
      }),
      drifted: drifted.map((feature) => ({ feature, psi: 0.3 })),
    },
  }));
}

/** Days up and down by turns, of a Sharpe ratio of about `daily` × √252. */
const swing = (n: number, daily: number): number[] =>
  Array.from({ length: n }, (_, at) => 0.01 * (daily + (at % 2 === 0 ? 1 : -1)));

describe('the Sharpe ratio of the live model', () => {
  const limits = policy.alerts.sharpe;
  const check = (returns: readonly number[], model = 'm1') =>
    sharpeCheck(foldFacts(closes(returns)).monitor.days, model, limits);

  it('needs twenty days of that model alone, and looks at the latest thirty', () => {
    expect(check([]).outcome).toBe('no_data');
    expect(check(swing(19, 0.2)).outcome).toBe('insufficient');
    expect(check(swing(20, 0.2))).toMatchObject({ outcome: 'ok', days: 20 });
    expect(check(swing(40, 0.2), 'm2').outcome).toBe('no_data');
    expect(check([...swing(30, -1), ...swing(30, 0.2)])).toMatchObject({ outcome: 'ok', days: 30 });
  });

  it('below 0.8 warns, below 0.5 is critical', () => {
    // Over 30 such days the sample deviation is 0.01 × √(30/29).
    const daily = (annual: number) => (annual / Math.sqrt(252)) * Math.sqrt(30 / 29);
    expect(check(swing(30, daily(0.81)))).toMatchObject({ outcome: 'ok' });
    expect(check(swing(30, daily(0.79))).value).toBeCloseTo(0.79, 9);
    expect(check(swing(30, daily(0.79))).outcome).toBe('warning');
    expect(check(swing(30, daily(0.49))).outcome).toBe('critical');
    expect(words(desk(closes(swing(30, daily(0.7)))).check({}))).toEqual(['P2 sharpe']);
    const poor = desk(closes(swing(24, -0.1))).check({});
    expect(words(poor)[0]).toBe('P1 sharpe');
  });
});

describe('retraining', () => {
  const read = readCard(card('m1'));
  const registered = (createdDay: string): Told => ({
    type: 'model.registered',
    data: { ...(read.ok ? read.value : {}), createdDay, source: 'operator' },
    ts: MONDAY_9 - 20 * DAY,
  });
  const young = registered('2025-12-20');
  const proposals = (items: readonly MonitorItem[]) =>
    items.flatMap((item) => (item.item === 'retraining' ? [item.data] : []));

  it('is proposed for the same feature drifted at three closes in a row', () => {
    const two = desk([young, ...closes([0, 0], ['x'])]);
    expect(proposals(two.check({}))).toEqual([]);
    const three = desk([young, ...closes([0, 0, 0], ['x'])]);
    expect(proposals(three.check({}))).toMatchObject([{ cause: 'psi_3_days', model: 'm1' }]);
    const broken = [...closes([0, 0, 0], ['x'])].map((fact, n) =>
      n === 1 ? { ...fact, data: { ...fact.data, drifted: [{ feature: 'y', psi: 1 }] } } : fact,
    );
    expect(proposals(desk([young, ...broken]).check({}))).toEqual([]);
  });

  it('is proposed for a Sharpe ratio that was critical at seven closes in a row', () => {
    // The twentieth close is the first that says anything.
    expect(proposals(desk([young, ...closes(swing(25, -0.1))]).check({}))).toEqual([]);
    expect(proposals(desk([young, ...closes(swing(26, -0.1))]).check({}))).toMatchObject([
      { cause: 'sharpe_7_days' },
    ]);
  });

  it('is proposed for concept drift, and for a model older than ninety days', () => {
    const concept = { ...NOTHING_SLOW.concept, state: 'drift' as const, foundAt: 130, trades: 140 };
    expect(proposals(desk([young]).check({ slow: { concept } }))).toMatchObject([
      { cause: 'drift', detail: 'concept drift since trade 130' },
    ]);
    const born = (days: number) =>
      registered(new Date(MONDAY_9 - days * DAY).toISOString().slice(0, 10));
    expect(proposals(desk([born(89)]).check({}))).toEqual([]);
    expect(proposals(desk([born(91)]).check({}))).toMatchObject([{ cause: 'model_age' }]);
  });

  it('once a week at most, never beside an open one, and it changes no model', () => {
    const one = desk([registered('2025-01-01')]);
    const at = (days: number) => proposals(one.check({ at: MONDAY_9 + days * DAY }));
    const before = one.ops().models;
    expect(at(0)).toHaveLength(1);
    expect(at(0.1)).toEqual([]);
    one.another();
    expect(at(8)).toEqual([]);
    const [open] = one.ops().monitor.retrainings;
    one.add({
      type: 'retraining.closed',
      data: { retraining: open?.id, outcome: 'worse' },
      ts: MONDAY_9 + 6 * DAY,
    });
    expect(at(6.9)).toEqual([]);
    expect(at(7)).toHaveLength(1);
    expect(one.ops().models).toEqual(before);
  });
});

const SOFTWARE = { instruments: ['USD/COP'], software: 'test' };

describe('blindness by policy', () => {
  const dark = evaluation({ outcomes: { errorRate: 'no_data' } });
  const ops = (environment: 'live' | 'paper', dryRun = false): OpsState =>
    foldFacts([
      {
        type: 'log.opened',
        data: { epoch: 'e', gatewayId: 'g', publicKey: 'k', environment },
      },
      {
        type: 'engine.registered',
        data: { ...{ engine: 'e1', name: 'e1', kind: 'fake', environment }, ...SOFTWARE },
      },
      ...(dryRun
        ? [{ type: 'monitor.dry_run_set', data: { on: true, until: MONDAY_9 + DAY } }]
        : []),
    ]);
  const run = (state: OpsState) => {
    const monitor = createMonitor({
      policy: () => policy,
      models: () => modelsPolicy,
      newId: () => 'id',
    });
    return [1, 2, 3, 4, 5].map(() => monitor.check(dark, state));
  };

  it('orders a pause on a live desk, on record as a decision of its own', () => {
    const verdicts = run(ops('live'));
    const commands = verdicts.flatMap((one) => one.commands);
    expect(commands).toEqual([
      { name: 'pause', id: 'id', reason: 'auto: no data: dailyDrawdown, errorRate, latencyP99' },
    ]);
    const items = verdicts.flatMap((one) => one.items);
    expect(items.filter(({ item }) => item === 'blind')).toEqual([
      {
        item: 'blind',
        data: { model: 'm1', dark: ['dailyDrawdown', 'errorRate', 'latencyP99'], dryRun: false },
      },
    ]);
    expect(verdicts.every(({ fired }) => fired === null)).toBe(true);
  });

  it('not on paper, and in a dry run it only says what it would have done', () => {
    expect(run(ops('paper')).flatMap((one) => one.commands)).toEqual([]);
    const dry = run(ops('live', true));
    expect(dry.flatMap((one) => one.commands)).toEqual([]);
    expect(dry.flatMap((one) => one.items)).toContainEqual(
      expect.objectContaining({ item: 'blind', data: expect.objectContaining({ dryRun: true }) }),
    );
  });
});
