import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operator } from '../../../src/gateway/commands';
import * as models from '../../../src/gateway/decide/models';
import type { ModelsContext } from '../../../src/gateway/decide/modelsContext';
import * as promotions from '../../../src/gateway/decide/promotions';
import { Refusal } from '../../../src/gateway/decide/refusal';
import { rollback } from '../../../src/gateway/decide/rollback';
import type { Fact } from '../../../src/gateway/facts';
import { factsDue, voided } from '../../../src/gateway/models/governance';
import { sha256 } from '../../../src/node/sha256';
import type { LogEvent } from '../../../src/shared/log/event';
import { isTransition } from '../../../src/shared/models/lifecycle';
import { liveAt, rollbackTargets } from '../../../src/shared/models/rollback';
import { foldOps } from '../../../src/shared/ops/fold';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import { modelsPolicy } from '../../support/desk';
import { card, DAY, GOOD_STAGING } from '../../support/models';

const PEOPLE: Record<string, Operator> = Object.fromEntries(
  (
    [
      ['ana', ['trading-lead']],
      ['ines', ['model-owner']],
      ['marta', ['model-owner']],
      ['pablo', ['engineering-lead']],
      ['rosa', ['engineering-lead']],
      ['luis', ['cto']],
      ['eva', ['viewer']],
    ] as const
  ).map(([id, roles]) => [id, { id, name: id, roles: [...roles] }]),
);
const MODELS = ['m1', 'm2', 'm3'];
const CHECKLIST = { backtestReviewed: true, metricsAcceptable: true, teamNotified: true } as const;

/** The gateway's decisions without a gateway: what is decided is folded, and written down. */
function desk() {
  let state = INITIAL_OPS_STATE;
  let now = Date.UTC(2026, 0, 5);
  let commands = 0;
  const events: LogEvent[] = [];

  function append(facts: readonly Fact[], by: string, commandId: string | null): void {
    for (const fact of facts) {
      const seq = state.seq + 1;
      const actor = { id: by, role: 'x', terminal: null };
      const sealed = { seq, id: `e${seq}`, ts: now, actor, commandId, reason: 'r' };
      const event = { ...sealed, ...fact, actor, prevHash: '', hash: '' } as unknown as LogEvent;
      events.push(event);
      state = foldOps(state, event);
    }
  }

  function keep(): void {
    const facts = [...factsDue(state, modelsPolicy, now), ...voided(state, modelsPolicy, sha256)];
    append(facts, 'gateway', null);
  }

  return {
    events,
    state: () => state.models,
    wait(ms: number) {
      now += ms;
      keep();
    },
    /** @returns the code of the refusal, null when it was taken. */
    give(by: string, decision: (context: ModelsContext, who: Operator) => Fact[]) {
      commands += 1;
      const id = `c${commands}`;
      const { active, criticalAt } = state.alerts;
      const known = { ...state.models, active, criticalAt };
      const context = { state: known, policy: modelsPolicy, sha256, now, incidentSince: null, id };
      try {
        append(decision(context, PEOPLE[by] as Operator), by, id);
        keep();
        return null;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return error.code;
      }
    },
  };
}

