import { z } from 'zod';

/** What is told to people away from the screen, and how urgent it is. */
export const levelSchema = z.enum(['info', 'warning', 'critical', 'p0']);
export type Level = z.infer<typeof levelSchema>;

/** The greater, the more urgent. */
export const LEVEL_RANK: Readonly<Record<Level, number>> = {
  info: 0,
  warning: 1,
  critical: 2,
  p0: 3,
};

export const channelSchema = z.enum(['slack', 'email', 'pagerduty']);
export type Channel = z.infer<typeof channelSchema>;
export const CHANNELS = channelSchema.options;

export const languageSchema = z.enum(['es', 'en']);
export type Language = z.infer<typeof languageSchema>;

/** What a message is about. */
export const kindSchema = z.enum([
  'kill',
  'resume',
  'resume_wanted',
  'pause',
  'rollback',
  'auto_rollback',
  'rollback_failed',
  'rollback_done',
  'deployment_failed',
  'promotion',
  'retirement',
  'emergency_retirement',
  'approval_wanted',
  'alert',
  'incident_opened',
  'incident_acknowledged',
  'incident_escalated',
  'incident_resolved',
  'incident_message',
  'action_item_due',
  'report_ready',
  'engine_lost',
]);
export type Kind = z.infer<typeof kindSchema>;

/** Kinds that are as urgent as the severity of what they are about. */
export const BY_SEVERITY = ['alert', 'incident_opened', 'incident_escalated'] as const;

export const labelSchema = z.enum([
  'by',
  'reason',
  'scope',
  'origin',
  'model',
  'previous',
  'stage',
  'engine',
  'engines',
  'severity',
  'detail',
  'cause',
  'expires',
  'positions',
  'flat',
  'step',
  'contact',
  'incident',
  'title',
  'message',
  'report',
  'owner',
]);
export type Label = z.infer<typeof labelSchema>;

/** No single value that is told is longer, in UTF-16 code units; the log has the whole. */
export const VALUE_MAX = 1_500;

/** A value as it stands, in both languages, or a time to be written in COT. */
const valueSchema = z.union([
  z.string(),
  z.object({ es: z.string(), en: z.string() }),
  z.object({ at: z.number() }),
]);
export type Value = z.infer<typeof valueSchema>;

/** What is asked of PagerDuty about an alert of its own, by that alert's dedup keys. */
const pageSchema = z.object({
  action: z.enum(['trigger', 'acknowledge', 'resolve']),
  keys: z.array(z.string().min(1).max(255)).min(1),
});
export type Page = z.infer<typeof pageSchema>;

export const messageSchema = z.object({
  /** Names the message for ever: the same event gives the same key wherever it is told from. */
  key: z.string().min(1).max(255),
  kind: kindSchema,
  /** Null where nobody is told and only a page that is open changes. */
  level: levelSchema.nullable(),
  /** The event's time, Unix ms. */
  at: z.number(),
  fields: z.array(z.object({ label: labelSchema, value: valueSchema })),
  page: pageSchema.nullable(),
  /** By whom it is told, where that was said; else the level's. */
  channels: z.array(channelSchema).optional(),
  /** Mail addresses of people it is for, and whether it is mailed to nobody but them. */
  to: z.array(z.string().max(254)).optional(),
  toAlone: z.boolean().optional(),
  /** Where to read on about this one, where it came with a link of its own. */
  runbook: z.string().max(2_000).optional(),
});
export type Message = z.infer<typeof messageSchema>;

/** A message in one language, every part plain text that was not escaped yet. */
export interface Rendered {
  readonly key: string;
  readonly level: Level;
  readonly language: Language;
  readonly title: string;
  readonly lead: string;
  readonly fields: readonly { readonly label: string; readonly value: string }[];
  /** `YYYY-MM-DD HH:MM:SS COT`. */
  readonly time: string;
  /** The event's time, Unix ms. */
  readonly at: number;
  readonly runbook: string | null;
  /** Mail addresses of people it is for, and whether it is mailed to nobody but them. */
  readonly to: readonly string[];
  readonly toAlone: boolean;
  readonly kind: string;
  /** The desk, for whom it is the source. */
  readonly source: string;
}
