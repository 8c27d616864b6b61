import { openSince } from '@shared/incidents/state';
import { openDeployment } from '@shared/models/deployment';
import { type Gate, promotionGates } from '@shared/models/gates';
import type { Metrics } from '@shared/models/model';
import { capacityFor, missingApprovals, nextStage } from '@shared/models/promotion';
import { type RollbackTarget, recommendedTarget, rollbackTargets } from '@shared/models/rollback';
import type { Deployment, ModelRecord, PromotionRequest } from '@shared/models/state';
import type { ModelsPolicy } from '@shared/policy/models';
import type { DeskView } from '@shared/view/desk';

/** The model that is live; null where there is none. */
export function liveModel({ ops }: DeskView): ModelRecord | null {
  const { production, models } = ops.models;
  return production === null ? null : (models[production] ?? null);
}

/** Whether any log has been read yet. Before that nothing is known, not even that there is nothing. */
export function logIsKnown({ ops }: DeskView): boolean {
  return ops.epoch !== null;
}

/** Whether a registered model has waited for its staging longer than policy lets it. @param now Unix ms */
export function isOverdue(
  model: Pick<ModelRecord, 'stage' | 'stageSince'>,
  policy: Pick<ModelsPolicy, 'registered'>,
  now: number,
): boolean {
  return model.stage === 'registered' && now - model.stageSince > policy.registered.maxMs;
}

export interface RollbackChoice {
  readonly live: ModelRecord | null;
  readonly targets: readonly RollbackTarget[];
  readonly recommended: RollbackTarget | null;
}

/** What a rollback could take now, and which one it should. */
export function rollbackChoice(view: DeskView, now: number): RollbackChoice {
  const { models, incidents } = view.ops;
  const targets = rollbackTargets(models, view.modelsPolicy, now, openSince(incidents));
  return { live: liveModel(view), targets, recommended: recommendedTarget(targets) };
}

/** The figures that are a model's own best: those of staging where there are any. */
export function figuresOf(model: {
  readonly backtest: Metrics | null;
  readonly staging: Metrics | null;
}): { readonly phase: 'staging' | 'backtest'; readonly metrics: Metrics } | null {
  if (model.staging) return { phase: 'staging', metrics: model.staging };
  return model.backtest ? { phase: 'backtest', metrics: model.backtest } : null;
}

export interface Promotion {
  readonly target: 'staging' | 'production';
  readonly gates: readonly Gate[];
}

/** What a model's next stage asks of it, as the gateway will measure it; null where none is next. */
export function promotionOf(view: DeskView, model: ModelRecord, now: number): Promotion | null {
  const target = nextStage(model);
  if (target === null) return null;
  const { models, alerts } = view.ops;
  const known = { ...models, active: alerts.active, criticalAt: alerts.criticalAt };
  const gates = promotionGates(known, model, target, view.modelsPolicy, now);
  return { target, gates };
}

export interface Waiting {
  readonly request: PromotionRequest;
  readonly model: ModelRecord | null;
  readonly missing: readonly string[];
  readonly mayApprove: boolean;
  readonly isMine: boolean;
}

/** Promotions that wait for somebody, and what this operator may do about each. */
export function waitingPromotions(view: DeskView): readonly Waiting[] {
  const { requests, models } = view.ops.models;
  return requests.map((request) => {
    const model = models[request.model] ?? null;
    const capacity = model && view.operator ? capacityFor(request, model, view.operator) : null;
    const mayApprove = capacity !== null && request.needs.some((need) => need === capacity);
    const isMine = view.operator?.id === request.by.id;
    return { request, model, missing: missingApprovals(request), mayApprove, isMine };
  });
}

export interface TimelineStep {
  readonly key: string;
  readonly state: 'done' | 'active' | 'problem';
  readonly engine: string | null;
  readonly word:
    | 'ordered'
    | 'pending'
    | 'loaded'
    | 'wrong_hash'
    | 'rejected'
    | 'unknown'
    | 'complete'
    | 'incomplete';
  readonly at: number | null;
  /** Since the order, ms. */
  readonly after: number | null;
  readonly detail: string;
}

/** A deployment from the order to the last engine, each step with its time. */
export function timeline(deployment: Deployment): readonly TimelineStep[] {
  const { id, startedAt, engines, completedAt, incompleteAt } = deployment;
  const since = (at: number | null) => (at === null ? null : at - startedAt);
  const steps = Object.entries(engines).map(([engine, load]): TimelineStep => {
    const { state, detail } = load;
    const at = state === 'pending' ? null : load.at;
    const tone = state === 'loaded' ? 'done' : state === 'pending' ? 'active' : 'problem';
    return { key: engine, state: tone, engine, word: state, at, after: since(at), detail };
  });
  const ordered: TimelineStep = {
    ...{ key: id, state: 'done', engine: null, word: 'ordered', at: startedAt, after: 0 },
    detail: '',
  };
  const end: TimelineStep = {
    ...{ key: 'end', engine: null, detail: '' },
    state: completedAt !== null ? 'done' : incompleteAt !== null ? 'problem' : 'active',
    word: completedAt !== null ? 'complete' : incompleteAt !== null ? 'incomplete' : 'pending',
    at: completedAt ?? incompleteAt,
    after: since(completedAt ?? incompleteAt),
  };
  return [ordered, ...steps, end];
}

/** The deployment that people should see: one under way or incomplete, else the latest. */
export function shownDeployment(view: DeskView): Deployment | null {
  return openDeployment(view.ops.models) ?? view.ops.models.deployments[0] ?? null;
}
