import { z } from 'zod';
import { roleSchema } from '../protocol/terminal';

const roles = z.array(roleSchema).min(1);
const ms = z.int().positive();
const fraction = z.number().min(0).max(1);

/** What a model must show before it enters a stage. Null asks for nothing. */
export const stageGatesSchema = z.strictObject({
  minSharpe: z.number(),
  minWinRate: fraction,
  /** Greatest fall from a peak of equity, as a positive fraction. */
  maxDrawdown: fraction,
  minTrades: z.int().nonnegative(),
  minStagingMs: z.int().nonnegative(),
  minShadowAgreement: fraction.nullable(),
  /** Validation out of sample is on the card. */
  outOfSample: z.boolean(),
  /** Hashes of norm_stats and dataset, the dataset's version and the training run are on the card. */
  artifacts: z.boolean(),
  noCriticalAlerts: z.boolean(),
  rollbackPlan: z.boolean(),
});
export type StageGates = z.infer<typeof stageGatesSchema>;

/** `resources/policy/models.yaml`: the governance of models as data. */
export const modelsPolicySchema = z.strictObject({
  version: z.string().min(1),
  permissions: z.strictObject({
    register: roles,
    reportMetrics: roles,
    requestPromotion: roles,
    rollback: roles,
    retire: roles,
    emergencyRetire: roles,
    waive: roles,
    grantException: roles,
    closeReview: roles,
    changePolicy: roles,
    /** Delete years whose time is over. A document of before this key names nobody else. */
    deleteRecords: roles.default(['cto']),
  }),
  promotion: z.strictObject({
    staging: stageGatesSchema,
    production: stageGatesSchema,
    requestExpiresMs: ms,
    firstProductionApprover: roleSchema,
  }),
  registered: z.strictObject({ maxMs: ms }),
  emergency: z.strictObject({ reviewWithinMs: ms, enhancedMonitoringMs: ms }),
  exceptions: z.strictObject({ maxMs: ms, reviewWithinMs: ms }),
  rollback: z.strictObject({
    targets: z.int().positive(),
    failedTargetMs: ms,
    rolledAwayMs: ms,
    /** An engine that has not reported the model's hash for so long has not loaded it. */
    settleWithinMs: ms,
    retryEveryMs: ms,
    retriesMax: z.int().positive(),
    /** What a rollback may take from end to end. */
    limitMs: ms,
  }),
  retention: z.strictObject({
    artifactsYears: z.int().positive(),
    trainingDataYears: z.int().positive(),
    tradesYears: z.int().positive(),
    auditYears: z.int().positive(),
    /** A legal hold: nothing is deleted while it stands. */
    hold: z.boolean().default(false),
  }),
});
export type ModelsPolicy = z.infer<typeof modelsPolicySchema>;
