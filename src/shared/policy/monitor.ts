import { z } from 'zod';
import { environmentSchema } from '../protocol/engine';
import { roleSchema } from '../protocol/terminal';

const ms = z.int().positive();
const fraction = z.number().min(0).max(1);
const action = z.enum(['rollback', 'rollback_and_pause']);
/** After another model went live its first samples say nothing for so long, ms. */
const warmupMs = z.int().nonnegative();
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
  warmupMs,
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
      warmupMs,
    }),
    dailyDrawdown: z.strictObject({
      action,
      limit: fraction,
      warning: fraction,
      steps: z.array(z.strictObject({ share: fraction, severity: z.enum(['P1', 'P2']) })).max(16),
      clearBelow: fraction,
      staleMs: ms,
      warmupMs,
    }),
  }),
  alerts: z.strictObject({
    winRate: z.strictObject({ trades: z.int().positive(), warning: fraction, critical: fraction }),
    sharpe: z.strictObject({
      days: z.int().positive(),
      /** Fewer closed days of the model say nothing. */
      minDays: z.int().min(2),
      warning: z.number(),
      critical: z.number(),
    }),
  }),
  drift: z.strictObject({
    psi: z.strictObject({
      limit: z.number().positive(),
      windowMs: ms,
      minSamples: z.int().positive(),
      everyMs: ms,
    }),
    concept: z.strictObject({
      minTrades: z.int().positive(),
      /** Deviations above the least. */
      warning: z.number().positive(),
      drift: z.number().positive(),
    }),
  }),
  retraining: z.strictObject({
    automaticEveryMs: ms,
    manualEveryMs: ms,
    /** Closed days in a row. */
    psiDays: z.int().positive(),
    sharpeDays: z.int().positive(),
    maxAgeMs: ms,
  }),
  noDataChecks: z.int().positive(),
  noData: z.strictObject({
    /** Desks whose entries are paused while the monitor sees nothing. */
    pauseEntriesIn: z.array(environmentSchema),
  }),
  stalls: z.strictObject({
    /** A gap between checks of more than so many intervals was sleep, or a machine that stood still. */
    suspendedAfterChecks: z.int().min(2),
    /** Without a check for so many intervals the monitor counts as stopped. */
    stoppedAfterChecks: z.int().min(2),
    /** Checks after a gap in which missing data is no blindness. */
    graceChecks: z.int().nonnegative(),
  }),
  /** Most samples with which a terminal's windows are filled in. */
  refillSamples: z.int().positive(),
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
    retrain: z.array(roleSchema).min(1),
  }),
  lease: z.strictObject({ renewEveryMs: ms, lostAfterMs: ms }),
});
export type MonitorPolicy = z.infer<typeof monitorPolicySchema>;
