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

const texts = z.array(z.string().min(1).max(500)).max(50);

/** What registering a model puts on the record. */
export const registrationSchema = z.object({
  model: id,
  version: z.string().min(1).max(64),
  hashes: modelHashesSchema,
  featureOrder: z.array(z.string().min(1).max(128)).max(2_000),
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
