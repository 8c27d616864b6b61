import { z } from 'zod';
import { severitySchema } from '../alerts/events';
import { changed } from '../audit/before';
import { saidSchema } from '../words/schema';

/** Types of the log's events that are about incidents and drills, and the shape of `data` for each. */

const id = z.string().min(1).max(128);
const ts = z.number();
const text = z.string().max(4_000);
/** A day of the desk's calendar. */
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'YYYY-MM-DD');

export const languageSchema = z.enum(['es', 'en']);
export type Language = z.infer<typeof languageSchema>;

/** Events before an opening that it may name. */
export const MAX_EVENTS_NAMED = 128;

/** The longest post-mortem, in UTF-16 code units. */
export const MAX_POSTMORTEM_LENGTH = 40_000;

export const incidentStateSchema = z.enum([
  'open',
  'acknowledged',
  'mitigating',
  'resolved',
  'closed',
]);
export type IncidentStage = z.infer<typeof incidentStateSchema>;

/** What opened an incident. */
export const incidentCauseSchema = z.enum([
  'kill',
  'rollback_failed',
  'alert',
  'engine_lost',
  'manual',
]);
export type IncidentCause = z.infer<typeof incidentCauseSchema>;

/** An event of the log named by another: enough to show it, and to find it. */
export const eventRefSchema = z.object({ seq: z.int().positive(), ts, type: z.string().max(64) });
export type EventRef = z.infer<typeof eventRefSchema>;

/** What an engine had at an instant, from its telemetry. Null figures were not known. */
export const bookSchema = z.object({
  engine: id,
  currency: z.string().max(8).nullable(),
  /** Unrealised PnL included. */
  equity: z.number().nullable(),
  /** When the engine said so, by its own clock. */
  equityAt: ts.nullable(),
  positions: z.int().nonnegative().nullable(),
  /** Sum of the positions' notionals by currency. */
  notional: z.record(z.string(), z.number()).nullable(),
});
export type Book = z.infer<typeof bookSchema>;

/** A step of the escalation with the instant it is due, fixed when the incident opened. */
export const dueStepSchema = z.object({
  step: id,
  /** The contact it goes to, by role. */
  role: z.string().max(64),
  dueAt: ts,
  /** What makes it needless if it comes first. */
  until: z.enum(['acknowledged', 'resolved']),
});
export type DueStep = z.infer<typeof dueStepSchema>;

export const contactSchema = z.object({
  role: z.string().min(1).max(64),
  name: z.string().max(128).nullable(),
  phone: z.string().max(64).nullable(),
  email: z.string().max(254).nullable(),
  slack: z.string().max(128).nullable(),
});
export type Contact = z.infer<typeof contactSchema>;

