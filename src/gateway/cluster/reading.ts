import type { StoredCheckpoint } from '../../node/sqliteEventStore';
import type { SealedEvent, Sha256 } from '../../shared/log/chain';
import type { LogPosition } from '../../shared/log/event';
import { type Batch, readBatch } from './batch';
import type { LogCopy } from './copy';

/** A text of the stream, and its place there. */
export interface Message {
  readonly at: number;
  readonly text: string;
}

/** How far the stream was read, and up to which event of the log it came. */
export interface Reached {
  readonly place: number;
  readonly reached: LogPosition;
}

/** What messages add to a copy; nothing is changed by reading them. */
export interface Reading {
  readonly to: Reached;
  /** What the copy has not. */
  readonly fresh: readonly SealedEvent[];
  readonly notes: readonly StoredCheckpoint[];
  /** Why messages are passed over. */
  readonly faults: readonly string[];
  /** A message is missing: what is after it was not read. */
  readonly gap: boolean;
  /** The event of the copy that is another one in the stream; nothing after it was read. */
  readonly other: number | null;
}

/**
 * Reads messages in their order, from the first one that is new.
 *
 * @param about.sealedHere what was published from here for that place, which needs no verifying
 */
export function readOn(
  from: Reached,
  messages: readonly Message[],
  about: {
    readonly copy: Pick<LogCopy, 'head' | 'hashAt'>;
    readonly sealedHere: (message: Message, last: LogPosition) => Batch | null;
    readonly sha256: Sha256;
  },
): Reading {
  const { copy, sealedHere, sha256 } = about;
  let to = from;
  const fresh: SealedEvent[] = [];
  const notes: StoredCheckpoint[] = [];
  const faults: string[] = [];
  const { seq: copied } = copy.head();
  const hashAt = (seq: number) =>
    seq <= copied ? copy.hashAt(seq) : (fresh[seq - copied - 1]?.event.hash ?? null);
  for (const message of messages) {
    const { at, text } = message;
    if (at <= to.place) continue;
    if (at > to.place + 1) return { to, fresh, notes, faults, gap: true, other: null };
    const batch = sealedHere(message, to.reached) ?? readBatch(text, to.reached, hashAt, sha256);
    const { sealed, note, fault } = batch;
    const other = sealed.find(({ event: { seq, hash } }) => seq <= copied && hashAt(seq) !== hash);
    if (other) return { to, fresh, notes, faults, gap: false, other: other.event.seq };
    fresh.push(...sealed.filter(({ event }) => event.seq > copied));
    const end = sealed.at(-1)?.event;
    to = { place: at, reached: end ? { seq: end.seq, hash: end.hash } : to.reached };
    if (note) notes.push(note);
    if (fault) faults.push(`message ${at} of the replicated log is passed over: ${fault}`);
  }
  return { to, fresh, notes, faults, gap: false, other: null };
}
