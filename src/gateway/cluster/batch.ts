import { z } from 'zod';
import type { StoredCheckpoint } from '../../node/sqliteEventStore';
import { describeFault, type SealedEvent, type Sha256, verifyNext } from '../../shared/log/chain';
import { type LogEvent, type LogPosition, logEventSchema } from '../../shared/log/event';

/** A message of the stream: events that follow one another, and perhaps a signature. */
const batchSchema = z.object({
  events: z.array(logEventSchema),
  note: z.object({ seq: z.int().positive(), note: z.string().max(8_192) }).optional(),
});

/** Events in one message, and their length in characters; a server takes a mebibyte. */
const EVENTS_MAX = 256;
const TEXT_MAX = 600_000;

/** What a message adds to a chain; with a fault it adds nothing. */
export interface Batch {
  readonly sealed: readonly SealedEvent[];
  readonly note?: StoredCheckpoint | undefined;
  readonly fault?: string;
}

/** The text of a message. */
export function batchText(
  sealed: readonly SealedEvent[],
  note: StoredCheckpoint | null = null,
): string {
  // What an event's hash is over is there already as text, and its last member is missing.
  const events = sealed.map(({ event, body }) => `${body.slice(0, -1)},"hash":"${event.hash}"}`);
  const end = note ? `,"note":${JSON.stringify(note)}` : '';
  return `{"events":[${events.join()}]${end}}`;
}

/** As many of these, from the first one on, as go into one message; at least one. */
export function fillBatch(waiting: readonly SealedEvent[]): readonly SealedEvent[] {
  let length = 0;
  const over = waiting.findIndex(({ body }, at) => {
    length += body.length;
    return at === EVENTS_MAX || (at > 0 && length > TEXT_MAX);
  });
  return over < 0 ? waiting : waiting.slice(0, over);
}

/**
 * Reads a message as every reader of the stream does: what does not continue the chain is passed over.
 *
 * @param last place where the chain stands.
 * @param hashAt of an event of the chain so far: what is there already may come again.
 */
export function readBatch(
  text: string,
  last: LogPosition,
  hashAt: (seq: number) => string | null,
  sha256: Sha256,
): Batch {
  const batch = parseBatch(text);
  if (!batch) return { sealed: [], fault: 'it is no batch of a log' };
  let head = last;
  const sealed: SealedEvent[] = [];
  for (const event of batch.events) {
    if (event.seq <= last.seq && hashAt(event.seq) === event.hash) continue;
    const checked = verifyNext(event, head, sha256);
    if (!checked.ok) return { sealed: [], fault: describeFault(checked.fault) };
    sealed.push(checked.sealed);
    head = { seq: event.seq, hash: event.hash };
  }
  return { sealed, note: batch.note };
}

/** The place of a message's last event as it says itself; null where it has none. */
export function lastIn(text: string): LogPosition | null {
  const last = parseBatch(text)?.events.at(-1);
  return last ? { seq: last.seq, hash: last.hash } : null;
}

function parseBatch(
  text: string,
): { readonly events: readonly LogEvent[]; readonly note?: StoredCheckpoint | undefined } | null {
  try {
    const { events, note } = batchSchema.parse(JSON.parse(text));
    return { events: events as readonly LogEvent[], note };
  } catch {
    return null;
  }
}
