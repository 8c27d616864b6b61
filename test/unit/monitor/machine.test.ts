import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../../../src/shared/monitor/health';
import {
  ARMED,
  decide,
  type Effect,
  type Input,
  type MachineState,
} from '../../../src/shared/monitor/machine';
import { TRIGGERS, type Trigger } from '../../../src/shared/monitor/trigger';
import type { Check, Outcome } from '../../../src/shared/monitor/verdict';
import { NOTHING_SLOW, monitorPolicy as policy } from '../../support/monitor';

const HOUR = 3_600_000;

function evaluation(found: Partial<Record<Trigger, Outcome>>, inSession = true): Evaluation {
  const checks = Object.fromEntries(
    TRIGGERS.map((trigger) => [trigger, { trigger, outcome: found[trigger] ?? 'ok' } as Check]),
  ) as Record<Trigger, Check>;
  const about = { at: 0, model: 'm1', enhanced: false, ignored: 0, partial: false };
  return { ...about, latencyP50: null, winRate: null, inSession, checks, slow: NOTHING_SLOW };
}

/** A machine and what it asked for, its state put through JSON at every step as a file would. */
function machine(environment: 'live' | 'paper' = 'paper') {
  let state: MachineState = ARMED;
  let ids = 0;
  const done: Effect[] = [];
  const take = (input: Input): readonly Effect[] => {
    const step = decide(JSON.parse(JSON.stringify(state)) as MachineState, input, policy);
    state = step.state;
    done.push(...step.effects);
    return step.effects;
  };
  return {
    state: () => state,
    done,
    kinds: () => done.map(({ kind }) => kind),
    tick(
      now: number,
      found: Partial<Record<Trigger, Outcome>>,
      targets = ['m0', 'm00'],
      graced = false,
    ) {
      const newId = () => {
        ids += 1;
        return `id${ids}`;
      };
      const about = { environment, graced, evaluation: evaluation(found) };
      return take({ type: 'tick', now, ...about, targets, newId });
    },
    outcome(now: number, outcome: 'done' | 'failed') {
      const { attempt } = state;
      return take({ type: 'outcome', now, commandId: attempt?.commandId ?? 'none', outcome });
    },
  };
}

const FAILING = { errorRate: 'breach' } as const;

