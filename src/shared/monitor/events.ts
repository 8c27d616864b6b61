import { z } from 'zod';
import { changed } from '../audit/before';
import { saidSchema } from '../words/schema';
import { triggerSchema } from './trigger';

const id = z.string().min(1).max(128);
const figure = z.number().nullable();

export const outcomeSchema = z.enum([
  'ok',
  'warning',
  'suspect',
  'breach',
  'insufficient',
  'no_data',
  'error',
]);

/** One trigger as the log keeps it. */
export const checkSchema = z.object({
  trigger: triggerSchema,
  outcome: outcomeSchema,
  value: figure,
  limit: z.number(),
  literal: z.boolean(),
  confident: z.boolean(),
  samples: z.int().nonnegative(),
  breaching: z.int().nonnegative(),
  /** Time of the first sample of what is above the limit, Unix ms; earlier versions left it out. */
  since: z.number().nullable().optional(),
});

const attemptSchema = z.object({ commandId: id, target: id, startedAt: z.number() });

export const machineSchema = z.object({
  phase: z.enum(['armed', 'executing', 'backoff', 'cooldown', 'escalated']),
  attempt: attemptSchema.nullable(),
  attempts: z.int().nonnegative(),
  cooldownUntil: z.number(),
  retryAt: z.number(),
  rungs: z.int().nonnegative(),
  nextRungAt: z.number(),
  paused: z.boolean(),
  causes: z.array(triggerSchema),
  quarantined: z.record(z.string(), z.number()),
  blindChecks: z.int().nonnegative(),
  blindPaused: z.boolean().default(false),
});

export const retrainingCauseSchema = z.enum([
  'psi_3_days',
  'sharpe_7_days',
  'model_age',
  'drift',
  'manual',
]);
export type RetrainingCause = z.infer<typeof retrainingCauseSchema>;
export const retrainingOutcomeSchema = z.enum(['better', 'worse', 'declined']);

export const monitorEventData = {
  /** Another acts as the desk's monitor; null while nobody does. */
  'monitor.lease_changed': z.object({ holder: id.nullable(), token: z.int().nonnegative() }),
  'monitor.trigger_changed': z.object({
    model: id.nullable(),
    from: outcomeSchema.nullable(),
    check: checkSchema,
  }),
  /** A decision: what fired, on which samples, and what was done, or would have been in a dry run. */
  'monitor.fired': z.object({
    model: id.nullable(),
    causes: z.array(triggerSchema).min(1),
    checks: z.array(checkSchema),
    /** SHA-256 of the window behind it; null where it was too large to keep. */
    window: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable(),
    actions: z.array(z.enum(['rollback', 'pause', 'kill'])),
    dryRun: z.boolean(),
  }),
  'monitor.state_changed': z.object({ machine: machineSchema }),
  /** Blind in session, it paused entries by policy, or would have in a dry run. */
  'monitor.blind_paused': z.object({
    model: id.nullable(),
    /** Triggers without data. */
    dark: z.array(triggerSchema).min(1),
    dryRun: z.boolean(),
  }),
  /** The monitor's host slept or stood still; what it missed in that time is no blindness. */
  'monitor.suspended': z.object({ host: id, ms: z.number().nonnegative() }),
  /** A trading day as it ended; each once. */
  'monitor.day_closed': z.object({
    day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
    /** Null where none was live, or more than one. */
    model: id.nullable(),
    startEquity: figure,
    endEquity: figure,
    currency: z.string().max(8).nullable(),
    trades: z.int().nonnegative(),
    wins: z.int().nonnegative(),
    pnl: z.number(),
    /** Features whose drift was above its limit by then. */
    drifted: z.array(z.object({ feature: id, psi: z.number() })).max(2_000),
  }),
  /** Retraining is to be evaluated. It changes no model. */
  'retraining.proposed': z.object({
    retraining: id,
    model: id,
    cause: retrainingCauseSchema,
    detail: z.string().max(2_000),
    said: saidSchema,
  }),
  'retraining.closed': z.object({ retraining: id, outcome: retrainingOutcomeSchema }),
  'monitor.dry_run_set': z.object({
    on: z.boolean(),
    until: z.number().nullable(),
    ...changed,
  }),
} as const;
