import type { SealedEvent } from './chain';
import type { LogEvent, LogPosition } from './event';

/** Thrown by {@link EventStore.append} when the log has moved on since the writer looked. */
export class SequenceConflictError extends Error {
  override readonly name = 'SequenceConflictError';
  constructor(
    readonly expectedSeq: number,
    readonly actualSeq: number,
  ) {
    super(`the log stands at ${actualSeq}, not at ${expectedSeq}`);
  }
}

/**
 * Where the log is kept. Embedded it is SQLite; a replicated log whose publish takes an expected
 * last sequence can stand behind the same four calls. Nothing above it knows which.
 */
export interface EventStore {
  /**
   * Appends events durably (on disk when the promise resolves), all or none.
   *
   * @param expectedSeq the sequence the log must stand at: `events[0].seq - 1`.
   * @throws {SequenceConflictError} when it stands elsewhere; nothing was written.
   */
  append(events: readonly SealedEvent[], expectedSeq: number): Promise<void>;
  /** Up to `limit` events from `fromSeq` on, in order. */
  read(fromSeq: number, limit: number): Promise<readonly LogEvent[]>;
  /** The last event's place, or the empty log's. */
  head(): LogPosition;
  /** Calls back after each durable append, in order. @returns the call that ends it. */
  onAppend(listener: (events: readonly LogEvent[]) => void): () => void;
}
