import { z } from 'zod';
import { bridgeCommandParams } from '../bridges/commands';
import { incidentCommandParams } from '../incidents/commands';
import { lineageCommandParams } from '../lineage/runEvent';
import { checklistSchema, retirementCauseSchema } from '../models/decisions';
import { gateIdSchema } from '../models/gateId';
import { metricsSchema } from '../models/model';
import { retrainingCommandParams } from '../monitor/commands';
import { monitorItemSchema } from '../monitor/report';
import { channelCommandParams } from '../notify/commands';
import { reportCommandParams } from '../reports/commands';
import { retentionCommandParams } from '../retention/events';
import { faultSchema } from './engine';

/** Where a command was given. */
export const originSchema = z.enum([
  'hotkey',
  'panel',
  'console',
  'tray',
  'rest',
  'cli',
  'monitor',
]);
export type Origin = z.infer<typeof originSchema>;

/** What a command is about: the whole desk, engines that connect later included, or some engines. */
export const scopeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('all') }),
  z.strictObject({
    kind: z.literal('engines'),
    engines: z.array(z.string().min(1).max(128)).min(1).max(256),
  }),
]);
export type Scope = z.infer<typeof scopeSchema>;

/** What the person who resumes says he has done; each must be true. */
export const resumeChecklistSchema = z.strictObject({
  causeUnderstood: z.literal(true),
  positionsReviewed: z.literal(true),
  teamNotified: z.literal(true),
});

/** What must be typed to resume. */
export const RESUME_CONFIRMATION = 'CONFIRM_RESUME';

const reason = z.string().trim().min(1, 'a reason is required');
const modelId = z.string().min(1).max(128);
/** Ids of requests, exceptions and reviews: those of the commands that began them. */
const ref = z.string().min(1).max(64);
/** The lease's token; with it, and the origin `monitor`, a command is the monitor's own. */
const fence = z.int().positive().nullable().default(null);
const person = z.string().min(1).max(128).nullable();

