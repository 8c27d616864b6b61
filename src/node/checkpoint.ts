import { LOG_ORIGIN, parseCheckpointText } from '../shared/log/checkpoint';
import { openNote, publicKeyFromBase64 } from './signedNote';

/** What a signed checkpoint says of a chain: that it holds up to `seq`, or why it does not. */
export type CheckpointFinding =
  | { readonly ok: true; readonly seq: number }
  | { readonly ok: false; readonly cause: string };

/**
 * Checks a gateway's signed note against a chain that was verified here.
 *
 * @param publicKey base64 of the 32 bytes, as the log's first event has it.
 * @param hashAt hash of an event of the chain; null where it has none (yet).
 */
export function checkCheckpoint(
  note: string,
  publicKey: string,
  hashAt: (seq: number) => string | null,
): CheckpointFinding {
  let text: string | null;
  try {
    text = openNote(note, LOG_ORIGIN, publicKeyFromBase64(publicKey));
  } catch {
    return { ok: false, cause: 'the log names a public key that is not one' };
  }
  if (text === null) return { ok: false, cause: 'a checkpoint has no good signature' };
  const checkpoint = parseCheckpointText(text);
  if (checkpoint?.origin !== LOG_ORIGIN) {
    return { ok: false, cause: 'a signed text is not a checkpoint of this log' };
  }
  const { seq, hash } = checkpoint;
  const own = hashAt(seq);
  if (own === hash) return { ok: true, seq };
  const found = own === null ? 'there is none here' : `it is ${own.slice(0, 12)}… here`;
  return { ok: false, cause: `event ${seq} was signed as ${hash.slice(0, 12)}…; ${found}` };
}

/** The public key the first event of a log names, from its sealed text; empty when it names none. */
export function publicKeyOf(firstBody: string | undefined): string {
  if (firstBody === undefined) return '';
  const { data } = JSON.parse(firstBody) as { data?: { publicKey?: unknown } };
  return typeof data?.publicKey === 'string' ? data.publicKey : '';
}
