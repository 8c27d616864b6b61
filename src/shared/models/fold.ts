import type { DomainEvent, EventOf } from '../ops/events';
import type { Deployment, ModelRecord, ModelsState, StageEntry } from './state';
import { CLOSED_KEPT, DEPLOYMENTS_KEPT, REVIEWS_KEPT } from './state';

/** Folds what an event says of models. Events about other things change nothing. */
export function foldModels(state: ModelsState, event: DomainEvent): ModelsState {
  switch (event.type) {
    case 'engine.models_reported': {
      const { engine, loaded, available } = event.data;
      const report = { loaded, available, at: event.ts };
      return { ...state, engines: { ...state.engines, [engine]: report } };
    }
    case 'model.registered':
      return registered(state, event);
    case 'model.updated': {
      const { model, owner, backupOwner, rollbackPlan } = event.data;
      return withModel(state, model, (one) => ({ ...one, owner, backupOwner, rollbackPlan }));
    }
    case 'model.metrics_reported':
      return metricsReported(state, event);
    case 'model.stage_changed':
      return stageChanged(state, event);
    case 'deployment.started':
      return deploymentStarted(state, event);
    case 'deployment.engine_settled':
      return engineSettled(state, event);
    case 'deployment.incomplete': {
      const { deployment, model } = event.data;
      const failed = withModel(state, model, (one) => ({ ...one, failedAt: event.ts }));
      return withDeployment(failed, deployment, (one) => ({
        ...one,
        incompleteAt: one.incompleteAt ?? event.ts,
      }));
    }
    case 'deployment.completed':
      return withDeployment(state, event.data.deployment, (one) => ({
        ...one,
        completedAt: event.ts,
        tookMs: event.data.tookMs,
      }));
    case 'promotion.requested':
    case 'promotion.approved':
    case 'promotion.approvals_voided':
      return { ...state, requests: foldRequests(state.requests, event) };
    case 'promotion.closed':
      return promotionClosed(state, event);
    case 'exception.granted': {
      const { exception: id, ...granted } = event.data;
      const one = { id, ...granted, by: event.actor, at: event.ts };
      return { ...state, exceptions: [...state.exceptions, one] };
    }
    case 'exception.ended':
      return exceptionEnded(state, event);
    case 'review.opened': {
      const { review: id, ...opened } = event.data;
      const times = { by: event.actor, openedAt: event.ts, closedAt: null, outcome: null };
      const reviews = [{ id, ...opened, ...times }, ...state.reviews];
      return { ...state, reviews: reviews.filter((one, at) => !one.closedAt || at < REVIEWS_KEPT) };
    }
    case 'review.closed':
      return {
        ...state,
        reviews: state.reviews.map((one) =>
          one.id === event.data.review
            ? { ...one, closedAt: event.ts, outcome: event.data.outcome }
            : one,
        ),
      };
    default:
      return state;
  }
}

function registered(state: ModelsState, event: EventOf<'model.registered'>): ModelsState {
  const { source, before: _, ...registration } = event.data;
  const known = state.models[registration.model];
  const author = source === 'engine' ? [] : [event.actor.id];
  const entry: StageEntry = {
    stage: 'development',
    at: event.ts,
    seq: event.seq,
    by: event.actor,
    reason: event.reason,
    cause: null,
  };
  const record: ModelRecord = {
    registeredAt: event.ts,
    registeredBy: event.actor,
    stage: 'development',
    stageSince: event.ts,
    history: [entry],
    staging: null,
    shadowAgreement: null,
    stagingReportedAt: null,
    rolledAwayAt: null,
    failedAt: null,
    retirement: null,
    promotions: [],
    endedExceptions: [],
    ...known,
    ...registration,
    authors: [...new Set([...(known?.authors ?? []), ...author])],
  };
  return { ...state, models: { ...state.models, [record.model]: record } };
}

function metricsReported(
  state: ModelsState,
  event: EventOf<'model.metrics_reported'>,
): ModelsState {
  const { model, phase, metrics, shadowAgreement } = event.data;
  return withModel(state, model, (one) =>
    phase === 'backtest'
      ? { ...one, backtest: metrics }
      : { ...one, staging: metrics, shadowAgreement, stagingReportedAt: event.ts },
  );
}

function stageChanged(state: ModelsState, event: EventOf<'model.stage_changed'>): ModelsState {
  const { model, from, to, cause, retirement } = event.data;
  const { ts: at, seq, actor: by, reason } = event;
  const changed = withModel(state, model, (one) => ({
    ...one,
    stage: to,
    stageSince: at,
    history: [...one.history, { stage: to, at, seq, by, reason, cause }],
    // A new time in staging is judged by its own figures.
    ...(to === 'staging' ? { staging: null, shadowAgreement: null, stagingReportedAt: null } : {}),
    rolledAwayAt: from === 'production' && cause === 'rollback' ? at : one.rolledAwayAt,
    retirement: to === 'archived' ? retirement : null,
  }));
  if (to === 'production') {
    return { ...leaveProduction(changed, at, model), production: model };
  }
  return from === 'production' && state.production === model
    ? { ...leaveProduction(changed, at, null), production: null }
    : changed;
}

