import { z } from 'zod';
import { saidSchema } from '../words/schema';

/** Types of the log's events that are about alerts, and the shape of `data` for each. */

const id = z.string().min(1).max(128);
const ts = z.number();

export const severitySchema = z.enum(['P0', 'P1', 'P2', 'P3']);
export type Severity = z.infer<typeof severitySchema>;

export const alertSourceSchema = z.enum(['monitor', 'policy', 'engine', 'outside']);
export type AlertSource = z.infer<typeof alertSourceSchema>;

/** What another system said of its own alert. Hostile text as it came, cut to these lengths. */
export const outsideSchema = z.object({
  labels: z.record(z.string().max(128), z.string().max(512)),
  summary: z.string().max(512),
  /** What its system groups it with. */
  group: z.string().max(512),
  runbook: z.string().max(2_000).nullable(),
  generator: z.string().max(2_000).nullable(),
  startsAt: ts.nullable(),
});
export type Outside = z.infer<typeof outsideSchema>;

export const alertEventData = {
  'alert.raised': z.object({
    /** The same alert raised again under the same key is one alert. */
    alert: id,
    severity: severitySchema,
    kind: z.string().max(64),
    model: z.string().min(1).max(128).nullable(),
    engine: z.string().min(1).max(128).nullable(),
    /** In English; `said` is the same for whoever reads another language. */
    detail: z.string().max(2_000),
    said: saidSchema,
    /** Events of earlier versions have none: they were the gateway's own. */
    source: alertSourceSchema.optional(),
    /** How many raisings this event stands for; one where it is left out. */
    count: z.int().positive().optional(),
    /** When what it tells of began, where that is known to be earlier than this event. */
    since: ts.nullable().optional(),
    outside: outsideSchema.nullable().optional(),
  }),
  'alert.cleared': z.object({ alert: id, cause: z.string().max(512) }),
  'alert.acknowledged': z.object({ alert: id }),
} as const;
