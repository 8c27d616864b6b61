import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/node/sha256';
import { readCard } from '../../../src/shared/models/card';
import type { GateId } from '../../../src/shared/models/gateId';
import { allPass, type GatedState, promotionGates } from '../../../src/shared/models/gates';
import { fingerprintOf } from '../../../src/shared/models/promotion';
import type { ModelRecord } from '../../../src/shared/models/state';
import { NO_MODELS } from '../../../src/shared/models/state';
import { modelsPolicy } from '../../support/desk';
import { artifact, card, DAY, foldFacts, GOOD_STAGING } from '../../support/models';

const T = Date.UTC(2026, 0, 5);

function staged(change: Partial<ModelRecord> = {}): { state: GatedState; model: ModelRecord } {
  const read = readCard(card('m1'));
  if (!read.ok) throw new Error(read.error.message);
  const stage = (from: string, to: string, cause: string) => ({
    type: 'model.stage_changed',
    data: { model: 'm1', from, to, cause, request: null, retirement: null },
    ts: T,
  });
  const { models, alerts } = foldFacts([
    { type: 'model.registered', data: { ...read.value, source: 'operator' }, ts: T },
    stage('development', 'registered', 'backtest_passed'),
    stage('registered', 'staging', 'promotion'),
    {
      type: 'model.metrics_reported',
      data: {
        model: 'm1',
        phase: 'staging',
        metrics: GOOD_STAGING,
        shadowAgreement: 0.85,
        source: 'engine',
      },
      ts: T,
    },
  ]);
  const model = { ...(models.models.m1 as ModelRecord), ...change };
  return { state: { ...models, ...alerts, models: { m1: model } }, model };
}

function failing(change: Partial<ModelRecord>, now = T + 7 * DAY, state: Partial<GatedState> = {}) {
  const built = staged(change);
  const gates = promotionGates(
    { ...built.state, ...state },
    built.model,
    'production',
    modelsPolicy,
    now,
  );
  return gates
    .filter(({ outcome }) => outcome !== 'passed')
    .map(({ id, outcome }) => `${id} ${outcome}`);
}

const ALERT = { alert: 'a', kind: 'disk', engine: null, detail: 'd' } as const;