describe('the monitor’s decisions', () => {
  it('health, warnings and suspicion lead to nothing', () => {
    const one = machine();
    one.tick(0, {});
    one.tick(1, { errorRate: 'suspect', latencyP99: 'warning', dailyDrawdown: 'warning' });
    expect(one.done).toEqual([]);
  });

  it('a rollback is ordered first, and told of afterwards', () => {
    const one = machine();
    expect(one.tick(0, FAILING).map(({ kind }) => kind)).toEqual(['rollback', 'alert']);
    expect(one.done[0]).toMatchObject({ target: 'm0', causes: ['errorRate'] });
  });

  it('one decision has all its causes, the gravest first; drawdown pauses as well', () => {
    const one = machine();
    one.tick(0, { errorRate: 'breach', dailyDrawdown: 'breach' });
    expect(one.kinds()).toEqual(['rollback', 'alert', 'pause']);
    expect(one.done[0]).toMatchObject({ causes: ['dailyDrawdown', 'errorRate'] });
    one.outcome(1, 'done');
    one.tick(30_000, { dailyDrawdown: 'breach' });
    expect(one.kinds()).toEqual(['rollback', 'alert', 'pause']);
  });

  it('the cooldown counts from the attempt, also from one that failed', () => {
    const one = machine();
    one.tick(0, FAILING);
    one.outcome(10, 'failed');
    expect(one.state().cooldownUntil).toBe(HOUR);
    expect(one.tick(20, FAILING)).toEqual([]);
    one.tick(policy.backoff.firstMs + 10, FAILING);
    expect(one.done.filter(({ kind }) => kind === 'rollback')).toMatchObject([
      { target: 'm0' },
      { target: 'm00' },
    ]);
  });

  it('what fires within the cooldown goes up the ladder, a step at a time, and swaps nothing', () => {
    const one = machine();
    one.tick(0, FAILING);
    one.outcome(1, 'done');
    one.tick(60_000, FAILING);
    one.tick(90_000, FAILING);
    expect(one.kinds()).toEqual(['rollback', 'alert', 'pause', 'alert']);
    one.tick(60_000 + policy.ladderStepMs, FAILING);
    one.tick(120_000 + 2 * policy.ladderStepMs, FAILING);
    expect(one.kinds()).toEqual(['rollback', 'alert', 'pause', 'alert', 'kill', 'alert']);
  });

  it('is armed again once the cooldown is over and nothing fires', () => {
    const one = machine();
    one.tick(0, FAILING);
    one.outcome(1, 'done');
    one.tick(HOUR - 1, {});
    expect(one.state().phase).toBe('cooldown');
    one.tick(HOUR, {});
    expect(one.state().phase).toBe('armed');
    one.tick(HOUR + 1, FAILING);
    expect(one.done.filter(({ kind }) => kind === 'rollback')).toHaveLength(2);
  });

  it('with nothing to roll back to it pauses, and then halts', () => {
    const one = machine();
    one.tick(0, FAILING, []);
    one.tick(policy.ladderStepMs, FAILING, []);
    expect(one.kinds()).toEqual(['pause', 'alert', 'kill', 'alert']);
  });

  it('an outcome that does not come is asked for, never sent again', () => {
    const one = machine();
    one.tick(0, FAILING);
    one.tick(policy.rollbackTimeoutMs - 1, FAILING);
    const asked = one.tick(policy.rollbackTimeoutMs, FAILING);
    expect(asked).toEqual([{ kind: 'ask', commandId: 'id1' }]);
    one.outcome(policy.rollbackTimeoutMs + 1, 'done');
    expect(one.state().phase).toBe('cooldown');
    expect(one.done.filter(({ kind }) => kind === 'rollback')).toHaveLength(1);
  });

  const DARK = { errorRate: 'no_data' } as const;

  it('blind on a live desk it pauses entries, once for each blindness; on paper it only says so', () => {
    const one = machine('live');
    for (let n = 0; n < 6; n += 1) one.tick(n, DARK);
    expect(one.kinds()).toEqual(['pause_blind', 'alert']);
    expect(one.done[0]).toMatchObject({ dark: ['errorRate'] });
    one.tick(6, {});
    expect(one.done.at(-1)).toEqual({ kind: 'clear', alert: 'blind_monitor' });
    for (let n = 7; n < 12; n += 1) one.tick(n, DARK);
    expect(one.kinds().filter((kind) => kind === 'pause_blind')).toHaveLength(2);
    const paper = machine('paper');
    for (let n = 0; n < 6; n += 1) paper.tick(n, DARK);
    expect(paper.kinds()).toEqual(['alert']);
  });

  it.each([
    ['a latency that is not reported', { latencyP99: 'no_data' }],
    ['a trigger that cannot be computed', { consecutiveLosses: 'error' }],
  ] as const)('%s is blindness too', (_, found) => {
    const one = machine('live');
    for (let n = 0; n < 6; n += 1) one.tick(n, found);
    expect(one.kinds()).toEqual(['pause_blind', 'alert']);
    expect(one.done[0]).toMatchObject({ dark: Object.keys(found) });
  });

  it('losses not counted yet are no blindness', () => {
    const one = machine('live');
    for (let n = 0; n < 6; n += 1) one.tick(n, { consecutiveLosses: 'no_data' });
    expect(one.done).toEqual([]);
  });

  it('who takes over from one that paused for blindness does not pause again', () => {
    const one = machine('live');
    for (let n = 0; n < 3; n += 1) one.tick(n, DARK);
    // The count of dark checks is not kept in the log; that it paused is.
    const step = decide(
      { ...one.state(), blindChecks: 0 },
      {
        ...{ type: 'tick', now: 9, evaluation: evaluation(DARK), targets: [], graced: false },
        ...{ environment: 'live', newId: () => 'id' },
      },
      { ...policy, noDataChecks: 1 },
    );
    expect(step.effects.map(({ kind }) => kind)).toEqual(['alert']);
  });

  it('what is missing right after sleep is no blindness', () => {
    const one = machine('live');
    for (let n = 0; n < 9; n += 1) one.tick(n, DARK, ['m0'], true);
    expect(one.done).toEqual([]);
    for (let n = 9; n < 12; n += 1) one.tick(n, DARK);
    expect(one.kinds()).toEqual(['pause_blind', 'alert']);
  });

  it('without data for three checks in session it says that it is blind, once', () => {
    const one = machine();
    for (let n = 0; n < 5; n += 1) one.tick(n, { errorRate: 'no_data' });
    expect(one.done).toMatchObject([{ kind: 'alert', alert: 'blind_monitor', severity: 'P1' }]);
    one.tick(6, {});
    expect(one.done.at(-1)).toEqual({ kind: 'clear', alert: 'blind_monitor' });
  });
});

describe('whatever happens and whenever it dies', () => {
  const outcomes = fc.constantFrom<Outcome>(
    ...(['ok', 'warning', 'suspect', 'breach', 'no_data', 'error', 'insufficient'] as const),
  );
  const event = fc.oneof(
    fc.record({
      does: fc.constant('tick' as const),
      after: fc.integer({ min: 1, max: HOUR / 2 }),
      errorRate: outcomes,
      dailyDrawdown: outcomes,
      targets: fc.subarray(['a', 'b', 'c']),
    }),
    fc.record({
      does: fc.constantFrom('done' as const, 'failed' as const),
      after: fc.integer({ min: 1, max: 60_000 }),
    }),
  );

  it('never two swaps in a cooldown but to leave a target that failed, five at most, none of them quarantined', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), (events) => {
        const one = machine();
        let now = 0;
        let failures = 0;
        let succeededAt = -Infinity;
        for (const step of events) {
          now += step.after;
          if (step.does === 'tick') {
            const { errorRate, dailyDrawdown, targets } = step;
            const before = one.state();
            const rolled = one
              .tick(now, { errorRate, dailyDrawdown }, targets)
              .filter(({ kind }) => kind === 'rollback');
            expect(rolled.length).toBeLessThanOrEqual(1);
            for (const effect of rolled) {
              expect(now - succeededAt).toBeGreaterThanOrEqual(policy.cooldownMs);
              const { target } = effect as Extract<Effect, { kind: 'rollback' }>;
              expect(before.quarantined[target] ?? 0).toBeLessThanOrEqual(now);
              expect(before.phase === 'armed' || before.phase === 'backoff').toBe(true);
            }
            if (one.state().phase === 'armed') failures = 0;
          } else if (one.state().phase === 'executing') {
            const { startedAt = 0 } = one.state().attempt ?? {};
            one.outcome(now, step.does);
            if (step.does === 'done') {
              succeededAt = startedAt;
              failures = 0;
            } else failures += 1;
            expect(failures).toBeLessThanOrEqual(policy.backoff.attempts);
          }
        }
        const ids = one.done.flatMap((effect) =>
          'commandId' in effect && effect.kind !== 'ask' ? [effect.commandId] : [],
        );
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });
});
