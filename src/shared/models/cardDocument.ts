import type { Actor } from '../log/event';
import type { OpsState } from '../ops/state';
import type { ModelsPolicy } from '../policy/models';
import { tradingDay } from '../time';
import type { GateId } from './gateId';
import type { Metrics } from './model';
import { type RetentionDates, retentionDates } from './retention';
import type { Approval, ModelRecord, PolicyException, PromotionRequest } from './state';

/** Where in the log a card was taken, and when. */
export interface CardMoment {
  readonly seq: number;
  readonly hash: string;
  /** Unix ms. */
  readonly at: number;
}

/** A person and the role in which something was done. */
type Signature = `${string} (${string})`;

interface ApprovalEntry {
  readonly at: string;
  readonly by: Signature;
  readonly capacity: string;
  readonly reason: string | null;
}

export interface PromotionEntry {
  readonly target: 'staging' | 'production';
  /** `open` while it waits. */
  readonly outcome: string;
  readonly asked_at: string;
  readonly asked_by: Signature;
  readonly reason: string | null;
  readonly waived: readonly GateId[];
  readonly justification: string | null;
  readonly approvals: readonly ApprovalEntry[];
  readonly closed_at: string | null;
  readonly closed_reason: string | null;
}

export interface ExceptionEntry {
  readonly state: 'in_force' | 'expired' | 'revoked';
  readonly gates: readonly GateId[];
  readonly justification: string;
  readonly granted_at: string;
  readonly granted_by: Signature;
  readonly until: string;
  readonly ended_at: string | null;
}

/** What the log knows beyond the template. Times are UTC, ISO 8601; the oldest entry comes first. */
interface CardRecord {
  readonly taken_at: string;
  readonly log_epoch: string | null;
  readonly environment: string | null;
  readonly stage: string;
  readonly stage_since: string;
  readonly registered_at: string;
  readonly registered_by: Signature;
  readonly stage_history: readonly {
    readonly stage: string;
    readonly at: string;
    readonly seq: number;
    readonly by: Signature;
    readonly cause: string | null;
    readonly reason: string | null;
  }[];
  /** Stretches in which it was the one live model; `to` is null while it is. */
  readonly in_production: readonly { readonly from: string; readonly to: string | null }[];
  readonly promotions: readonly PromotionEntry[];
  readonly deployments: readonly {
    readonly kind: string;
    readonly seq: number;
    readonly model: string;
    readonly previous: string | null;
    readonly at: string;
    readonly by: Signature;
    readonly reason: string | null;
    readonly outcome: 'complete' | 'incomplete' | 'superseded' | 'pending';
    readonly took_ms: number | null;
  }[];
  readonly exceptions: readonly ExceptionEntry[];
  readonly reviews: readonly {
    readonly kind: string;
    readonly opened_at: string;
    readonly due_at: string;
    readonly closed_at: string | null;
    readonly outcome: string | null;
  }[];
  readonly open_alerts: readonly {
    readonly severity: string;
    readonly kind: string;
    readonly raised_at: string;
    readonly detail: string;
  }[];
  readonly last_critical_alert_at: string | null;
  readonly retirement: string | null;
  /** Null while it is not archived, or no policy says it. */
  readonly retention_until: RetentionDates | null;
}

/**
 * A model's card: the governance policy's template (appendix A) in its own names, filled from the
 * log, and below it what the log knows besides. A snapshot: `log_seq` and `log_hash` name the event
 * after which all of it holds. Null is what the log does not know.
 */
export interface CardDocument {
  readonly model_id: string;
  readonly version: string;
  readonly owner: string | null;
  readonly backup_owner: string | null;
  readonly created_date: string | null;
  /** Day on which it first went live, in the desk's calendar. */
  readonly promoted_to_production: string | null;
  readonly model_hash: string;
  readonly config_hash: string | null;
  readonly feature_order: readonly string[];
  readonly training: {
    readonly dataset_hash: string | null;
    readonly dataset_version: string | null;
    readonly dataset_period: string | null;
    readonly norm_stats_hash: string | null;
    readonly mlflow_run_id: string | null;
    readonly out_of_sample_validated: boolean;
  };
  /** Drawdowns as negative fractions, as the template has them. */
  readonly performance: {
    readonly backtest_sharpe: number | null;
    readonly backtest_win_rate: number | null;
    readonly backtest_max_drawdown: number | null;
    readonly backtest_trades: number | null;
    readonly staging_sharpe: number | null;
    readonly staging_win_rate: number | null;
    readonly staging_max_drawdown: number | null;
    readonly staging_trades: number | null;
    readonly staging_shadow_agreement: number | null;
  };
  readonly risks: readonly string[];
  readonly mitigations: readonly string[];
  readonly rollback_plan: string | null;
  readonly log_seq: number;
  readonly log_hash: string;
  readonly record: CardRecord;
}

/**
 * Takes a model's card.
 *
 * @param state the fold over the log up to `moment.seq`.
 * @param policy in force there, for what is kept how long; null where none is known.
 * @returns null for a model that the log does not know.
 */
