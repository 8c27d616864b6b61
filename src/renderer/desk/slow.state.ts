import type { ConceptDrift } from '@shared/monitor/conceptDrift';
import type { SharpeCheck } from '@shared/monitor/dayClose';
import type { FeatureDrift } from '@shared/monitor/slow';
import type { MonitorPolicy } from '@shared/policy/monitor';

export type SlowState = SharpeCheck['outcome'] | FeatureDrift['outcome'] | ConceptDrift['state'];

/** What the win rate says; too few trades say nothing. */
export function winRateState(
  winRate: number | null,
  { warning, critical }: MonitorPolicy['alerts']['winRate'],
): SlowState {
  if (winRate === null) return 'insufficient';
  if (winRate < critical) return 'critical';
  return winRate < warning ? 'warning' : 'ok';
}

/** Colour is for what is abnormal; good is only said where it was measured. */
export function slowTone(state: SlowState): string {
  switch (state) {
    case 'critical':
      return 'text-red';
    case 'drift':
    case 'warning':
      return 'text-amber';
    case 'ok':
      return 'text-green';
    case 'insufficient':
    case 'no_data':
      return 'text-muted';
  }
}
