import type { Sha256 } from '../../shared/log/chain';
import { readCard } from '../../shared/models/card';
import type { DeploymentKind, StageCause } from '../../shared/models/events';
import {
  allPass,
  backtestPasses,
  type Gate,
  type GatedState,
  modelEngines,
  promotionGates,
  UNWAIVABLE,
} from '../../shared/models/gates';
import { isTransition } from '../../shared/models/lifecycle';
import type { Registration, Stage } from '../../shared/models/model';
import {
  approvalsNeeded,
  capacityFor,
  fingerprintOf,
  missingApprovals,
  nextStage,
} from '../../shared/models/promotion';
import { mergeRegistration } from '../../shared/models/register';
import { type Ineligible, rollbackTargets } from '../../shared/models/rollback';
import type { ModelRecord, ModelsState, PromotionRequest } from '../../shared/models/state';
import type { EventDataOf } from '../../shared/ops/events';
import type { ModelsPolicy } from '../../shared/policy/models';
import type { CommandParams } from '../../shared/protocol/commands';
import { type PhraseValue, phrase, word } from '../../shared/words/phrase';
import type { Operator } from '../commands';
import type { Fact } from '../facts';
import { allow, Refusal } from './refusal';

/** What a decision about models is made of. */
export interface ModelsContext {
  readonly state: GatedState;
  readonly policy: ModelsPolicy;
  readonly sha256: Sha256;
  /** Unix ms. */
  readonly now: number;
  /** When the oldest incident that is still open was opened, Unix ms; null where none is open. */
  readonly incidentSince: number | null;
  /** The command's id, which names what it begins. */
  readonly id: string;
}

type StageChange = EventDataOf<'model.stage_changed'>;

/**
 * A card's facts: the registration and, where its backtest passes, the stage it thereby reaches.
 *
 * @throws {Refusal} naming the field.
 */
export function register(
  { state, policy }: { readonly state: ModelsState; readonly policy: ModelsPolicy },
  card: unknown,
  source: 'engine' | 'operator',
): Fact[] {
  const read = readCard(card);
  if (!read.ok) throw new Refusal('bad_card', { text: read.error.message });
  const known = state.models[read.value.model];
  const merged = mergeRegistration(known, read.value);
  if (!merged.ok) throw new Refusal('bad_card', { text: merged.error.message });
  const { value } = merged;
  const first: Fact = { type: 'model.registered', data: { ...value, source } };
  return [first, ...reached(known?.stage ?? 'development', value, policy)];
}

/** A model whose backtest passes is registered without anybody's yes. */
function reached(stage: Stage, model: Registration, policy: ModelsPolicy): Fact[] {
  return stage === 'development' && backtestPasses(model.backtest, policy)
    ? [stageChange({ ...model, stage }, 'registered', 'backtest_passed')]
    : [];
}

/** @throws {Refusal} */
export function update(
  { state, policy }: ModelsContext,
  { reason: _, ...params }: CommandParams<'model.update'>,
  operator: Operator,
): Fact[] {
  allow(operator, policy.permissions.register, 'change what is said of a model');
  modelOf(state, params.model);
  if (params.owner !== null && params.owner === params.backupOwner) {
    throw new Refusal('bad_params', 'the backup owner is a person other than the owner');
  }
  return [{ type: 'model.updated', data: params }];
}

/** @throws {Refusal} */
export function report(
  { state, policy }: { readonly state: ModelsState; readonly policy: ModelsPolicy },
  params: Omit<CommandParams<'model.report'>, 'reason'>,
  source: 'engine' | 'operator',
): Fact[] {
  const model = modelOf(state, params.model);
  if (params.phase === 'staging' && model.stage !== 'staging') {
    throw new Refusal('wrong_stage', '{model} is not in staging', { model: model.model });
  }
  const first: Fact = { type: 'model.metrics_reported', data: { ...params, source } };
  if (params.phase === 'staging') return [first];
  return [first, ...reached(model.stage, { ...model, backtest: params.metrics }, policy)];
}

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

/** @throws {Refusal} */
export function rollback(
  context: ModelsContext,
  params: CommandParams<'model.rollback'>,
  operator: Operator,
): Fact[] {
  const { state, policy, now } = context;
  allow(operator, policy.permissions.rollback, 'roll a model back');
  const target = modelOf(state, params.target);
  if (target.model === state.production) {
    throw new Refusal('not_eligible', '{model} is the model that is live', { model: target.model });
  }
  const found = rollbackTargets(state, policy, now, context.incidentSince).find(
    ({ model }) => model === target.model,
  );
  if (!found) {
    throw new Refusal('not_eligible', '{model} is not among the models last live', {
      model: target.model,
    });
  }
  const [why] = found.ineligible;
  if (why) throw ineligible(target.model, why);
  return [
    ...leaving(state, 'rollback', null),
    stageChange(target, 'production', 'rollback'),
    deployment(context, target, 'rollback'),
  ];
}

/** @throws {Refusal} */
export function retire(
  { state, policy }: ModelsContext,
  params: CommandParams<'model.retire'>,
  operator: Operator,
): Fact[] {
  const emergency = params.cause === 'emergency';
  const { emergencyRetire, retire: ordinary } = policy.permissions;
  allow(operator, emergency ? emergencyRetire : ordinary, 'retire a model');
  const model = modelOf(state, params.model);
  const cause = emergency ? 'emergency_retirement' : 'retirement';
  if (!isTransition(model.stage, 'archived', cause)) {
    throw new Refusal('wrong_stage', '{model} is in {stage} and is not retired so', placeOf(model));
  }
  const closed = state.requests
    .filter((request) => request.model === model.model)
    .map(
      ({ id: request }): Fact => ({
        type: 'promotion.closed',
        data: { request, outcome: 'superseded' },
      }),
    );
  return [...closed, stageChange(model, 'archived', cause, null, params.cause)];
}