/** Ends the present tenure and begins the next, so that at any instant one model is live or none. */
function leaveProduction(state: ModelsState, at: number, next: string | null): ModelsState {
  const tenures = state.tenures.map((one) => (one.to === null ? { ...one, to: at } : one));
  const begun = next === null ? [] : [{ model: next, from: at, to: null }];
  return { ...state, tenures: [...tenures, ...begun] };
}

function deploymentStarted(state: ModelsState, event: EventOf<'deployment.started'>): ModelsState {
  const { deployment: id, engines, ...data } = event.data;
  const pending = { state: 'pending', attempt: 0, hash: null, at: event.ts, detail: '' } as const;
  const begun: Deployment = {
    id,
    ...data,
    seq: event.seq,
    by: event.actor,
    reason: event.reason,
    startedAt: event.ts,
    engines: Object.fromEntries(engines.map((engine) => [engine, pending])),
    incompleteAt: null,
    completedAt: null,
    tookMs: null,
    supersededAt: null,
  };
  const before = state.deployments.map((one) =>
    one.completedAt === null && one.supersededAt === null
      ? { ...one, supersededAt: event.ts }
      : one,
  );
  return { ...state, deployments: [begun, ...before].slice(0, DEPLOYMENTS_KEPT) };
}

function engineSettled(
  state: ModelsState,
  event: EventOf<'deployment.engine_settled'>,
): ModelsState {
  const { deployment, engine, attempt, outcome, hash, detail } = event.data;
  const load = { state: outcome, attempt, hash, at: event.ts, detail };
  return withDeployment(state, deployment, (one) =>
    one.engines[engine] ? { ...one, engines: { ...one.engines, [engine]: load } } : one,
  );
}

function foldRequests(
  requests: ModelsState['requests'],
  event: EventOf<'promotion.requested' | 'promotion.approved' | 'promotion.approvals_voided'>,
): ModelsState['requests'] {
  if (event.type === 'promotion.requested') {
    const { request: id, model, target, fingerprint, needs, expiresAt, emergency } = event.data;
    const { seq, actor: by, reason, ts: at } = event;
    const asked = { id, seq, model, target, by, reason, at, expiresAt, fingerprint, needs };
    return [...requests, { ...asked, approvals: [], voidedBecause: null, emergency }];
  }
  const { request } = event.data;
  return requests.map((one) => {
    if (one.id !== request) return one;
    if (event.type === 'promotion.approvals_voided') {
      const { fingerprint, cause } = event.data;
      return { ...one, fingerprint, approvals: [], voidedBecause: cause };
    }
    const { capacity } = event.data;
    const approval = { by: event.actor, at: event.ts, capacity, reason: event.reason };
    return { ...one, approvals: [...one.approvals, approval] };
  });
}

/** The request leaves the desk and stays with its model: who asked, who approved, what came of it. */
function promotionClosed(state: ModelsState, event: EventOf<'promotion.closed'>): ModelsState {
  const { request: id, outcome } = event.data;
  const request = state.requests.find((one) => one.id === id);
  const left = { ...state, requests: state.requests.filter((one) => one !== request) };
  if (!request) return left;
  const { ts: closedAt, actor: closedBy, reason: closedReason } = event;
  const closed = { ...request, outcome, closedAt, closedBy, closedReason };
  return withModel(left, request.model, (one) => ({
    ...one,
    promotions: [closed, ...one.promotions].filter(
      (promotion, at) => promotion.outcome === 'promoted' || at < CLOSED_KEPT,
    ),
  }));
}

function exceptionEnded(state: ModelsState, event: EventOf<'exception.ended'>): ModelsState {
  const { exception: id, cause } = event.data;
  const exception = state.exceptions.find((one) => one.id === id);
  const left = { ...state, exceptions: state.exceptions.filter((one) => one !== exception) };
  if (!exception) return left;
  const ended = { ...exception, cause, endedAt: event.ts, endedBy: event.actor };
  return withModel(left, exception.model, (one) => ({
    ...one,
    endedExceptions: [ended, ...one.endedExceptions].slice(0, CLOSED_KEPT),
  }));
}

function withModel(
  state: ModelsState,
  id: string,
  change: (model: ModelRecord) => ModelRecord,
): ModelsState {
  const model = state.models[id];
  return model ? { ...state, models: { ...state.models, [id]: change(model) } } : state;
}

function withDeployment(
  state: ModelsState,
  id: string,
  change: (deployment: Deployment) => Deployment,
): ModelsState {
  return {
    ...state,
    deployments: state.deployments.map((one) => (one.id === id ? change(one) : one)),
  };
}