export const incidentEventData = {
  'incident.opened': z.object({
    incident: id,
    /** Counts incidents of this log, for people to name them by. */
    number: z.int().positive(),
    severity: severitySchema,
    title: z.string().min(1).max(256),
    /** The title in phrases, where a rule made it of an alert. */
    said: saidSchema,
    cause: incidentCauseSchema,
    /** What it is about: `model:…`, `engine:…`. */
    subjects: z.array(id).max(64),
    alerts: z.array(id).max(64),
    /** Commands whose events belong to it. */
    correlations: z.array(z.string().max(64)).max(64),
    /** Events before this one that belong to it, oldest first. */
    events: z.array(eventRefSchema).max(MAX_EVENTS_NAMED),
    /** When the trouble began: the first breaching sample or alert. Null where nobody can know. */
    detectedFrom: ts.nullable(),
    responseDueAt: ts.nullable(),
    escalation: z.array(dueStepSchema).max(16),
    playbook: id.nullable(),
    books: z.array(bookSchema).max(256),
    /** Trades an hour before it, where enough were seen to say so. */
    tradesPerHour: z.number().nonnegative().nullable(),
  }),
  'incident.acknowledged': z.object({
    incident: id,
    via: z.enum(['console', 'panel', 'rest', 'pagerduty']),
  }),
  /** Somebody was called because nothing had stopped this step. */
  'incident.escalated': z.object({
    incident: id,
    step: id,
    role: z.string().max(64),
    /** Null where policy names nobody for that role. */
    contact: contactSchema.nullable(),
    dueAt: ts,
    /** How much later than due: a machine that slept. */
    lateMs: z.number().nonnegative(),
    /** Whether the contact is on duty now, by policy. */
    onDuty: z.boolean(),
  }),
  'incident.state_changed': z.object({
    incident: id,
    from: incidentStateSchema,
    to: incidentStateSchema,
  }),
  'incident.noted': z.object({ incident: id, kind: z.enum(['note', 'decision']), text }),
  'incident.step_done': z.object({
    incident: id,
    playbook: id,
    step: id,
    done: z.boolean(),
    /** What came of it, in the words of who did it. */
    outcome: text.nullable(),
  }),
  'incident.commander_set': z.object({
    incident: id,
    commander: id.nullable(),
    ...changed,
  }),
  'incident.severity_changed': z.object({
    incident: id,
    from: severitySchema,
    to: severitySchema,
    responseDueAt: ts.nullable(),
    /** Takes the place of the steps that have not been carried out. */
    escalation: z.array(dueStepSchema).max(16),
  }),
  'incident.alert_linked': z.object({ incident: id, alert: id }),
  /** Another command's events belong to it from here on, and these before it. */
  'incident.correlated': z.object({
    incident: id,
    correlation: z.string().min(1).max(64),
    events: z.array(eventRefSchema).max(MAX_EVENTS_NAMED),
  }),
  'incident.resolved': z.object({
    incident: id,
    rootCause: text,
    resolution: text,
    books: z.array(bookSchema).max(256),
  }),
  'incident.closed': z.object({ incident: id }),
  'incident.message_sent': z.object({
    incident: id,
    template: z.enum(['start', 'update', 'resolved']),
    language: languageSchema,
    text,
    /** Names of the channels it is for. */
    channels: z.array(z.string().min(1).max(64)).max(16),
  }),
  'postmortem.saved': z.object({
    incident: id,
    language: languageSchema,
    markdown: z.string().max(MAX_POSTMORTEM_LENGTH),
  }),
  'postmortem.published': z.object({ incident: id }),
  'action_item.set': z.object({
    item: id,
    incident: id.nullable(),
    text: z.string().min(1).max(1_000),
    owner: id,
    /** Its last day, in Bogota. */
    due: day,
    status: z.enum(['open', 'in_progress', 'done', 'dropped']),
    ...changed,
  }),
  /** People are reminded of what is to be done by then, or was. */
  'action_item.reminded': z.object({ item: id, owner: id, due: day, late: z.boolean() }),
  /** A rehearsal began; the kill of the same command is its own. */
  'drill.started': z.object({
    drill: id,
    engines: z.array(id).min(1).max(256),
    origin: z.enum(['person', 'schedule']),
    timeoutMs: z.number().positive(),
    /** From the press to the log; null where the two clocks do not allow it. */
    pressMs: z.number().nonnegative().nullable(),
    /** Who lifts it: a person's resume, or the gateway once it is flat. */
    resume: z.enum(['person', 'auto']),
  }),
  /** A scheduled rehearsal that could not be held. */
  'drill.skipped': z.object({ schedule: z.string().max(128), cause: z.string().max(512) }),
  'drill.finished': z.object({
    drill: id,
    outcome: z.enum(['flat', 'timed_out', 'interrupted']),
    detail: z.string().max(512),
    /** From the press to the log; null where the two clocks do not allow it. */
    pressMs: z.number().nullable(),
    /** From the log to every engine's acknowledged block, and to flat. */
    blockedMs: z.number().nullable(),
    flatMs: z.number().nullable(),
  }),
} as const;
