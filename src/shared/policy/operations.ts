import { z } from 'zod';
import { deadManActionSchema } from '../protocol/engine';
import { roleSchema } from '../protocol/terminal';

const roles = z.array(roleSchema).min(1);
const ms = z.int().positive();
const rate = z.strictObject({ perSecond: z.int().positive(), burst: z.int().positive() });

/** `resources/policy/operations.yaml`: every number of the kill path, its roles and its times. */
export const operationsPolicySchema = z.strictObject({
  version: z.string().min(1),
  permissions: z.strictObject({
    pause: roles,
    resume: roles,
    approveResume: roles,
    injectFault: roles,
    exportAudit: roles,
    configureBridges: roles,
  }),
  resume: z.strictObject({
    /** Environments in which a second, different person must approve. */
    twoPersonIn: z.array(z.enum(['live', 'paper'])),
    /** Mode that a resume leads to first. */
    leadsTo: z.enum(['normal', 'reducing']),
    requestExpiresMs: ms,
  }),
  kill: z.strictObject({
    askAfterMs: ms,
    askEveryMs: ms,
    readBackEveryMs: ms,
    /** How long a read-back that an engine said it is making is waited for. */
    readBackPatienceMs: ms,
    closeOrderPatienceMs: ms,
    sweepBackoffMs: ms,
    sweepBackoffMaxMs: ms,
    watchEveryMs: ms,
    /** Unacknowledged for so long, the terminal raises the alarm. */
    alarmAfterMs: ms,
    /** Unacknowledged for so long, the terminal turns to the engines' own services, where it knows them. */
    lastResortAfterMs: ms,
    /** How often the terminal tries again while a kill is not acknowledged. */
    retryEveryMs: ms,
  }),
  engines: z.strictObject({
    deadManMs: ms,
    /** What an engine does after `deadManMs` of silence. */
    deadManAction: deadManActionSchema,
    /** The same, for engines by id. */
    deadManActionOf: z.record(z.string().min(1).max(128), deadManActionSchema),
    heartbeatMs: ms,
    staleAfterMs: ms,
    lostAfterMs: ms,
  }),
  auth: z.strictObject({
    /** How wrong tokens are met; see `src/gateway/auth/attempts.ts`. */
    limits: z.strictObject({
      free: z.int().positive(),
      windowMs: ms,
      delayMs: ms,
      waitingMax: z.int().positive(),
    }),
    recheckEveryMs: ms,
    warnBeforeMs: ms,
  }),
  link: z.strictObject({
    heartbeatMs: ms,
    staleAfterMs: ms,
    downAfterMs: ms,
    reconnectMinMs: ms,
    reconnectMaxMs: ms,
  }),
  log: z.strictObject({ checkpointEvery: z.int().min(1).max(256) }),
  limits: z.strictObject({
    /** Sockets of all kinds at once, and of one kind by one operator or engine account. */
    connections: z.int().positive(),
    connectionsPerClient: z.int().positive(),
    /** Of one operator's or engine's connections together; a kill is never counted. */
    terminalFrames: rate,
    engineFrames: rate,
    /** Calls by HTTP of one operator. */
    requests: rate,
    telemetryQueueItems: z.int().positive(),
    shedAboveLagMs: ms,
    shedAfterBeats: z.int().positive(),
  }),
  figures: z.strictObject({ staleAfterMs: ms, clockOffsetShownAboveMs: ms }),
  /** Whom to ring when a kill is not acknowledged. */
  phones: z.array(z.strictObject({ name: z.string(), role: z.string(), phone: z.string() })),
});
export type OperationsPolicy = z.infer<typeof operationsPolicySchema>;
