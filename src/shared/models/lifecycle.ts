import type { StageCause } from './events';
import type { Stage } from './model';

/** A transition of the governance policy's §1.2: its stages and what may bring it about. */
export interface Transition {
  readonly from: Stage;
  readonly to: Stage;
  readonly cause: StageCause;
}

/**
 * Every transition there is. `docs/model-governance.md` says who may bring each about; the roles
 * are in `resources/policy/models.yaml`.
 */
export const TRANSITIONS: readonly Transition[] = [
  { from: 'development', to: 'registered', cause: 'backtest_passed' },
  { from: 'registered', to: 'staging', cause: 'promotion' },
  { from: 'registered', to: 'staging', cause: 'emergency_promotion' },
  { from: 'staging', to: 'production', cause: 'promotion' },
  { from: 'staging', to: 'production', cause: 'emergency_promotion' },
  { from: 'production', to: 'archived', cause: 'replaced' },
  { from: 'production', to: 'archived', cause: 'retirement' },
  // A rollback is the pair of these two, in one append.
  { from: 'production', to: 'archived', cause: 'rollback' },
  { from: 'archived', to: 'production', cause: 'rollback' },
  { from: 'registered', to: 'archived', cause: 'retirement' },
  { from: 'staging', to: 'archived', cause: 'retirement' },
  { from: 'development', to: 'archived', cause: 'emergency_retirement' },
  { from: 'registered', to: 'archived', cause: 'emergency_retirement' },
  { from: 'staging', to: 'archived', cause: 'emergency_retirement' },
  { from: 'production', to: 'archived', cause: 'emergency_retirement' },
  { from: 'development', to: 'production', cause: 'inventory' },
];

/** Whether the lifecycle has this transition for this cause. */
export function isTransition(from: Stage, to: Stage, cause: StageCause): boolean {
  return TRANSITIONS.some((one) => one.from === from && one.to === to && one.cause === cause);
}
