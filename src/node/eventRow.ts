import type { ChainFault, Sha256 } from '../shared/log/chain';
import { verifyNext } from '../shared/log/chain';
import type { LogEvent, LogPosition } from '../shared/log/event';

/** One row of the `events` table. `body` is the text the hash was taken over. */
export interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly ts: number;
  readonly type: string;
  readonly actor: string;
  readonly command_id: string | null;
  readonly hash: string;
  readonly prev_hash: string;
  readonly body: string;
}

/** The event of a row. @throws {SyntaxError} when its body is not JSON. */
export function eventOfRow(row: EventRow): LogEvent {
  return { ...(JSON.parse(row.body) as Omit<LogEvent, 'hash'>), hash: row.hash };
}

/**
 * Hashes a stored row afresh and compares each column with the sealed text.
 *
 * @returns what does not hold, null when the row is the event that follows `previous`.
 */
export function rowFault(row: EventRow, previous: LogPosition, sha256: Sha256): ChainFault | null {
  let event: LogEvent;
  try {
    event = eventOfRow(row);
  } catch (error) {
    return { kind: 'unreadable', seq: row.seq, detail: (error as Error).message };
  }
  const next = verifyNext(event, previous, sha256);
  if (!next.ok) return next.fault;
  const same =
    next.sealed.body === row.body &&
    event.seq === row.seq &&
    event.id === row.id &&
    event.ts === row.ts &&
    event.type === row.type &&
    event.actor?.id === row.actor &&
    event.commandId === row.command_id &&
    event.prevHash === row.prev_hash;
  if (same) return null;
  return { kind: 'unreadable', seq: row.seq, detail: 'a column differs from the sealed text' };
}
