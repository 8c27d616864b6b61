import { allPass, type Gate, promotionGates, UNWAIVABLE } from '../../shared/models/gates';
import {
  approvalsNeeded,
  capacityFor,
  fingerprintOf,
  missingApprovals,
  nextStage,
} from '../../shared/models/promotion';
import type { ModelRecord, PromotionRequest } from '../../shared/models/state';
import type { CommandParams } from '../../shared/protocol/commands';
import { type PhraseValue, phrase, word } from '../../shared/words/phrase';
import type { Operator } from '../commands';
import type { Fact } from '../facts';
import { type ModelsContext, modelOf, placeOf } from './modelsContext';
import { allow, Refusal } from './refusal';
import { deployment, leaving, stageChange } from './stages';

/** @throws {Refusal} listing every requirement that is not met. */
export function promote(
  context: ModelsContext,
  params: CommandParams<'model.promote'>,
  operator: Operator,
): Fact[] {
  const { state, policy, now, id, sha256 } = context;
  const { target, checklist, emergency } = params;
  allow(operator, policy.permissions.requestPromotion, 'ask for a promotion');
  const model = modelOf(state, params.model);
  if (nextStage(model) !== target) {
    throw new Refusal('wrong_stage', '{model} is in {stage}: {target} is not next', {
      ...placeOf(model),
      target: word(`stage.${target}`),
    });
  }
  if (state.requests.some((one) => one.model === model.model && one.expiresAt > now)) {
    throw new Refusal('superseded', 'a promotion of {model} waits already', { model: model.model });
  }
  const unwaivable = emergency?.waived.find((gate) => UNWAIVABLE.has(gate));
  if (unwaivable)
    throw new Refusal('bad_params', '{gate} cannot be waived', {
      gate: word(`gate.${unwaivable}`),
    });
  refuseFailing(promotionGates(state, model, target, policy, now, emergency?.waived));
  const fingerprint = fingerprintOf(model, target, policy, sha256);
  const needs = [...approvalsNeeded(model, target, policy, emergency !== null)];
  const asked = { request: id, model: model.model, target, checklist, fingerprint, needs };
  const expiresAt = now + policy.promotion.requestExpiresMs;
  const request: Fact = {
    type: 'promotion.requested',
    data: { ...asked, expiresAt, emergency },
  };
  // A CTO who asks has given the waiver by asking; it is reviewed by somebody else afterwards. For a
  // model of his own making it waits for another.
  const waives =
    emergency &&
    !model.authors.includes(operator.id) &&
    operator.roles.some((role) => policy.permissions.waive.includes(role));
  if (!waives) return [request];
  return [
    request,
    { type: 'promotion.approved', data: { request: id, capacity: 'cto', fingerprint } },
    ...promoted(context, model, target, id, true),
  ];
}

/** @throws {Refusal} */
export function approve(
  context: ModelsContext,
  params: CommandParams<'promotion.approve'>,
  operator: Operator,
): Fact[] {
  const { state, policy, now } = context;
  const request = requestOf(context, params.request);
  const model = modelOf(state, request.model);
  const capacity = capacityFor(request, model, operator);
  switch (capacity) {
    case 'own_request':
      throw new Refusal(capacity, 'a promotion is approved by a person other than who asked');
    case 'own_model':
      throw new Refusal(capacity, 'who registered a model does not approve it');
    case 'approved_already':
      throw new Refusal(capacity, 'you have approved this; another person must');
    case 'no_capacity':
      throw new Refusal(capacity, 'this waits for: {capacities} (owner {owner}, backup {backup})', {
        capacities: word(...missingApprovals(request).map((one) => `capacity.${one}`)),
        ...{ owner: model.owner, backup: model.backupOwner },
      });
  }
  const { id, target, fingerprint, emergency } = request;
  if (nextStage(model) !== target) {
    throw new Refusal('wrong_stage', '{model} is in {stage} by now', placeOf(model));
  }
  refuseFailing(promotionGates(state, model, target, policy, now, emergency?.waived));
  const approval: Fact = {
    type: 'promotion.approved',
    data: { request: id, capacity, fingerprint },
  };
  if (missingApprovals(request).length > 1) return [approval];
  return [approval, ...promoted(context, model, target, id, emergency !== null)];
}

/** @throws {Refusal} */
export function closeRequest(
  context: ModelsContext,
  params: CommandParams<'promotion.reject' | 'promotion.withdraw'>,
  outcome: 'rejected' | 'withdrawn',
  operator: Operator,
): Fact[] {
  const request = requestOf(context, params.request);
  const own = request.by.id === operator.id;
  if (outcome === 'withdrawn' && !own) {
    throw new Refusal('forbidden', 'a request is withdrawn by who made it; others reject it');
  }
  if (outcome === 'rejected') {
    const model = modelOf(context.state, request.model);
    const capacity = capacityFor({ ...request, approvals: [] }, model, operator);
    const may = ['model-owner', 'engineering-lead', 'cto'].includes(capacity);
    if (!may) throw new Refusal('no_capacity', 'who may approve this may reject it');
  }
  return [{ type: 'promotion.closed', data: { request: request.id, outcome } }];
}

/** Stage and deployment of a model whose promotion nothing stands against any more. */
function promoted(
  context: ModelsContext,
  model: ModelRecord,
  target: 'staging' | 'production',
  request: string,
  emergency: boolean,
): Fact[] {
  const { state, policy, now, id } = context;
  const cause = emergency ? 'emergency_promotion' : 'promotion';
  const { reviewWithinMs, enhancedMonitoringMs } = policy.emergency;
  const review = { review: id, model: model.model, kind: 'emergency_promotion' } as const;
  const times = { dueAt: now + reviewWithinMs, enhancedUntil: now + enhancedMonitoringMs };
  const live = target === 'production';
  return [
    { type: 'promotion.closed', data: { request, outcome: 'promoted' } },
    ...(live ? leaving(state, 'replaced', request) : []),
    stageChange(model, target, cause, request),
    ...(live ? [deployment(context, model, 'promotion')] : []),
    ...(emergency ? [{ type: 'review.opened' as const, data: { ...review, ...times } }] : []),
  ];
}

function refuseFailing(gates: readonly Gate[]): void {
  if (allPass(gates)) return;
  const failing = gates.filter(({ outcome }) => outcome === 'failed' || outcome === 'missing');
  const unmet = failing.map(({ id, value, limit, detail }) => {
    const gate = word(`gate.${id}`);
    return detail === null
      ? phrase('{gate}: {value}, the limit is {limit}', {
          ...{ gate, value: gateFigure(id, value), limit: gateFigure(id, limit) },
        })
      : phrase('{gate}: {why}', { gate, why: { all: [{ code: detail }] } });
  });
  throw new Refusal('gates_failed', 'not met: {gates}', { gates: { all: unmet } });
}

/** A gate's figure in the unit in which people read it. */
function gateFigure(id: Gate['id'], value: number | null): PhraseValue {
  if (value === null) return word('word.noFigure');
  switch (id) {
    case 'staging_time':
      // Never rounded up to its limit.
      return `${Math.floor(value / 36_000) / 100} h`;
    case 'win_rate':
    case 'max_drawdown':
    case 'shadow_agreement':
      return { share: value };
    default:
      return value;
  }
}

function requestOf({ state, now }: ModelsContext, id: string): PromotionRequest {
  const request = state.requests.find((one) => one.id === id);
  if (!request) throw new Refusal('unknown_request', 'no promotion of that id waits');
  if (now > request.expiresAt) throw new Refusal('expired', 'that request has expired; ask anew');
  return request;
}
