import { z } from 'zod';
import { roleSchema } from '../protocol/terminal';

const ms = z.int().positive();
const fraction = z.number().min(0).max(1);
const action = z.enum(['rollback', 'rollback_and_pause']);
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM');

const rateTrigger = z.strictObject({
  action,
  limit: z.number().positive(),
  warning: z.number().positive(),
  windowMs: ms,
  /** Fewer samples in the window say nothing. */
  minSamples: z.int().positive(),
  /** Fewer bad samples than this are chance, in `confident` mode. */
  minBreaching: z.int().positive(),
  /** Quantile of the standard normal for the one-sided Wilson bound. */
  z: z.number().positive(),
});

/** `resources/policy/monitor.yaml`: what the monitor watches and what it does. */
export const monitorPolicySchema = z.strictObject({
  version: z.string().min(1),
  mode: z.enum(['confident', 'literal']),
  checkEveryMs: ms,
  session: z.strictObject({
    /** Figures are expected at any time: for markets that never close, and for paper. */
    always: z.boolean(),
    /** 1 Monday … 7 Sunday. */
    days: z.array(z.int().min(1).max(7)).min(1),
    from: timeOfDay,
    to: timeOfDay,
    holidays: z.array(z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'YYYY-MM-DD')),
  }),
  triggers: z.strictObject({
    errorRate: rateTrigger,
    latencyP99: rateTrigger,
    consecutiveLosses: z.strictObject({
      action,
      limit: z.int().positive(),
      warning: z.int().positive(),
    }),
    dailyDrawdown: z.strictObject({
      action,
      limit: fraction,
      warning: fraction,
      steps: z.array(fraction),
      clearBelow: fraction,
      staleMs: ms,
    }),
  }),
  alerts: z.strictObject({
    winRate: z.strictObject({ trades: z.int().positive(), warning: fraction, critical: fraction }),
    sharpe: z.strictObject({ days: z.int().positive(), warning: z.number(), critical: z.number() }),
  }),
  noDataChecks: z.int().positive(),
  cooldownMs: ms,
  rollbackTimeoutMs: ms,
  backoff: z.strictObject({ attempts: z.int().positive(), firstMs: ms, maxMs: ms }),
  ladder: z.array(z.enum(['pause', 'kill'])),
  ladderStepMs: ms,
  quarantineMs: ms,
  enhancedFactor: z.number().positive().max(1),
  dryRunExpiresMs: ms,
  futureSkewMs: ms,
  permissions: z.strictObject({
    dryRun: z.array(roleSchema).min(1),
    hold: z.array(roleSchema).min(1),
  }),
  lease: z.strictObject({ renewEveryMs: ms, lostAfterMs: ms }),
});
export type MonitorPolicy = z.infer<typeof monitorPolicySchema>;
