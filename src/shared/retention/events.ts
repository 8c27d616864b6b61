import { z } from 'zod';
import { hashSchema } from '../log/event';

/** Kinds of what is kept by the year. */
export const keptKindSchema = z.enum(['audit', 'trades', 'artifacts']);
export type KeptKind = z.infer<typeof keptKindSchema>;

/** Files that one event may name: it stays well under a frame. */
export const NAMED_MAX = 400;

const year = z.int().min(1970).max(9_999);
const seq = z.int().positive();
const about = { kind: keptKindSchema, year };
const named = {
  ...about,
  /** Events, trades or files that go. */
  count: z.int().nonnegative(),
  files: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(512),
        sha256: hashSchema,
        bytes: z.int().nonnegative(),
      }),
    )
    .max(NAMED_MAX),
};

export const retentionEventData = {
  /** A year whose time is over goes, because a person asked for it. Recorded before anything is deleted. */
  'retention.deleted': z.object({
    ...about,
    /** The last day `YYYY-MM-DD` on which it had to be kept, by the policy then in force. */
    keptUntil: z.string(),
    /** Of a year of the record: its piece of the chain, and the key that signs the log. */
    audit: z
      .object({ first: seq, last: seq, hash: hashSchema, publicKey: z.string().max(128) })
      .nullable(),
  }),
  /** What goes of it at one place, named before it goes: the actor's terminal, or the gateway. */
  'retention.named': z.object(named),
} as const;

/** Parameters of the commands about retention, by name. */
export const retentionCommandParams = {
  'retention.delete': z.strictObject({
    ...about,
    reason: z.string().trim().min(1, 'a reason is required').max(4_000),
  }),
  /** What this terminal is about to delete, of a deletion on record. */
  'retention.name': z.strictObject(named),
} as const;