/** Parameters of every command, by name. */
export const commandParams = {
  /** Stop: block, cancel, flatten, read back, latch. Never refused. */
  kill: z.strictObject({
    scope: scopeSchema,
    // No minimum: a kill without a reason is worse than one with, but never refused for it.
    reason: z.string(),
    closePositions: z.boolean().default(true),
    notifyTeam: z.boolean().default(true),
    origin: originSchema,
  }),
  /** Finish what is open, open nothing new. */
  pause: z.strictObject({ scope: scopeSchema, reason, origin: originSchema, fence }),
  /** Leave `killed` or `paused`. May wait for a second person. */
  resume: z.strictObject({
    scope: scopeSchema,
    reason,
    confirmation: z.string(),
    checklist: resumeChecklistSchema,
    origin: originSchema,
  }),
  /** The second person's yes to a resume that waits. */
  'resume.approve': z.strictObject({
    request: z.string().min(1).max(64),
    reason,
    origin: originSchema,
  }),
  /** Takes back a resume that waits. */
  'resume.withdraw': z.strictObject({
    request: z.string().min(1).max(64),
    reason,
    origin: originSchema,
  }),
  /** Something the terminal saw that belongs on the record. */
  'terminal.report': z.strictObject({
    kind: z.enum([
      'hotkey_proven',
      'hotkey_conflict',
      'kill_unacknowledged',
      'kill_abandoned',
      'kill_by_http',
      'kill_last_resort',
      'mirror_quarantined',
      'mirror_unwritable',
      'gateway_restarted',
      'gateway_diverged',
      'locked',
      'unlocked',
      'unlock_failed',
      'killed_while_locked',
      'certificate_confirmed',
      'certificate_changed',
      'audit_verifying',
      'audit_exporting',
      'audit_verified',
      'audit_exported',
      'audit_imported',
      'update_installed',
      'update_not_installed',
      'update_refused',
      'update_bad_signature',
      'update_altered',
      'retention_refused',
    ]),
    detail: z.string().max(2_000),
  }),
  /** Gives a paper engine a fault, for a drill. Refused for live engines. */
  'engine.fault': z.strictObject({
    engine: z.string().min(1).max(128),
    fault: faultSchema,
    reason,
  }),
  /** Registers a model by its card, in the template's own names, or adds to what is known of it. */
  'model.register': z.strictObject({ card: z.unknown() }),
  /** Names owner and backup and writes the rollback plan. */
  'model.update': z.strictObject({
    model: modelId,
    owner: person,
    backupOwner: person,
    rollbackPlan: z.string().max(4_000).nullable(),
    reason,
  }),
  /** Figures of a backtest or of the time in staging, measured elsewhere. */
  'model.report': z.strictObject({
    model: modelId,
    phase: z.enum(['backtest', 'staging']),
    metrics: metricsSchema,
    shadowAgreement: z.number().min(0).max(1).nullable(),
    reason,
  }),
  /** Asks for a model's next stage. Happens once everybody who must has approved. */
  'model.promote': z.strictObject({
    model: modelId,
    target: z.enum(['staging', 'production']),
    checklist: checklistSchema,
    reason,
    /** A CTO's waiver: the requirements waived, and why in writing. */
    emergency: z
      .strictObject({
        waived: z.array(gateIdSchema).min(1).max(32),
        justification: z.string().trim().min(1).max(4_000),
      })
      .nullable()
      .default(null),
    origin: originSchema,
  }),
  'promotion.approve': z.strictObject({ request: ref, reason, origin: originSchema }),
  'promotion.reject': z.strictObject({ request: ref, reason, origin: originSchema }),
  'promotion.withdraw': z.strictObject({ request: ref, reason, origin: originSchema }),
  /** Makes a model that was live before live again: exactly that one, on every engine. */
  'model.rollback': z.strictObject({ target: modelId, reason, origin: originSchema, fence }),
  /** What the monitor that acts puts on the record. */
  'monitor.report': z.strictObject({
    fence: z.int().positive(),
    items: z.array(monitorItemSchema).min(1).max(64),
  }),
  /** The monitor says what it would do, and does nothing; ends by itself. */
  'monitor.dry_run': z.strictObject({ on: z.boolean(), reason, origin: originSchema }),
  ...retrainingCommandParams,
  'model.retire': z.strictObject({
    model: modelId,
    cause: retirementCauseSchema.or(z.literal('emergency')),
    teamNotified: z.literal(true),
    reason,
  }),
  /** Lifts requirements for one model for a time. */
  'exception.grant': z.strictObject({
    model: modelId,
    gates: z.array(gateIdSchema).min(1).max(32),
    until: z.number(),
    reason,
  }),
  'exception.revoke': z.strictObject({ exception: ref, reason }),
  /** What the review after an emergency or an exception came to. */
  'review.close': z.strictObject({ review: ref, reason }),
  /** Puts another policy in force; approvals given under the old one end. */
  'policy.change': z.strictObject({
    name: z.enum(['models', 'monitor', 'incidents', 'reports', 'notifications']),
    document: z.unknown(),
    reason,
    /** Version that was changed; refused where another is in force by now. Null does not ask. */
    basedOn: z.string().nullable().default(null),
  }),
  ...incidentCommandParams,
  ...lineageCommandParams,
  ...channelCommandParams,
  ...bridgeCommandParams,
  ...reportCommandParams,
  ...retentionCommandParams,
} as const;
export type CommandName = keyof typeof commandParams;
export type CommandParams<Name extends CommandName> = z.output<(typeof commandParams)[Name]>;