describe('what production asks for, to the letter', () => {
  it('all met: nothing stands against it', () => {
    expect(failing({})).toEqual([]);
  });

  it('6 d 23:59 in staging are refused and 7 d taken', () => {
    expect(failing({}, T + 7 * DAY - 60_000)).toEqual(['staging_time failed']);
    expect(failing({}, T + 7 * DAY)).toEqual([]);
  });

  it.each<[Partial<typeof GOOD_STAGING>, string | null]>([
    [{ sharpe: 1 }, null],
    [{ sharpe: 0.999 }, 'sharpe failed'],
    [{ winRate: 0.5 }, null],
    [{ winRate: 0.499 }, 'win_rate failed'],
    [{ maxDrawdown: 0.1 }, null],
    [{ maxDrawdown: 0.101 }, 'max_drawdown failed'],
    [{ trades: 100 }, null],
    [{ trades: 99 }, 'trades failed'],
  ])('%j', (change, fails) => {
    expect(failing({ staging: { ...GOOD_STAGING, ...change } })).toEqual(fails ? [fails] : []);
  });

  it('a missing figure is not a pass, and all failing gates are said at once', () => {
    expect(
      failing({ staging: null, shadowAgreement: null, owner: null, rollbackPlan: ' ' }),
    ).toEqual([
      'sharpe missing',
      'win_rate missing',
      'max_drawdown missing',
      'trades missing',
      'shadow_agreement missing',
      'owner failed',
      'rollback_plan failed',
    ]);
  });

  it('a shadow agreement below 85 % is refused', () => {
    expect(failing({ shadowAgreement: 0.8499 })).toEqual(['shadow_agreement failed']);
  });

  it('a critical alert during staging is refused; one before it is not', () => {
    expect(failing({}, T + 7 * DAY, { criticalAt: { m1: T + 1 } })).toEqual([
      'no_critical_alerts failed',
    ]);
    expect(failing({}, T + 7 * DAY, { criticalAt: { m1: T - 1 } })).toEqual([]);
    // Raised before, and still there: the model was never in staging without it.
    const { alerts } = foldFacts([
      {
        type: 'alert.raised',
        data: { ...ALERT, severity: 'P1', model: 'm1' },
        ts: T - 1,
      },
    ]);
    expect(failing({}, T + 7 * DAY, alerts)).toEqual(['no_critical_alerts failed']);
    const other = foldFacts([
      { type: 'alert.raised', data: { ...ALERT, severity: 'P1', model: 'm0' }, ts: T },
      { type: 'alert.raised', data: { ...ALERT, alert: 'b', severity: 'P2', model: 'm1' }, ts: T },
    ]);
    expect(failing({}, T + 7 * DAY, other.alerts)).toEqual([]);
  });

  it('an engine without the very artifact stands in the way, whatever is waived', () => {
    const engines = {
      e1: { loaded: null, available: [{ ...artifact('m1'), hash: 'c'.repeat(64) }], at: T },
    };
    expect(failing({}, T + 7 * DAY, { engines })).toEqual(['on_every_engine failed']);
    const { state, model } = staged();
    const waived: GateId[] = ['on_every_engine'];
    const gates = promotionGates(
      { ...state, engines },
      model,
      'production',
      modelsPolicy,
      T,
      waived,
    );
    expect(gates.find(({ id }) => id === 'on_every_engine')?.outcome).toBe('failed');
  });

  it('a waiver and an exception lift what they name and nothing else', () => {
    const { state, model } = staged({ staging: null });
    const exception = {
      ...{ id: 'x', model: 'm1', gates: ['sharpe'] as GateId[], justification: '', at: T },
      by: { id: 'luis', role: 'cto', terminal: null },
      until: T + DAY,
    };
    const outcomes = (now: number) => {
      const held = { ...state, exceptions: [exception] };
      const gates = promotionGates(held, model, 'production', modelsPolicy, now, ['win_rate']);
      return Object.fromEntries(gates.map(({ id, outcome }) => [id, outcome]));
    };
    expect(outcomes(T)).toMatchObject({ sharpe: 'waived', win_rate: 'waived', trades: 'missing' });
    expect(outcomes(T + DAY)).toMatchObject({ sharpe: 'missing', win_rate: 'waived' });
  });
});

it('an approval is bound to artifact, figures, owners, rollback plan and thresholds', () => {
  const { model } = staged();
  const print = (one: ModelRecord, policy = modelsPolicy) =>
    fingerprintOf(one, 'production', policy, sha256);
  const now = print(model);
  expect(print({ ...model, risks: ['another risk'] })).toBe(now);
  expect(print({ ...model, hashes: { ...model.hashes, normStats: null } })).not.toBe(now);
  expect(print({ ...model, staging: { ...GOOD_STAGING, trades: 181 } })).not.toBe(now);
  expect(print({ ...model, shadowAgreement: 0.9 })).not.toBe(now);
  expect(print({ ...model, owner: 'rosa' })).not.toBe(now);
  expect(print({ ...model, rollbackPlan: 'another plan' })).not.toBe(now);
  const production = { ...modelsPolicy.promotion.production, minSharpe: 0.9 };
  const eased = { ...modelsPolicy, promotion: { ...modelsPolicy.promotion, production } };
  expect(print(model, eased)).not.toBe(now);
});

it('a model of which nothing is known passes nothing', () => {
  const { model } = staged();
  const bare = { ...model, backtest: null };
  expect(
    allPass(
      promotionGates(
        { ...NO_MODELS, active: {}, criticalAt: {} },
        bare,
        'staging',
        modelsPolicy,
        T,
      ),
    ),
  ).toBe(false);
});
