import { z } from 'zod';
import type { Held } from '../kill/chain';
import type { OpsState } from '../ops/state';
import { deletedBeforeSchema } from '../retention/retention';
import { auditSourceSchema } from './query';

/** Damage of a record, as it is shown. */
export const damageSchema = z.object({
  kind: z.enum(['gap', 'fork', 'altered', 'unreadable', 'checkpoint', 'index', 'file']),
  seq: z.int().nullable(),
  detail: z.string(),
});

/** What a verification found, as it is shown. */
export const findingsSchema = z.object({
  damage: z.array(damageSchema).readonly(),
  events: z.int().nonnegative(),
  first: z.int(),
  deleted: deletedBeforeSchema.nullable(),
  head: z.object({ seq: z.int().nonnegative(), hash: z.string() }),
  signedTo: z.int().nullable(),
  clock: z.object({
    regressions: z.int().nonnegative(),
    firstSeq: z.int().nullable(),
    worstMs: z.number(),
  }),
});
export type AuditFindings = z.infer<typeof findingsSchema>;

/** Work on the record that takes its time; one at a time. */
export const auditJobSchema = z.object({
  kind: z.enum(['verify', 'export', 'import']),
  source: auditSourceSchema,
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  /** Events, of so many as far as that is known. */
  done: z.int().nonnegative(),
  of: z.int().nonnegative(),
  /** What is written or read. */
  path: z.string().nullable(),
  findings: findingsSchema.nullable(),
  /** Why it failed. */
  problem: z.string().nullable(),
});
export type AuditJob = z.infer<typeof auditJobSchema>;

/** A record from elsewhere that is open to be read. */
export const importedSchema = z.object({ path: z.string(), findings: findingsSchema });
export type Imported = z.infer<typeof importedSchema>;

export const exportFormatSchema = z.enum(['zip', 'folder', 'jsonl', 'csv']);
export type ExportFormat = z.infer<typeof exportFormatSchema>;

/** A place in the log's past: after an event, or at a time. */
export const pastAtSchema = z.union([
  z.strictObject({ seq: z.int().positive() }),
  z.strictObject({ ts: z.int().nonnegative() }),
]);
export type PastAt = z.infer<typeof pastAtSchema>;

/** What the log last said, until then, of what an engine held. */
export interface RecordedPositions {
  readonly engine: string;
  /** Its latest read-back; null where none was recorded. */
  readonly readBack: Pick<Held, 'asOf' | 'positions' | 'workingOrders'> | null;
  /** Its latest loss, where it was lost then; `positions` is what it had last said it held. */
  readonly lost: { readonly at: number; readonly positions: number | null } | null;
}

/** The desk as the log had it then. */
export interface Past {
  readonly seq: number;
  readonly ts: number;
  readonly ops: OpsState;
  readonly positions: readonly RecordedPositions[];
}