/** @throws {Refusal} */
export function grantException(
  { state, policy, now, id }: ModelsContext,
  params: CommandParams<'exception.grant'>,
  operator: Operator,
): Fact[] {
  allow(operator, policy.permissions.grantException, 'grant an exception');
  const { model, gates, until, reason: justification } = params;
  modelOf(state, model);
  const barred = gates.find((gate) => UNWAIVABLE.has(gate));
  if (barred)
    throw new Refusal('bad_params', '{gate} cannot be excepted', { gate: word(`gate.${barred}`) });
  if (until <= now || until > now + policy.exceptions.maxMs) {
    const days = policy.exceptions.maxMs / 86_400_000;
    throw new Refusal('bad_params', 'an exception ends within {days} days from now', { days });
  }
  return [
    { type: 'exception.granted', data: { exception: id, model, gates, justification, until } },
  ];
}

/** @throws {Refusal} */
export function revokeException(
  { state, policy, now }: ModelsContext,
  params: CommandParams<'exception.revoke'>,
  operator: Operator,
): Fact[] {
  allow(operator, policy.permissions.grantException, 'revoke an exception');
  const exception = state.exceptions.find(({ id }) => id === params.exception);
  if (!exception) throw new Refusal('unknown_request', 'no exception of that id is in force');
  return endException(exception, 'revoked', policy, now);
}

/** An exception that ends is reviewed, however it ended. */
export function endException(
  { id: exception, model }: { readonly id: string; readonly model: string },
  cause: 'expired' | 'revoked',
  policy: ModelsPolicy,
  now: number,
): Fact[] {
  const dueAt = now + policy.exceptions.reviewWithinMs;
  const review = {
    review: exception,
    model,
    kind: 'exception',
    dueAt,
    enhancedUntil: null,
  } as const;
  return [
    { type: 'exception.ended', data: { exception, cause } },
    { type: 'review.opened', data: review },
  ];
}

/** @throws {Refusal} */
export function closeReview(
  { state, policy }: ModelsContext,
  params: CommandParams<'review.close'>,
  operator: Operator,
): Fact[] {
  allow(operator, policy.permissions.closeReview, 'close a review');
  const review = state.reviews.find(({ id, closedAt }) => id === params.review && !closedAt);
  if (!review) throw new Refusal('unknown_request', 'no review of that id is open');
  if (review.by.id === operator.id) {
    throw new Refusal('same_person', 'a review is closed by a person other than who caused it');
  }
  return [{ type: 'review.closed', data: { review: review.id, outcome: params.reason } }];
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

/** The model that is live makes room for the next. */
function leaving(state: ModelsState, cause: StageCause, request: string | null): Fact[] {
  const live = state.production === null ? undefined : state.models[state.production];
  return live ? [stageChange(live, 'archived', cause, request)] : [];
}

function stageChange(
  { model, stage }: Pick<ModelRecord, 'model' | 'stage'>,
  to: Stage,
  cause: StageCause,
  request: string | null = null,
  retirement: StageChange['retirement'] = null,
): Fact {
  if (!isTransition(stage, to, cause)) {
    throw new Refusal('wrong_stage', 'no model goes from {stage} to {to} by {cause}', {
      stage: word(`stage.${stage}`),
      to: word(`stage.${to}`),
      cause: word(`cause.${cause}`),
    });
  }
  const data = { model, from: stage, to, cause, request, retirement };
  return { type: 'model.stage_changed', data };
}

function deployment(context: ModelsContext, model: ModelRecord, kind: DeploymentKind): Fact {
  const { state, id } = context;
  return {
    type: 'deployment.started',
    data: {
      deployment: id,
      kind,
      model: model.model,
      version: model.version,
      hash: model.hashes.model,
      previous: state.production,
      engines: [...modelEngines(state)],
    },
  };
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

function modelOf(state: ModelsState, id: string): ModelRecord {
  const model = state.models[id];
  if (!model) throw new Refusal('unknown_model', 'no model {model} is registered', { model: id });
  return model;
}

function requestOf({ state, now }: ModelsContext, id: string): PromotionRequest {
  const request = state.requests.find((one) => one.id === id);
  if (!request) throw new Refusal('unknown_request', 'no promotion of that id waits');
  if (now > request.expiresAt) throw new Refusal('expired', 'that request has expired; ask anew');
  return request;
}

function placeOf({ model, stage }: ModelRecord) {
  return { model, stage: word(`stage.${stage}`) };
}

function ineligible(model: string, why: Ineligible): Refusal {
  switch (why.code) {
    case 'not_on_engine': {
      const engines = why.engines.join(', ');
      return new Refusal('not_eligible', '{model} is not on every engine: {engines}', {
        ...{ model, engines },
      });
    }
    case 'retired_for_cause': {
      const cause = word(`retire.${why.cause}`);
      return new Refusal('not_eligible', '{model} was retired for cause: {cause}', {
        model,
        cause,
      });
    }
    case 'failed_lately':
      return new Refusal('not_eligible', '{model} failed to load; not before {until}', {
        ...{ model, until: { at: why.until } },
      });
    case 'rolled_away':
      return why.until === null
        ? new Refusal('not_eligible', '{model} was rolled away from in an open incident', { model })
        : new Refusal('not_eligible', '{model} was rolled away from; not before {until}', {
            ...{ model, until: { at: why.until } },
          });
  }
}
