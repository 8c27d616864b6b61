import { assertNever } from '../assert';
import { canonicalJson, NotCanonicalError } from './canonical';
import type { EventDraft, LogEvent, LogPosition } from './event';

/** SHA-256 of a text's UTF-8 bytes, in lower-case hex. */
export type Sha256 = (text: string) => string;

/** An event with the exact text its hash was taken over: the canonical JSON without `hash`. */
export interface SealedEvent {
  readonly event: LogEvent;
  readonly body: string;
}

/** What is wrong with an event that does not continue the chain. */
export type ChainFault =
  | { readonly kind: 'gap'; readonly seq: number; readonly expected: number }
  | {
      readonly kind: 'fork';
      readonly seq: number;
      readonly expected: string;
      readonly found: string;
    }
  | {
      readonly kind: 'altered';
      readonly seq: number;
      readonly expected: string;
      readonly found: string;
    }
  | { readonly kind: 'unreadable'; readonly seq: number; readonly detail: string };

/** Gives a draft its place after `previous` and seals it with its hash. */
export function seal(draft: EventDraft, previous: LogPosition, sha256: Sha256): SealedEvent {
  const unhashed = { ...draft, seq: previous.seq + 1, prevHash: previous.hash };
  const body = canonicalJson(unhashed);
  return { event: { ...unhashed, hash: sha256(body) }, body };
}

/** The text an event's hash is taken over. @throws {NotCanonicalError} */
export function eventBody(event: LogEvent): string {
  const { hash: _hash, ...unhashed } = event;
  return canonicalJson(unhashed);
}

/**
 * Checks that `event` is the one that follows `previous`: its number, the hash it names and the
 * hash of its own content, computed afresh and never taken on trust.
 *
 * @returns the sealed event, or the first fault found.
 */
export function verifyNext(
  event: LogEvent,
  previous: LogPosition,
  sha256: Sha256,
): { ok: true; sealed: SealedEvent } | { ok: false; fault: ChainFault } {
  if (event.seq !== previous.seq + 1) {
    return { ok: false, fault: { kind: 'gap', seq: event.seq, expected: previous.seq + 1 } };
  }
  if (event.prevHash !== previous.hash) {
    const fault = { kind: 'fork', seq: event.seq, expected: previous.hash, found: event.prevHash };
    return { ok: false, fault: fault as ChainFault };
  }
  let body: string;
  try {
    body = eventBody(event);
  } catch (error) {
    if (!(error instanceof NotCanonicalError)) throw error;
    return { ok: false, fault: { kind: 'unreadable', seq: event.seq, detail: error.message } };
  }
  const found = sha256(body);
  if (found !== event.hash) {
    return { ok: false, fault: { kind: 'altered', seq: event.seq, expected: event.hash, found } };
  }
  return { ok: true, sealed: { event, body } };
}

/** One English sentence for logs and command lines. */
export function describeFault(fault: ChainFault): string {
  switch (fault.kind) {
    case 'gap':
      return `event ${fault.seq} stands where event ${fault.expected} was expected`;
    case 'fork':
      return `event ${fault.seq} names ${fault.found.slice(0, 12)}… as the hash before it, which is ${fault.expected.slice(0, 12)}…`;
    case 'altered':
      return `event ${fault.seq} was altered: its content hashes to ${fault.found.slice(0, 12)}…, it says ${fault.expected.slice(0, 12)}…`;
    case 'unreadable':
      return `event ${fault.seq} cannot be read: ${fault.detail}`;
    default:
      return assertNever(fault);
  }
}
