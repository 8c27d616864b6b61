import { z } from 'zod';
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
  pause: z.strictObject({ scope: scopeSchema, reason, origin: originSchema }),
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
      'mirror_quarantined',
      'mirror_unwritable',
      'gateway_restarted',
    ]),
    detail: z.string().max(2_000),
  }),
  /** Gives a paper engine a fault, for a drill. Refused for live engines. */
  'engine.fault': z.strictObject({
    engine: z.string().min(1).max(128),
    fault: faultSchema,
    reason,
  }),
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
]);
export type Command = z.output<typeof commandSchema>;

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
