import { z } from 'zod';
import { hashSchema } from '../log/event';

const instant = z.number().nullable();

export const auditEventData = {
  /** The record, or a period of it, was given out. Who took it is the event's actor. */
  'audit.exported': z.object({
    format: z.enum(['zip', 'folder', 'jsonl', 'csv']),
    /** As asked for, UTC ms; null is open. */
    from: instant,
    to: instant,
    firstSeq: z.int().nonnegative(),
    lastSeq: z.int().nonnegative(),
    /** Hash of the last event; null where the period has none. */
    lastHash: hashSchema.nullable(),
  }),
} as const;