export function cardDocument(
  state: OpsState,
  policy: ModelsPolicy | null,
  id: string,
  moment: CardMoment,
): CardDocument | null {
  const model = Object.hasOwn(state.models.models, id) ? state.models.models[id] : undefined;
  if (!model) return null;
  const { hashes, training, backtest, staging } = model;
  const first = state.models.tenures.find((tenure) => tenure.model === id);
  return {
    model_id: model.model,
    version: model.version,
    owner: model.owner,
    backup_owner: model.backupOwner,
    created_date: model.createdDay,
    promoted_to_production: first ? tradingDay(first.from) : null,
    model_hash: hashes.model,
    config_hash: hashes.config,
    feature_order: model.featureOrder,
    training: {
      dataset_hash: hashes.dataset,
      dataset_version: training.datasetVersion,
      dataset_period: training.from && training.to ? `${training.from} to ${training.to}` : null,
      norm_stats_hash: hashes.normStats,
      mlflow_run_id: training.runId,
      out_of_sample_validated: model.outOfSample,
    },
    performance: {
      backtest_sharpe: backtest?.sharpe ?? null,
      backtest_win_rate: backtest?.winRate ?? null,
      backtest_max_drawdown: fall(backtest),
      backtest_trades: backtest?.trades ?? null,
      staging_sharpe: staging?.sharpe ?? null,
      staging_win_rate: staging?.winRate ?? null,
      staging_max_drawdown: fall(staging),
      staging_trades: staging?.trades ?? null,
      staging_shadow_agreement: model.shadowAgreement,
    },
    risks: model.risks,
    mitigations: model.mitigations,
    rollback_plan: model.rollbackPlan,
    log_seq: moment.seq,
    log_hash: moment.hash,
    record: record(state, policy, model, moment),
  };
}

function record(
  { models: state, alerts, epoch, environment }: OpsState,
  policy: ModelsPolicy | null,
  model: ModelRecord,
  moment: CardMoment,
): CardRecord {
  const { model: id } = model;
  const own = <Item extends { readonly model: string | null }>(items: readonly Item[]): Item[] =>
    items.filter((item) => item.model === id);
  const critical = Object.hasOwn(alerts.criticalAt, id) ? alerts.criticalAt[id] : undefined;
  return {
    taken_at: iso(moment.at),
    log_epoch: epoch,
    environment,
    stage: model.stage,
    stage_since: iso(model.stageSince),
    registered_at: iso(model.registeredAt),
    registered_by: signature(model.registeredBy),
    stage_history: model.history.map(({ stage, at, seq, by, cause, reason }) => {
      return { stage, at: iso(at), seq, by: signature(by), cause, reason };
    }),
    in_production: own(state.tenures).map(({ from, to }) => ({ from: iso(from), to: when(to) })),
    promotions: [
      ...[...model.promotions].reverse().map((one) => promotion(one, one)),
      ...own(state.requests).map((one) => promotion(one, null)),
    ],
    deployments: state.deployments
      .filter((one) => one.model === id || one.previous === id)
      .toReversed()
      .map(({ kind, seq, model: to, previous, startedAt, by, reason, ...one }) => ({
        ...{ kind, seq, model: to, previous, at: iso(startedAt), by: signature(by), reason },
        outcome: outcomeOf(one),
        took_ms: one.tookMs,
      })),
    exceptions: [
      ...[...model.endedExceptions].reverse().map((one) => exception(one, one)),
      ...own(state.exceptions).map((one) => exception(one, null)),
    ],
    reviews: own(state.reviews)
      .reverse()
      .map(({ kind, openedAt, dueAt, closedAt, outcome }) => ({
        ...{ kind, opened_at: iso(openedAt), due_at: iso(dueAt), closed_at: when(closedAt) },
        outcome,
      })),
    open_alerts: own(Object.values(alerts.active)).map(({ severity, kind, raisedAt, detail }) => {
      return { severity, kind, raised_at: iso(raisedAt), detail };
    }),
    last_critical_alert_at: when(critical ?? null),
    retirement: model.retirement,
    retention_until: policy && retentionDates(model, policy),
  };
}

function promotion(
  request: PromotionRequest,
  closed: {
    readonly outcome: string;
    readonly closedAt: number;
    readonly closedReason: string | null;
  } | null,
): PromotionEntry {
  return {
    target: request.target,
    outcome: closed?.outcome ?? 'open',
    asked_at: iso(request.at),
    asked_by: signature(request.by),
    reason: request.reason,
    waived: request.emergency?.waived ?? [],
    justification: request.emergency?.justification ?? null,
    approvals: request.approvals.map(approval),
    closed_at: when(closed?.closedAt ?? null),
    closed_reason: closed?.closedReason ?? null,
  };
}

function approval({ at, by, capacity, reason }: Approval): ApprovalEntry {
  return { at: iso(at), by: signature(by), capacity, reason };
}

function exception(
  { gates, justification, at, by, until }: PolicyException,
  ended: { readonly cause: 'expired' | 'revoked'; readonly endedAt: number } | null,
): ExceptionEntry {
  return {
    state: ended?.cause ?? 'in_force',
    gates,
    justification,
    granted_at: iso(at),
    granted_by: signature(by),
    until: iso(until),
    ended_at: when(ended?.endedAt ?? null),
  };
}

function outcomeOf(one: {
  readonly completedAt: number | null;
  readonly incompleteAt: number | null;
  readonly supersededAt: number | null;
}): 'complete' | 'incomplete' | 'superseded' | 'pending' {
  if (one.completedAt !== null) return 'complete';
  if (one.supersededAt !== null) return 'superseded';
  return one.incompleteAt !== null ? 'incomplete' : 'pending';
}

/** The template's negative fraction; never a negative zero. */
function fall(metrics: Metrics | null): number | null {
  const value = metrics?.maxDrawdown ?? null;
  return value === null ? null : value === 0 ? 0 : -value;
}

const iso = (ts: number): string => new Date(ts).toISOString();
const when = (ts: number | null): string | null => (ts === null ? null : iso(ts));
const signature = ({ id, role }: Actor): Signature => `${id} (${role})`;
