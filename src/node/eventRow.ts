import type { ChainFault, Sha256 } from '../shared/log/chain';
import { verifyNext } from '../shared/log/chain';
import { type LogEvent, type LogPosition, logEventSchema } from '../shared/log/event';

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
  if (holds(row, previous, sha256)) return null;
  let event: LogEvent;
  try {
    event = eventOfRow(row);
  } catch (error) {
    return { kind: 'unreadable', seq: row.seq, detail: (error as Error).message };
  }
  const shape = logEventSchema.safeParse(event);
  if (!shape.success) {
    const [issue] = shape.error.issues;
    const detail = `${issue?.path.join('.') || 'the event'}: ${issue?.message}`;
    return { kind: 'unreadable', seq: row.seq, detail };
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

/**
 * The same answer for rows that hold, without parsing them: the stored bytes are hashed, and each
 * column is compared with the bytes at its place in the canonical text. Members stand in the order
 * of RFC 8785, and a quote inside a JSON string is escaped, so that what opens a member cannot stand
 * inside a text: the last `,"id":"` is the event's own, and so is the first `},"commandId":`.
 *
 * What was hashed is what was sealed: whether the signer kept to the canonical form is not asked here.
 */
function holds(row: EventRow, previous: LogPosition, sha256: Sha256): boolean {
  const { seq, id, ts, type, actor, command_id: command, hash, prev_hash: before, body } = row;
  if (seq !== previous.seq + 1 || before !== previous.hash) return false;
  if (!body.startsWith(`{"actor":{"id":${quoted(actor)},"role":"`)) return false;
  const afterActor = body.indexOf('},"commandId":');
  const commandText = command === null ? 'null' : quoted(command);
  if (!body.startsWith(`},"commandId":${commandText},"data":{`, afterActor)) return false;
  const middle = `,"id":${quoted(id)},"prevHash":"${before}","reason":`;
  if (!body.startsWith(middle, body.lastIndexOf(',"id":"'))) return false;
  if (!body.endsWith(`,"seq":${seq},"ts":${ts},"type":${quoted(type)}}`)) return false;
  return sha256(body) === hash;
}

/** A text as JSON has it; most need no escape, and are not made to pay for one. */
function quoted(text: string): string {
  return /^[ !#-[\]-~]*$/.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** The canonical JSON of an event's `data`, as it stands in the sealed text. */
export function dataText(body: string): string {
  const from = body.indexOf(',"data":{', body.indexOf('},"commandId":')) + 8;
  return body.slice(from, body.lastIndexOf(',"id":"'));
}

/** The canonical JSON of the whole event, its hash in its place: a line of an export. */
export function eventLine(body: string, hash: string): string {
  const at = body.lastIndexOf(',"id":"') + 1;
  return `${body.slice(0, at)}"hash":"${hash}",${body.slice(at)}`;
}

/** What {@link eventLine} made, taken apart again; null when the line has no hash in its place. */
export function bodyOfLine(line: string): { readonly body: string; readonly hash: string } | null {
  const at = line.lastIndexOf('"hash":"');
  const after = at + 74;
  if (at < 0 || line[after - 2] !== '"' || line[after - 1] !== ',') return null;
  return { body: line.slice(0, at) + line.slice(after), hash: line.slice(at + 8, after - 2) };
}
