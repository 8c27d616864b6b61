import type { AlertsState } from '../alerts/state';
import type { ModelsPolicy, StageGates } from '../policy/models';
import { sentence } from '../words/phrase';
import type { GateId } from './gateId';
import type { Metrics } from './model';
import type { ModelRecord, ModelsState } from './state';

/** One requirement of a promotion and what the log says of it. */
export interface Gate {
  readonly id: GateId;
  readonly outcome: 'passed' | 'failed' | 'missing' | 'waived';
  /** In the gate's own unit: a ratio, a fraction, a count, ms. Null for a yes or no, or unknown. */
  readonly value: number | null;
  readonly limit: number | null;
  /** Why there is no figure, or which engines or alerts stand in the way. */
  readonly detail: string | null;
}

/** What the log says of models, and of the alerts that stand in a promotion's way. */
export type GatedState = ModelsState & Pick<AlertsState, 'active' | 'criticalAt'>;

/** Gates that no waiver lifts: a model that an engine does not have cannot be run there. */
export const UNWAIVABLE: ReadonlySet<GateId> = new Set(['on_every_engine']);

/** Engines that carry models at all; an engine that cannot say what it runs is asked for nothing. */
export function modelEngines(state: ModelsState): readonly string[] {
  return Object.entries(state.engines)
    .filter(([, { loaded, available }]) => loaded !== null || available.length > 0)
    .map(([engine]) => engine);
}

/** Engines on which the very artifact is not. */
export function enginesWithout(state: ModelsState, model: ModelRecord): readonly string[] {
  return modelEngines(state).filter(
    (engine) =>
      !state.engines[engine]?.available.some(
        ({ model: id, hash }) => id === model.model && hash === model.hashes.model,
      ),
  );
}

/**
 * Measures a model against what a stage asks for. All gates are answered, not the first that fails.
 *
 * @param waived requirements lifted by an emergency's waiver, besides the exceptions in force.
 * @param now Unix ms by the gateway's clock.
 */
export function promotionGates(
  state: GatedState,
  model: ModelRecord,
  target: 'staging' | 'production',
  policy: ModelsPolicy,
  now: number,
  waived: readonly GateId[] = [],
): readonly Gate[] {
  const asked = policy.promotion[target];
  const lifted = new Set([...waived, ...exceptedGates(state, model.model, now)]);
  const gates = [
    ...metricGates(target === 'staging' ? model.backtest : model.staging, asked, target),
    ...stagingGates(state, model, asked, now),
    ...cardGates(model, asked),
    onEveryEngine(state, model),
  ];
  return gates.map((gate) =>
    gate.outcome !== 'passed' && lifted.has(gate.id) && !UNWAIVABLE.has(gate.id)
      ? { ...gate, outcome: 'waived' }
      : gate,
  );
}

/** Whether nothing stands in the way. A missing figure is not a pass. */
export function allPass(gates: readonly Gate[]): boolean {
  return gates.every(({ outcome }) => outcome === 'passed' || outcome === 'waived');
}

/** Gates lifted for a model by exceptions in force. */
export function exceptedGates(state: ModelsState, model: string, now: number): readonly GateId[] {
  return state.exceptions
    .filter((one) => one.model === model && one.until > now)
    .flatMap(({ gates }) => gates);
}

/** Whether a backtest alone passes what staging asks for: then the model counts as registered. */
export function backtestPasses(metrics: Metrics | null, policy: ModelsPolicy): boolean {
  return metricGates(metrics, policy.promotion.staging, 'staging').every(
    ({ outcome }) => outcome === 'passed',
  );
}

