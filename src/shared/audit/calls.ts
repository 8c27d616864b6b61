import { z } from 'zod';
import { logEventSchema } from '../log/event';
import { auditFilterSchema, auditPageSchema, auditSourceSchema, facetValuesSchema } from './query';
import { auditJobSchema, exportFormatSchema, importedSchema, pastAtSchema } from './view';

const none = z.undefined();
const source = auditSourceSchema.default('own');

/** What the windows may ask of the record. */
export const auditCalls = {
  'audit.page': {
    args: z.strictObject({
      source,
      filter: auditFilterSchema,
      offset: z.int().nonnegative(),
      limit: z.int().positive().max(500),
    }),
    result: auditPageSchema,
  },
  /** Leaves the question that is under way. */
  'audit.cancel': { args: z.strictObject({ source }), result: z.null() },
  'audit.values': { args: z.strictObject({ source }), result: facetValuesSchema },
  /** Every event of a command, oldest first. */
  'audit.story': {
    args: z.strictObject({ source, command: z.string().min(1).max(64) }),
    result: z.array(logEventSchema),
  },
  /** Shows the calling window the past; null leads back to now. Null where the record does not reach. */
  'audit.past': {
    args: z.strictObject({ source, at: pastAtSchema.nullable() }),
    result: z.custom<import('./view').Past>().nullable(),
  },
  'audit.verify': { args: z.strictObject({ source }), result: z.null() },
  /** Asks where to, and writes. From one time on and before another, UTC ms. */
  'audit.export': {
    args: z.strictObject({
      format: exportFormatSchema,
      from: z.int().nonnegative().nullable(),
      to: z.int().nonnegative().nullable(),
    }),
    result: z.object({ path: z.string().nullable() }),
  },
  /** Asks for a record from elsewhere and opens it to be read. */
  'audit.import': {
    args: z.strictObject({ kind: z.enum(['file', 'folder']) }),
    result: z.object({ path: z.string().nullable() }),
  },
  'audit.closeImported': { args: none, result: z.null() },
  /** Puts a text on the clipboard; the windows themselves may not. */
  'audit.copy': { args: z.strictObject({ text: z.string().max(2_000_000) }), result: z.null() },
  'audit.cancelJob': { args: none, result: z.null() },
  /** Work and import as they stand, for a window that has just opened. */
  'audit.state': {
    args: none,
    result: z.object({ job: auditJobSchema.nullable(), imported: importedSchema.nullable() }),
  },
} as const satisfies Record<string, { args: z.ZodType; result: z.ZodType }>;

export const auditEvents = {
  /** Events came into the mirror; the audit view may want to look again. */
  'audit.grew': z.object({ seq: z.int().nonnegative() }),
  /** A question's rows, as far as they are counted. It may come before the page that it is of. */
  'audit.counted': z.object({
    source: auditSourceSchema,
    question: z.int().positive(),
    total: z.int().nonnegative(),
    counted: z.boolean(),
  }),
  'audit.job': auditJobSchema.nullable(),
  'audit.imported': importedSchema.nullable(),
} as const satisfies Record<string, z.ZodType>;
