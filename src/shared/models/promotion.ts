import { canonicalJson } from '../log/canonical';
import type { Sha256 } from '../log/chain';
import type { ModelsPolicy } from '../policy/models';
import type { Role } from '../protocol/terminal';
import type { Capacity } from './decisions';
import type { ModelRecord, PromotionRequest } from './state';

/** Who gives an approval. */
export interface Approver {
  readonly id: string;
  readonly roles: readonly Role[];
}

/** Stage a model is promoted to from where it is; null where the lifecycle has none. */
export function nextStage(model: ModelRecord): 'staging' | 'production' | null {
  if (model.stage === 'registered') return 'staging';
  return model.stage === 'staging' ? 'production' : null;
}

/**
 * Approvals that a promotion asks for. A model that was never live has a second person answer for it
 * (plan, governance §3.2). An emergency asks for the CTO's, who answers for the rest.
 */
export function approvalsNeeded(
  model: ModelRecord,
  target: 'staging' | 'production',
  policy: ModelsPolicy,
  emergency: boolean,
): readonly Capacity[] {
  if (emergency) return ['cto'];
  const first =
    target === 'production' && model.history.every(({ stage }) => stage !== 'production');
  const second = policy.promotion.firstProductionApprover === 'cto' ? 'cto' : 'engineering-lead';
  return first ? ['model-owner', second] : ['model-owner'];
}

/**
 * What an approval is bound to: the artifact, its figures, who owns it, how it would be rolled back
 * and the thresholds. Any of them another, the approval is for something that no longer is. The
 * checklist is the request's own and never changes.
 */
export function fingerprintOf(
  model: ModelRecord,
  target: 'staging' | 'production',
  policy: ModelsPolicy,
  sha256: Sha256,
): string {
  const { version, hashes, featureOrder, backtest, staging, shadowAgreement, outOfSample } = model;
  const { owner, backupOwner, rollbackPlan } = model;
  const artifact = { version, hashes, featureOrder: [...featureOrder] };
  const figures = { backtest, staging, shadowAgreement, outOfSample };
  const care = { owner, backupOwner, rollbackPlan };
  const subject = { model: model.model, artifact, figures, care };
  return sha256(canonicalJson({ ...subject, target, thresholds: policy.promotion[target] }));
}

export type ApprovalRefusal = 'own_request' | 'own_model' | 'approved_already' | 'no_capacity';

/**
 * In which of the capacities still wanted a person may approve.
 *
 * Nobody approves what he asked for himself, nor in a second capacity; and who gave a card of the model
 * is its developer, of whom an approver is independent (SR 26-2).
 */
export function capacityFor(
  request: PromotionRequest,
  model: ModelRecord,
  approver: Approver,
): Capacity | ApprovalRefusal {
  if (request.by.id === approver.id) return 'own_request';
  if (model.authors.includes(approver.id)) return 'own_model';
  if (request.approvals.some(({ by }) => by.id === approver.id)) return 'approved_already';
  const fits = (capacity: Capacity): boolean =>
    capacity === 'model-owner'
      ? approver.id === model.owner || approver.id === model.backupOwner
      : approver.roles.includes(capacity);
  return missingApprovals(request).find(fits) ?? 'no_capacity';
}

/** Capacities in which nobody has approved yet. */
export function missingApprovals(request: PromotionRequest): readonly Capacity[] {
  const given = new Set(request.approvals.map(({ capacity }) => capacity));
  return request.needs.filter((capacity) => !given.has(capacity));
}