const who = fc.constantFrom(...Object.keys(PEOPLE));
const model = fc.constantFrom(...MODELS);
const sharpe = fc.constantFrom(0.4, 0.9, 1.6);
const step = fc.oneof(
  fc.record({ does: fc.constant('register' as const), who, model, sharpe }),
  fc.record({ does: fc.constant('report' as const), who, model, sharpe }),
  fc.record({
    ...{ does: fc.constant('promote' as const), who, model },
    target: fc.constantFrom('staging' as const, 'production' as const),
    emergency: fc.boolean(),
  }),
  fc.record({ does: fc.constantFrom('approve' as const, 'reject' as const), who }),
  fc.record({ does: fc.constant('rollback' as const), who, model }),
  fc.record({ does: fc.constant('retire' as const), who, model, emergency: fc.boolean() }),
  fc.record({ does: fc.constant('wait' as const), ms: fc.constantFrom(60_000, DAY, 7 * DAY) }),
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** The right way to production, with some of its steps left out. */
const walk = fc
  .record({ model, kept: fc.array(fc.nat(9), { minLength: 8, maxLength: 8 }) })
  .map(({ model: id, kept }) => {
    const asked = { does: 'promote', who: 'ana', model: id, emergency: false } as const;
    const steps: Step[] = [
      { does: 'register', who: 'pablo', model: id, sharpe: 1.6 },
      { ...asked, target: 'staging' },
      { does: 'approve', who: 'ines' },
      { does: 'report', who: 'pablo', model: id, sharpe: 1.6 },
      { does: 'wait', ms: 7 * DAY },
      { ...asked, target: 'production' },
      { does: 'approve', who: 'ines' },
      { does: 'approve', who: 'rosa' },
    ];
    return steps.filter((_, at) => kept[at] !== 0);
  });
const history = fc
  .array(
    fc.oneof(
      step.map((one) => [one]),
      walk,
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.flat());

function take(on: ReturnType<typeof desk>, one: Step): void {
  if (one.does === 'wait') {
    on.wait(one.ms);
    return;
  }
  const common = { reason: 'r', origin: 'console' } as const;
  const [request = 'none'] = on.state().requests.map(({ id }) => id);
  on.give(one.who, (context, operator) => {
    switch (one.does) {
      case 'register': {
        const performance = { ...card(one.model).performance, backtest_sharpe: one.sharpe };
        return models.register(context, card(one.model, { performance }), 'operator');
      }
      case 'report': {
        const metrics = { ...GOOD_STAGING, sharpe: one.sharpe };
        const about = { phase: 'staging', metrics, shadowAgreement: 0.9 } as const;
        return models.report(context, { model: one.model, ...about }, 'operator');
      }
      case 'promote': {
        const waiver = { waived: ['staging_time' as const], justification: 'j' };
        const { target, emergency } = one;
        const asked = { model: one.model, target, checklist: CHECKLIST, ...common };
        const params = { ...asked, emergency: emergency ? waiver : null };
        return promotions.promote(context, params, operator);
      }
      case 'approve':
        return promotions.approve(context, { request, ...common }, operator);
      case 'reject':
        return promotions.closeRequest(context, { request, ...common }, 'rejected', operator);
      case 'rollback':
        return rollback(context, { target: one.model, fence: null, ...common }, operator);
      case 'retire': {
        const cause = one.emergency ? ('emergency' as const) : ('replaced' as const);
        const about = { model: one.model, cause, teamNotified: true as const, reason: 'r' };
        return models.retire(context, about, operator);
      }
    }
  });
}

interface Approved {
  readonly request: string;
  readonly capacity: string;
}

describe('no sequence of commands', () => {
  it('reaches production past policy, leaves two models live, or skips a stage', () => {
    let produced = 0;
    fc.assert(
      fc.property(history, (steps) => {
        const on = desk();
        for (const one of steps) {
          take(on, one);
          const live = Object.values(on.state().models).filter(
            ({ stage }) => stage === 'production',
          );
          expect(live.map(({ model: id }) => id)).toEqual(
            on.state().production === null ? [] : [on.state().production],
          );
        }
        const staged = new Map<string, number>();
        const seen = new Set<string>();
        for (const event of on.events) {
          if (event.type !== 'model.stage_changed') continue;
          const { from, to, cause, request, model: id } = event.data as Record<string, string>;
          expect(isTransition(from as never, to as never, cause as never)).toBe(true);
          if (to === 'staging') staged.set(id ?? '', event.ts);
          if (to !== 'production' || cause === 'rollback') continue;
          produced += 1;
          const approvals = on.events.filter(
            (one) =>
              one.type === 'promotion.approved' &&
              one.seq < event.seq &&
              (one.data as unknown as Approved).request === request,
          );
          const asked = on.events.find(
            (one) => one.type === 'promotion.requested' && one.data.request === request,
          );
          const authored = on.events.filter(
            (one) => one.type === 'model.registered' && one.data.model === id,
          );
          for (const { actor, seq } of approvals) {
            const before = authored.filter((one) => one.seq < seq);
            expect(before.map((one) => one.actor.id)).not.toContain(actor.id);
          }
          const capacities = approvals.map(({ data }) => (data as unknown as Approved).capacity);
          if (cause === 'emergency_promotion') {
            expect(capacities).toContain('cto');
          } else {
            expect(capacities).toContain('model-owner');
            expect(event.ts - (staged.get(id ?? '') ?? event.ts)).toBeGreaterThanOrEqual(7 * DAY);
            for (const { actor } of approvals) expect(actor.id).not.toBe(asked?.actor.id);
            if (!seen.has(id ?? '')) expect(capacities).toContain('engineering-lead');
          }
          seen.add(id ?? '');
        }
      }),
      { numRuns: 300 },
    );
    // A run in which nothing ever got there would have proved nothing.
    expect(produced).toBeGreaterThan(100);
  });

  it('answers with two models for one instant, and a target is never the live one', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const on = desk();
        for (const one of steps) take(on, one);
        const { tenures, production } = on.state();
        tenures.forEach((tenure, at) => {
          const next = tenures[at + 1];
          if (next) expect(tenure.to).not.toBeNull();
          expect(tenure.to ?? Infinity).toBeGreaterThanOrEqual(tenure.from);
          if (tenure.to !== tenure.from) expect(liveAt(on.state(), tenure.from)).toBe(tenure.model);
        });
        expect(liveAt(on.state(), Infinity)).toBe(production);
        const targets = rollbackTargets(on.state(), modelsPolicy, 0, null).map((one) => one.model);
        expect(targets).not.toContain(production);
        expect(new Set(targets).size).toBe(targets.length);
      }),
      { numRuns: 200 },
    );
  });
});

it('the same walk to production works when it is done right', () => {
  const on = desk();
  const common = { reason: 'r', origin: 'console' } as const;
  const promote = (target: 'staging' | 'production') =>
    on.give('ana', (context, operator) => {
      const asked = { model: 'm1', target, checklist: CHECKLIST, emergency: null, ...common };
      return promotions.promote(context, asked, operator);
    });
  const approve = (by: string) =>
    on.give(by, (context, operator) => {
      const [request] = context.state.requests;
      return promotions.approve(context, { request: request?.id ?? '', ...common }, operator);
    });
  on.give('pablo', (context) => models.register(context, card('m1'), 'operator'));
  expect([promote('staging'), approve('ines')]).toEqual([null, null]);
  on.give('pablo', (context) =>
    models.report(
      context,
      { model: 'm1', phase: 'staging', metrics: GOOD_STAGING, shadowAgreement: 0.9 },
      'operator',
    ),
  );
  on.wait(7 * DAY);
  expect([promote('production'), approve('ines'), approve('rosa')]).toEqual([null, null, null]);
  expect(on.state().production).toBe('m1');
});
