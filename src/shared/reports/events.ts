import { z } from 'zod';
import { hashSchema } from '../log/event';

/** Types of the log's events that are about reports, and the shape of `data` for each. */

const id = z.string().min(1).max(128);
const ts = z.number();
const seq = z.int().nonnegative();
const figure = z.number().nullable();
export const daySchema = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'YYYY-MM-DD');

export const reportKindSchema = z.enum(['daily', 'weekly', 'period']);
export type ReportKind = z.infer<typeof reportKindSchema>;
export const reportLanguageSchema = z.enum(['es', 'en']);

/** Unix ms; from included, to not. */
export const periodSchema = z.strictObject({ from: ts, to: ts });

const modelTradesSchema = z.object({
  model: id,
  trades: z.int().nonnegative(),
  wins: z.int().nonnegative(),
  /** Net of costs. */
  pnl: z.number(),
});
export type ModelTrades = z.infer<typeof modelTradesSchema>;

export const reportEventData = {
  /** What one engine's trading day has come to so far, from what the gateway heard of it. */
  'day.noted': z.object({
    day: daySchema,
    engine: id,
    currency: z.string().max(8).nullable(),
    /** Equity at the day's start as the engine says it, and as it said last. */
    startEquity: figure,
    endEquity: figure,
    /** Engine's time of that equity. */
    equityAt: ts.nullable(),
    models: z.array(modelTradesSchema).max(256),
    /** Since when trades were heard; later than the day's start where the gateway was not there. */
    heardSince: ts,
    /** Items that are known not to have come. */
    missed: z.int().nonnegative(),
  }),
  /** A report's figures were worked out; whoever has the log can work out the same again. */
  'report.made': z.object({
    report: id,
    kind: reportKindSchema,
    period: periodSchema,
    /** Events it stands on. An empty period ends before it begins. */
    fromSeq: z.int().positive(),
    toSeq: seq,
    /** Of the canonical JSON of its figures. */
    sha256: hashSchema,
    by: z.enum(['schedule', 'person']),
    /** Of the schedule, and when it was due; null for one made by hand. */
    schedule: z.string().max(64).nullable(),
    dueAt: ts.nullable(),
    languages: z.array(reportLanguageSchema).min(1).max(2),
  }),
  /** It is there to be read; people are told of it. */
  'report.ready': z.object({
    report: id,
    title: z.string().min(1).max(256),
    /** Its title in each language; earlier versions had the one above alone. */
    titles: z.object({ es: z.string().max(256), en: z.string().max(256) }).optional(),
  }),
  'report.delivered': z.object({
    report: id,
    outcome: z.enum(['sent', 'no_channel', 'no_recipients', 'failed']),
    /** How many it went to, and whether a terminal had printed it by then. */
    recipients: z.int().nonnegative(),
    pdf: z.boolean(),
    detail: z.string().max(512),
  }),
} as const;
