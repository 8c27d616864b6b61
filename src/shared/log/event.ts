import { z } from 'zod';
import type { Json } from './canonical';

/** Who did it: an operator, an engine or the gateway itself, by role, and from which terminal. */
export const actorSchema = z.strictObject({
  id: z.string().min(1).max(128),
  role: z.string().min(1).max(64),
  terminal: z.string().max(128).nullable(),
});
export type Actor = z.infer<typeof actorSchema>;

export const hashSchema = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex');

/** The longest reason an event may carry, in UTF-16 code units; longer ones are cut with a mark at the edge. */
export const MAX_REASON_LENGTH = 4_000;

/**
 * One event of the log, whatever its type. `hash` is the SHA-256 of the canonical JSON (RFC 8785)
 * of all the other members; `prevHash` is the hash of the event before it, or 64 zeros.
 *
 * `commandId` is also the correlation id: every event that a command leads to carries it.
 */
export const logEventSchema = z.strictObject({
  /** 1, 2, 3 … with no gaps. */
  seq: z.int().positive(),
  /** UUIDv7. */
  id: z.string().min(1).max(64),
  /** UTC, milliseconds. */
  ts: z.int().nonnegative(),
  type: z.string().min(1).max(64),
  actor: actorSchema,
  commandId: z.string().max(64).nullable(),
  reason: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
  prevHash: hashSchema,
  hash: hashSchema,
});

export interface LogEvent {
  readonly seq: number;
  readonly id: string;
  readonly ts: number;
  readonly type: string;
  readonly actor: Actor;
  readonly commandId: string | null;
  readonly reason: string | null;
  readonly data: { readonly [key: string]: Json };
  readonly prevHash: string;
  readonly hash: string;
}

/** An event that the log has not given its place yet. */
export type EventDraft = Omit<LogEvent, 'seq' | 'prevHash' | 'hash'>;

/** Place of an event in the log; `{seq: 0, hash: GENESIS}` is the place before the first. */
export interface LogPosition {
  readonly seq: number;
  readonly hash: string;
}

/** The `prevHash` of the first event. */
export const GENESIS = '0'.repeat(64);
export const EMPTY_LOG: LogPosition = { seq: 0, hash: GENESIS };
