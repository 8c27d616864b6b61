import { z } from 'zod';
import { changed } from '../audit/before';
import { engineModelSchema } from '../protocol/engine';
import { capacitySchema, checklistSchema, retirementCauseSchema } from './decisions';
import { gateIdSchema } from './gateId';
import { metricsSchema, modelHashSchema, registrationSchema, stageSchema } from './model';

/** Types of the log's events that are about models, and the shape of `data` for each. */

const id = z.string().min(1).max(128);
const ts = z.number();
const text = z.string().max(4_000);

export const stageCauseSchema = z.enum([
  /** The backtest passed what staging asks for. */
  'backtest_passed',
  'promotion',
  'emergency_promotion',
  /** Taken into production by a rollback, or out of it. */
  'rollback',
  /** Taken out of production by another model's promotion. */
  'replaced',
  'retirement',
  'emergency_retirement',
  /** Found running when this log began: it is put on the record as what it is. */
  'inventory',
]);
export type StageCause = z.infer<typeof stageCauseSchema>;

export const deploymentKindSchema = z.enum(['rollback', 'promotion']);
export type DeploymentKind = z.infer<typeof deploymentKindSchema>;

export const settlementSchema = z.enum(['loaded', 'wrong_hash', 'rejected', 'unknown']);
export type Settlement = z.infer<typeof settlementSchema>;

export const promotionOutcomeSchema = z.enum([
  'promoted',
  'withdrawn',
  'rejected',
  'expired',
  'superseded',
]);
export type PromotionOutcome = z.infer<typeof promotionOutcomeSchema>;

export const modelEventData = {
  'engine.models_reported': z.object({
    engine: id,
    loaded: engineModelSchema.nullable(),
    available: z.array(engineModelSchema).max(256),
  }),
  /** A model, or more about one whose artifact is known already. */
  'model.registered': registrationSchema.extend({
    source: z.enum(['engine', 'operator']),
    ...changed,
  }),
  'model.updated': z.object({
    model: id,
    owner: id.nullable(),
    backupOwner: id.nullable(),
    rollbackPlan: text.nullable(),
    ...changed,
  }),
  'model.metrics_reported': z.object({
    model: id,
    phase: z.enum(['backtest', 'staging']),
    metrics: metricsSchema,
    /** Share of decisions in which the model in shadow agreed with the one in production. */
    shadowAgreement: z.number().min(0).max(1).nullable(),
    source: z.enum(['engine', 'operator']),
    ...changed,
  }),
  'model.stage_changed': z.object({
    model: id,
    from: stageSchema,
    to: stageSchema,
    cause: stageCauseSchema,
    /** The promotion's request. */
    request: id.nullable(),
    /** Why a model was retired; such a one may be barred from coming back. */
    retirement: retirementCauseSchema.or(z.literal('emergency')).nullable(),
  }),
  /** Engines are to run another model from here on; entries wait until each one does. */
  'deployment.started': z.object({
    deployment: id,
    kind: deploymentKindSchema,
    model: id,
    version: z.string(),
    hash: modelHashSchema,
    previous: id.nullable(),
    engines: z.array(id),
  }),
  'deployment.engine_settled': z.object({
    deployment: id,
    engine: id,
    attempt: z.int().positive(),
    outcome: settlementSchema,
    /** What the engine says it runs. */
    hash: modelHashSchema.nullable(),
    detail: z.string().max(512),
  }),
  'deployment.incomplete': z.object({ deployment: id, model: id, engines: z.array(id) }),
  'deployment.completed': z.object({
    deployment: id,
    model: id,
    engines: z.array(id),
    /** From the command to the last engine's report, ms. */
    tookMs: z.number(),
  }),
  'promotion.requested': z.object({
    request: id,
    model: id,
    target: z.enum(['staging', 'production']),
    checklist: checklistSchema,
    /** Names what the approvals are for: artifact, metrics, thresholds, checklist. */
    fingerprint: modelHashSchema,
    needs: z.array(capacitySchema),
    expiresAt: ts,
    /** A waiver in writing, and the requirements it waives. */
    emergency: z.object({ waived: z.array(gateIdSchema).min(1), justification: text }).nullable(),
  }),
  'promotion.approved': z.object({
    request: id,
    capacity: capacitySchema,
    fingerprint: modelHashSchema,
  }),
  /** What was approved is no longer what is asked for. */
  'promotion.approvals_voided': z.object({
    request: id,
    fingerprint: modelHashSchema,
    cause: z.string().max(512),
  }),
  'promotion.closed': z.object({
    request: id,
    outcome: promotionOutcomeSchema,
  }),
  'exception.granted': z.object({
    exception: id,
    model: id,
    gates: z.array(gateIdSchema).min(1),
    justification: text,
    until: ts,
  }),
  'exception.ended': z.object({ exception: id, cause: z.enum(['expired', 'revoked']) }),
  'review.opened': z.object({
    review: id,
    model: id,
    kind: z.enum(['emergency_promotion', 'exception']),
    dueAt: ts,
    /** Until when the model is watched with tighter limits; null where it is not. */
    enhancedUntil: ts.nullable(),
  }),
  'review.closed': z.object({ review: id, outcome: text }),
} as const;
