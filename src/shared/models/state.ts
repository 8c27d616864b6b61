import type { Actor } from '../log/event';
import type { EngineModel } from '../protocol/engine';
import type { Capacity, RetirementCause } from './decisions';
import type { DeploymentKind, PromotionOutcome, Settlement, StageCause } from './events';
import type { GateId } from './gateId';
import type { Metrics, Registration, Stage } from './model';

export interface StageEntry {
  readonly stage: Stage;
  readonly at: number;
  readonly seq: number;
  readonly by: Actor;
  readonly reason: string | null;
  readonly cause: StageCause | null;
}

export interface ModelRecord extends Registration {
  readonly registeredAt: number;
  readonly registeredBy: Actor;
  /** Ids of the people who gave a card of it; an engine that told of it is nobody's author. */
  readonly authors: readonly string[];
  readonly stage: Stage;
  readonly stageSince: number;
  /** Oldest first. */
  readonly history: readonly StageEntry[];
  readonly staging: Metrics | null;
  readonly shadowAgreement: number | null;
  readonly stagingReportedAt: number | null;
  /** When it last left production by a rollback. */
  readonly rolledAwayAt: number | null;
  /** When an engine last failed to load it. */
  readonly failedAt: number | null;
  readonly retirement: RetirementCause | 'emergency' | null;
  /** Promotions that are closed, newest first: all that happened, and the latest that did not. */
  readonly promotions: readonly ClosedPromotion[];
  /** The latest exceptions that ended, newest first. */
  readonly endedExceptions: readonly EndedException[];
}

/** A stretch of time in which one model was live. */
export interface Tenure {
  readonly model: string;
  readonly from: number;
  readonly to: number | null;
}

export interface EngineLoad {
  readonly state: Settlement | 'pending';
  readonly attempt: number;
  readonly hash: string | null;
  readonly at: number;
  readonly detail: string;
}

export interface Deployment {
  readonly id: string;
  readonly seq: number;
  readonly kind: DeploymentKind;
  readonly model: string;
  readonly version: string;
  readonly hash: string;
  readonly previous: string | null;
  readonly by: Actor;
  readonly reason: string | null;
  readonly startedAt: number;
  readonly engines: Readonly<Record<string, EngineLoad>>;
  readonly incompleteAt: number | null;
  readonly completedAt: number | null;
  readonly tookMs: number | null;
  /** Another deployment came before this one was complete. */
  readonly supersededAt: number | null;
}

export interface Approval {
  readonly by: Actor;
  readonly at: number;
  readonly capacity: Capacity;
  readonly reason: string | null;
}

export interface PromotionRequest {
  readonly id: string;
  readonly seq: number;
  readonly model: string;
  readonly target: 'staging' | 'production';
  readonly by: Actor;
  readonly reason: string | null;
  readonly at: number;
  readonly expiresAt: number;
  readonly fingerprint: string;
  readonly needs: readonly Capacity[];
  readonly approvals: readonly Approval[];
  /** Why approvals given before count no longer. */
  readonly voidedBecause: string | null;
  readonly emergency: {
    readonly waived: readonly GateId[];
    readonly justification: string;
  } | null;
}

export interface PolicyException {
  readonly id: string;
  readonly model: string;
  readonly gates: readonly GateId[];
  readonly justification: string;
  readonly by: Actor;
  readonly at: number;
  readonly until: number;
}

/** A promotion that was asked for, and what came of it. */
export interface ClosedPromotion extends PromotionRequest {
  readonly outcome: PromotionOutcome;
  readonly closedAt: number;
  readonly closedBy: Actor;
  readonly closedReason: string | null;
}

export interface EndedException extends PolicyException {
  readonly cause: 'expired' | 'revoked';
  readonly endedAt: number;
  readonly endedBy: Actor;
}

export interface Review {
  readonly id: string;
  readonly model: string;
  readonly kind: 'emergency_promotion' | 'exception';
  readonly by: Actor;
  readonly openedAt: number;
  readonly dueAt: number;
  readonly enhancedUntil: number | null;
  readonly closedAt: number | null;
  readonly outcome: string | null;
}

/** Everything the log says of models. */
export interface ModelsState {
  readonly models: Readonly<Record<string, ModelRecord>>;
  /** The one model that is live; null where there is none. */
  readonly production: string | null;
  /** Oldest first. */
  readonly tenures: readonly Tenure[];
  readonly engines: Readonly<
    Record<
      string,
      {
        readonly loaded: EngineModel | null;
        readonly available: readonly EngineModel[];
        readonly at: number;
      }
    >
  >;
  /** The latest deployments, newest first. */
  readonly deployments: readonly Deployment[];
  readonly requests: readonly PromotionRequest[];
  readonly exceptions: readonly PolicyException[];
  readonly reviews: readonly Review[];
}

/** Deployments and closed reviews kept in the state; the log has them all. */
export const DEPLOYMENTS_KEPT = 20;
export const REVIEWS_KEPT = 50;
/** Of each model: promotions that did not happen, and exceptions that ended. */
export const CLOSED_KEPT = 10;

export const NO_MODELS: ModelsState = {
  models: {},
  production: null,
  tenures: [],
  engines: {},
  deployments: [],
  requests: [],
  exceptions: [],
  reviews: [],
};
