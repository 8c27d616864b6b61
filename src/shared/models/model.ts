import { z } from 'zod';

/** What a model is, as the log has it. */

const id = z.string().min(1).max(128);
/** SHA-256 in lower-case hex. */
export const modelHashSchema = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits');
const figure = z.number().nullable();

export const stageSchema = z.enum([
  'development',
  'registered',
  'staging',
  'production',
  'archived',
]);
export type Stage = z.infer<typeof stageSchema>;

/** Figures of a backtest or of a time in staging; null means that nobody has it, never zero. */
export const metricsSchema = z.object({
  sharpe: figure,
  /** Share of closed trades that won, 0…1. */
  winRate: z.number().min(0).max(1).nullable(),
  /** Greatest fall from a peak of equity as a positive fraction, 0…1. */
  maxDrawdown: z.number().min(0).max(1).nullable(),
  trades: z.int().nonnegative().nullable(),
});
export type Metrics = z.infer<typeof metricsSchema>;

export const modelHashesSchema = z.object({
  model: modelHashSchema,
  normStats: modelHashSchema.nullable(),
  config: modelHashSchema.nullable(),
  dataset: modelHashSchema.nullable(),
});

export const trainingSchema = z.object({
  /** First and last day of the data, `YYYY-MM-DD`. */
  from: z.string().max(10).nullable(),
  to: z.string().max(10).nullable(),
  /** The dataset's version (DVC) and the run that made the model (MLflow). */
  datasetVersion: z.string().max(128).nullable(),
  runId: z.string().max(128).nullable(),
});

/** Most features, and most bins of one, that a reference has. */
const FEATURES_MAX = 2_000;
const BINS_MAX = 50;

/**
 * How one feature was distributed in training: the bins' inner edges, ascending, and the share of each
 * bin, one more than there are edges. A value on an edge is in the bin above it.
 */
export const featureReferenceSchema = z
  .object({
    feature: z.string().min(1).max(128),
    edges: z
      .array(z.number())
      .min(1)
      .max(BINS_MAX - 1),
    shares: z.array(z.number().positive('a share above 0').max(1)).min(2).max(BINS_MAX),
  })
  .refine(({ edges, shares }) => shares.length === edges.length + 1, {
    path: ['shares'],
    message: 'one share more than there are edges',
  })
  .refine(({ edges }) => edges.every((edge, at) => at === 0 || edge > (edges[at - 1] as number)), {
    path: ['edges'],
    message: 'edges that ascend',
  })
  .refine(({ shares }) => Math.abs(shares.reduce((sum, one) => sum + one, 0) - 1) < 1e-3, {
    path: ['shares'],
    message: 'shares that make 1 together',
  });
export type FeatureReference = z.infer<typeof featureReferenceSchema>;
export const featureReferencesSchema = z.array(featureReferenceSchema).max(FEATURES_MAX);

const texts = z.array(z.string().min(1).max(500)).max(50);

/** What registering a model puts on the record. */
export const registrationSchema = z.object({
  model: id,
  version: z.string().min(1).max(64),
  hashes: modelHashesSchema,
  featureOrder: z.array(z.string().min(1).max(128)).max(FEATURES_MAX),
  /** Empty where it is not known: then drift of features is not judged. */
  featureReference: featureReferencesSchema.default([]),
  training: trainingSchema,
  /** Ids of people; null while nobody has been named. */
  owner: id.nullable(),
  backupOwner: id.nullable(),
  backtest: metricsSchema.nullable(),
  outOfSample: z.boolean(),
  risks: texts,
  mitigations: texts,
  rollbackPlan: z.string().max(4_000).nullable(),
  /** `YYYY-MM-DD`, as its card says. */
  createdDay: z.string().max(10).nullable(),
});
export type Registration = z.infer<typeof registrationSchema>;
