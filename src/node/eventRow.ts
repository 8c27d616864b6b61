import type { ChainFault, Sha256 } from '../shared/log/chain';
import { verifyNext } from '../shared/log/chain';
import { type LogEvent, type LogPosition, logEventSchema } from '../shared/log/event';

/** What makes an event whole: the text the hash was taken over, and the hash. */
export interface SealedRow {
  readonly hash: string;
  readonly body: string;
}

/** One row of the `events` table. */
export interface EventRow extends SealedRow {
  readonly seq: number;
  readonly id: string;
  readonly ts: number;
  readonly type: string;
  readonly actor: string;
  readonly command_id: string | null;
  readonly prev_hash: string;
}

/** The event of a row. @throws {SyntaxError} when its body is not JSON. */
export function eventOfRow(row: SealedRow): LogEvent {
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

/** The least there is from `,"id":"` to `,"seq":`: a hash, and texts without letters. */
const LEAST_MIDDLE = ',"id":"","prevHash":"","reason":""'.length + 64;

/**
 * The same answer for rows that hold, without parsing them: the stored bytes are hashed, and each
 * column is compared with the bytes at its place in the canonical text. Members stand in the order
 * of RFC 8785, and a quote inside a JSON string is escaped, so that what opens a member cannot stand
 * inside a text: the last `,"id":"` is the event's own, and so is the first `},"commandId":`. No text
 * is put together to be compared: that would cost more than the hash.
 *
 * What was hashed is what was sealed: whether the signer kept to the canonical form is not asked here.
 */
function holds(row: EventRow, previous: LogPosition, sha256: Sha256): boolean {
  const { seq, id, ts, type, actor, command_id: command, hash, prev_hash: before, body } = row;
  if (seq !== previous.seq + 1 || before !== previous.hash) return false;
  if (!isPlain(actor) || !isPlain(id) || !isPlain(type)) return false;

  let end = ahead(body, body.length, '"}');
  end = ahead(body, end, type);
  end = ahead(body, end, ',"type":"');
  end = aheadNumber(body, end, ts);
  end = ahead(body, end, ',"ts":');
  end = aheadNumber(body, end, seq);
  end = ahead(body, end, ',"seq":');
  if (end < LEAST_MIDDLE) return false;
  let at = past(body, body.lastIndexOf(',"id":"', end - LEAST_MIDDLE), ',"id":"');
  at = past(body, at, id);
  at = past(body, at, '","prevHash":"');
  at = past(body, at, before);
  if (past(body, at, '","reason":') < 0) return false;

  at = past(body, 0, '{"actor":{"id":"');
  at = past(body, at, actor);
  at = past(body, at, '","role":"');
  if (at < 0) return false;
  at = past(body, body.indexOf('},"commandId":', at), '},"commandId":');
  if (command === null) at = past(body, at, 'null');
  else if (isPlain(command)) at = past(body, past(body, past(body, at, '"'), command), '"');
  else return false;
  return past(body, at, ',"data":{') >= 0 && sha256(body) === hash;
}

/** Whether JSON has a text as it is, between quotes; most it has. A damaged column may be no text at all. */
function isPlain(text: string): boolean {
  return typeof text === 'string' && /^[ !#-[\]-~]*$/.test(text);
}

/** Where `text` ends that begins at `at`; -1 where another text does. */
function past(body: string, at: number, text: string): number {
  return at >= 0 && body.startsWith(text, at) ? at + text.length : -1;
}

/** Where `text` begins that ends at `end`; -1 where another text does. */
function ahead(body: string, end: number, text: string): number {
  const at = end - text.length;
  return at >= 0 && body.startsWith(text, at) ? at : -1;
}

/** Where the digits of a number begin that end at `end`; -1 where it is another number. */
function aheadNumber(body: string, end: number, value: number): number {
  let at = end;
  let read = 0;
  for (let unit = 1; at > 0; unit *= 10, at -= 1) {
    const digit = body.charCodeAt(at - 1) - 48;
    if (digit < 0 || digit > 9) break;
    read += digit * unit;
  }
  const padded = end - at > 1 && body[at] === '0';
  return at < end && !padded && read === value ? at : -1;
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