function metricGates(
  metrics: Metrics | null,
  asked: StageGates,
  target: 'staging' | 'production',
): Gate[] {
  const none =
    target === 'staging'
      ? sentence('no backtest on the card')
      : sentence('no figures from staging yet');
  const gate = (
    id: GateId,
    value: number | null,
    limit: number,
    passes: (value: number) => boolean,
  ): Gate =>
    value === null
      ? {
          id,
          outcome: 'missing',
          value,
          limit,
          detail: metrics ? sentence('figure missing') : none,
        }
      : { id, outcome: passes(value) ? 'passed' : 'failed', value, limit, detail: null };
  const { minSharpe, minWinRate, maxDrawdown, minTrades } = asked;
  return [
    gate('sharpe', metrics?.sharpe ?? null, minSharpe, (value) => value >= minSharpe),
    gate('win_rate', metrics?.winRate ?? null, minWinRate, (value) => value >= minWinRate),
    gate(
      'max_drawdown',
      metrics?.maxDrawdown ?? null,
      maxDrawdown,
      (value) => value <= maxDrawdown,
    ),
    gate('trades', metrics?.trades ?? null, minTrades, (value) => value >= minTrades),
  ];
}

function stagingGates(
  state: GatedState,
  model: ModelRecord,
  asked: StageGates,
  now: number,
): Gate[] {
  const gates: Gate[] = [];
  const { minStagingMs, minShadowAgreement, noCriticalAlerts } = asked;
  if (minStagingMs > 0) {
    const inStaging = model.stage === 'staging';
    const value = inStaging ? now - model.stageSince : null;
    gates.push({
      id: 'staging_time',
      outcome: value === null ? 'missing' : value >= minStagingMs ? 'passed' : 'failed',
      value,
      limit: minStagingMs,
      detail: inStaging ? null : sentence('not in staging'),
    });
  }
  if (minShadowAgreement !== null) {
    const value = model.shadowAgreement;
    gates.push({
      id: 'shadow_agreement',
      outcome: value === null ? 'missing' : value >= minShadowAgreement ? 'passed' : 'failed',
      value,
      limit: minShadowAgreement,
      detail: value === null ? sentence('no shadow agreement reported yet') : null,
    });
  }
  if (noCriticalAlerts) {
    const at = state.criticalAt[model.model] ?? null;
    // One raised before and standing still is there while in staging too.
    const standing = Object.values(state.active).some(
      (one) => one.model === model.model && (one.severity === 'P0' || one.severity === 'P1'),
    );
    const during = standing || (at !== null && at >= model.stageSince);
    gates.push(
      yesOrNo('no_critical_alerts', !during, sentence('a critical alert while in staging')),
    );
  }
  return gates;
}

function cardGates(model: ModelRecord, asked: StageGates): Gate[] {
  const gates: Gate[] = [];
  if (asked.outOfSample) {
    const missing = sentence('the card says nothing of a validation out of sample');
    gates.push(yesOrNo('out_of_sample', model.outOfSample, missing));
  }
  if (asked.artifacts) {
    const { hashes, training } = model;
    const absent = [
      hashes.normStats === null ? 'norm_stats_hash' : null,
      hashes.dataset === null ? 'dataset_hash' : null,
      training.datasetVersion === null ? 'dataset_version' : null,
      training.runId === null ? 'mlflow_run_id' : null,
    ].filter((one) => one !== null);
    gates.push(yesOrNo('artifacts', absent.length === 0, absent.join(', ')));
  }
  gates.push(yesOrNo('owner', model.owner !== null, sentence('nobody is named as its owner')));
  const backup = model.backupOwner !== null && model.backupOwner !== model.owner;
  gates.push(yesOrNo('backup_owner', backup, sentence('nobody else is named as its backup owner')));
  if (asked.rollbackPlan) {
    const written = (model.rollbackPlan ?? '').trim() !== '';
    gates.push(yesOrNo('rollback_plan', written, sentence('no rollback plan is written')));
  }
  return gates;
}

function onEveryEngine(state: ModelsState, model: ModelRecord): Gate {
  const without = enginesWithout(state, model);
  return yesOrNo('on_every_engine', without.length === 0, without.join(', '));
}

function yesOrNo(id: GateId, passed: boolean, otherwise: string): Gate {
  const detail = passed ? null : otherwise;
  return { id, outcome: passed ? 'passed' : 'failed', value: null, limit: null, detail };
}