/** A command as it goes over the wire. The id is its idempotency key for ever. */
export const commandSchema = z.discriminatedUnion('name', [
  commandVariant('kill'),
  commandVariant('pause'),
  commandVariant('resume'),
  commandVariant('resume.approve'),
  commandVariant('resume.withdraw'),
  commandVariant('terminal.report'),
  commandVariant('engine.fault'),
  commandVariant('model.register'),
  commandVariant('model.update'),
  commandVariant('model.report'),
  commandVariant('model.promote'),
  commandVariant('promotion.approve'),
  commandVariant('promotion.reject'),
  commandVariant('promotion.withdraw'),
  commandVariant('model.rollback'),
  commandVariant('model.retire'),
  commandVariant('exception.grant'),
  commandVariant('exception.revoke'),
  commandVariant('review.close'),
  commandVariant('policy.change'),
  commandVariant('monitor.report'),
  commandVariant('monitor.dry_run'),
  commandVariant('alert.acknowledge'),
  commandVariant('incident.open'),
  commandVariant('incident.acknowledge'),
  commandVariant('incident.mitigate'),
  commandVariant('incident.resolve'),
  commandVariant('incident.close'),
  commandVariant('incident.note'),
  commandVariant('incident.step'),
  commandVariant('incident.set_commander'),
  commandVariant('incident.set_severity'),
  commandVariant('incident.link_alert'),
  commandVariant('incident.correlate'),
  commandVariant('incident.send_message'),
  commandVariant('postmortem.save'),
  commandVariant('postmortem.publish'),
  commandVariant('action_item.set'),
  commandVariant('drill.kill'),
  commandVariant('retraining.request'),
  commandVariant('retraining.close'),
  commandVariant('lineage.report'),
  commandVariant('channel.configure'),
  commandVariant('channel.remove'),
  commandVariant('channel.test'),
  commandVariant('bridge.configure'),
  commandVariant('bridge.remove'),
  commandVariant('bridge.test'),
  commandVariant('report.record'),
  commandVariant('retention.delete'),
  commandVariant('retention.name'),
]);
export type Command = z.output<typeof commandSchema>;

/** Commands about models and their records that a window may give, as its contract with the main process has them. */
export const modelCommandSchema = z.discriminatedUnion('name', [
  windowVariant('model.update'),
  windowVariant('model.promote'),
  windowVariant('promotion.approve'),
  windowVariant('promotion.reject'),
  windowVariant('promotion.withdraw'),
  windowVariant('model.rollback'),
  windowVariant('model.retire'),
  windowVariant('exception.grant'),
  windowVariant('exception.revoke'),
  windowVariant('review.close'),
  windowVariant('policy.change'),
  windowVariant('monitor.dry_run'),
  windowVariant('retraining.request'),
  windowVariant('retraining.close'),
  windowVariant('retention.delete'),
]);

/** Commands about alerts, incidents and drills that a window may give. */
export const incidentCommandSchema = z.discriminatedUnion('name', [
  windowVariant('alert.acknowledge'),
  windowVariant('incident.open'),
  windowVariant('incident.acknowledge'),
  windowVariant('incident.mitigate'),
  windowVariant('incident.resolve'),
  windowVariant('incident.close'),
  windowVariant('incident.note'),
  windowVariant('incident.step'),
  windowVariant('incident.set_commander'),
  windowVariant('incident.set_severity'),
  windowVariant('incident.link_alert'),
  windowVariant('incident.correlate'),
  windowVariant('incident.send_message'),
  windowVariant('postmortem.save'),
  windowVariant('postmortem.publish'),
  windowVariant('action_item.set'),
  windowVariant('drill.kill'),
]);

/** Commands about channels that a window may give. */
export const channelCommandSchema = z.discriminatedUnion('name', [
  windowVariant('channel.configure'),
  windowVariant('channel.remove'),
  windowVariant('channel.test'),
]);

/** Commands about bridges, as the windows' contract has them. */
export const bridgeCommandSchema = z.discriminatedUnion('name', [
  windowVariant('bridge.configure'),
  windowVariant('bridge.remove'),
  windowVariant('bridge.test'),
]);

function windowVariant<Name extends CommandName>(name: Name) {
  return z.strictObject({ name: z.literal(name), params: commandParams[name] });
}

function commandVariant<Name extends CommandName>(name: Name) {
  return z.strictObject({
    type: z.literal('command'),
    /** A lower-case UUID made by the sender. */
    id: z.uuid(),
    name: z.literal(name),
    params: commandParams[name],
    issuedAt: z.number(),
  });
}
