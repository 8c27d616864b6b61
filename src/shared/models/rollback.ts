import type { ModelsPolicy } from '../policy/models';
import { enginesWithout } from './gates';
import type { Metrics } from './model';
import type { ModelRecord, ModelsState } from './state';

/** Why a model cannot be rolled back to. */
export type Ineligible =
  | { readonly code: 'not_on_engine'; readonly engines: readonly string[] }
  | { readonly code: 'retired_for_cause'; readonly cause: string }
  | { readonly code: 'failed_lately'; readonly until: number }
  /** Until null: until the incident is closed in which it was. */
  | { readonly code: 'rolled_away'; readonly until: number | null };

export interface RollbackTarget {
  readonly model: string;
  readonly version: string;
  readonly hash: string;
  /** When it last left production. */
  readonly archivedAt: number;
  readonly backtest: Metrics | null;
  readonly staging: Metrics | null;
  /** Empty where it can be rolled back to. */
  readonly ineligible: readonly Ineligible[];
}

/** Causes of retirement that say something against the model itself. */
const FOR_CAUSE: ReadonlySet<string> = new Set(['regulatory', 'underperformance', 'emergency']);

/**
 * The models a rollback could take, the one that was live last first: those that were in
 * production, each with why it cannot be taken.
 *
 * @param now Unix ms.
 * @param incidentSince when the oldest incident that is still open was opened, Unix ms; null where none is
 */
export function rollbackTargets(
  state: ModelsState,
  policy: ModelsPolicy,
  now: number,
  incidentSince: number | null,
): readonly RollbackTarget[] {
  const targets: RollbackTarget[] = [];
  const seen = new Set<string>();
  for (const tenure of [...state.tenures].reverse()) {
    const model = state.models[tenure.model];
    if (!model || tenure.to === null || seen.has(model.model)) continue;
    seen.add(model.model);
    if (model.stage !== 'archived') continue;
    targets.push({
      model: model.model,
      version: model.version,
      hash: model.hashes.model,
      archivedAt: tenure.to,
      backtest: model.backtest,
      staging: model.staging,
      ineligible: whyNot(state, model, policy, now, incidentSince),
    });
    if (targets.length === policy.rollback.targets) break;
  }
  return targets;
}

/** The latest live model that can be taken; null where none can. */
export function recommendedTarget(targets: readonly RollbackTarget[]): RollbackTarget | null {
  return targets.find(({ ineligible }) => ineligible.length === 0) ?? null;
}

function whyNot(
  state: ModelsState,
  model: ModelRecord,
  policy: ModelsPolicy,
  now: number,
  incidentSince: number | null,
): readonly Ineligible[] {
  const reasons: Ineligible[] = [];
  const engines = enginesWithout(state, model);
  if (engines.length > 0) reasons.push({ code: 'not_on_engine', engines });
  if (model.retirement !== null && FOR_CAUSE.has(model.retirement)) {
    reasons.push({ code: 'retired_for_cause', cause: model.retirement });
  }
  const failedUntil = (model.failedAt ?? -Infinity) + policy.rollback.failedTargetMs;
  if (failedUntil > now) reasons.push({ code: 'failed_lately', until: failedUntil });
  const awayAt = model.rolledAwayAt ?? -Infinity;
  const awayUntil = awayAt + policy.rollback.rolledAwayMs;
  if (incidentSince !== null && awayAt >= incidentSince) {
    reasons.push({ code: 'rolled_away', until: null });
  } else if (awayUntil > now) reasons.push({ code: 'rolled_away', until: awayUntil });
  return reasons;
}

/** The model that was live at an instant; null where none was. */
export function liveAt(state: ModelsState, at: number): string | null {
  const tenure = state.tenures.find(({ from, to }) => from <= at && (to === null || at < to));
  return tenure?.model ?? null;
}
