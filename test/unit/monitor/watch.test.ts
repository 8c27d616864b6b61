import { expect, it } from 'vitest';
import { watchOf } from '../../../src/shared/monitor/watch';
import type { OpsState } from '../../../src/shared/ops/state';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import { modelsPolicy } from '../../support/desk';
import { foldFacts } from '../../support/models';
import { monitorPolicy } from '../../support/monitor';

const T = 1_700_000_000_000;

/** A desk on which m1 is live since T, brought in by an emergency. */
function waived(model = 'm1'): OpsState {
  const { emergency } = modelsPolicy;
  const change = { request: null, retirement: null } as const;
  const { models } = foldFacts([
    {
      type: 'model.stage_changed',
      data: { model: 'm1', from: 'staging', to: 'production', cause: 'promotion', ...change },
      ts: T,
    },
    {
      type: 'review.opened',
      data: {
        ...{ review: 'r', model, kind: 'emergency_promotion' },
        dueAt: T + emergency.reviewWithinMs,
        enhancedUntil: T + emergency.enhancedMonitoringMs,
      },
      ts: T,
    },
  ]);
  return { ...INITIAL_OPS_STATE, models };
}

it('a model that an emergency brought in is watched more closely for its fourteen days', () => {
  const enhanced = (state: OpsState, now: number) => watchOf(state, monitorPolicy, now).enhanced;
  const end = T + 14 * 86_400_000;
  expect(enhanced(waived(), T)).toBe(true);
  expect(enhanced(waived(), end - 1)).toBe(true);
  expect(enhanced(waived(), end)).toBe(false);
  // The review of a model that is not live any more tightens nothing.
  expect(enhanced(waived('m0'), T)).toBe(false);
});
