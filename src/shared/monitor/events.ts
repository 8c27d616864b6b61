import { z } from 'zod';
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
});

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
  'monitor.dry_run_set': z.object({ on: z.boolean(), until: z.number().nullable() }),
} as const;
