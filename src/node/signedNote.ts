import type { KeyObject } from 'node:crypto';
import { createHash, createPublicKey, sign, verify } from 'node:crypto';

/** Algorithm byte of Ed25519 in a signed note's key id (c2sp.org/signed-note). */
const ED25519 = 0x01;
/** DER prefix of an Ed25519 SubjectPublicKeyInfo; the 32 bytes of the key follow. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** The 32 bytes of an Ed25519 key's public half. */
export function rawPublicKey(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(SPKI_PREFIX.length);
}

/** A public key from the base64 of its 32 bytes, as `welcome` carries it. */
export function publicKeyFromBase64(text: string): KeyObject {
  const der = Buffer.concat([SPKI_PREFIX, Buffer.from(text, 'base64')]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

/** A key as `openssl` has it, PEM of its SubjectPublicKeyInfo. @throws for what is no key */
export function pemOf(publicKey: string): string {
  return publicKeyFromBase64(publicKey).export({ type: 'spki', format: 'pem' }).toString();
}

/** Signs a text that ends in a newline, as a C2SP signed note. `name` has no space and no plus. */
export function signNote(text: string, name: string, key: KeyObject): string {
  const signature = sign(null, Buffer.from(text, 'utf8'), key);
  const blob = Buffer.concat([keyId(name, rawPublicKey(key)), signature]).toString('base64');
  return `${text}\n— ${name} ${blob}\n`;
}

/** The text of a note that carries a good signature by this name and key; null otherwise. */
export function openNote(note: string, name: string, publicKey: KeyObject): string | null {
  const split = note.lastIndexOf('\n\n');
  if (split < 0) return null;
  const text = note.slice(0, split + 1);
  const id = keyId(name, rawPublicKey(publicKey));
  for (const line of note.slice(split + 2).split('\n')) {
    const match = /^— (\S+) ([A-Za-z0-9+/=]+)$/.exec(line);
    if (!match || match[1] !== name) continue;
    const blob = Buffer.from(match[2] ?? '', 'base64');
    // Of several texts that Node reads as the same bytes, one is what was signed.
    if (blob.toString('base64') !== match[2]) continue;
    if (!blob.subarray(0, 4).equals(id)) continue;
    if (verify(null, Buffer.from(text, 'utf8'), publicKey, blob.subarray(4))) return text;
  }
  return null;
}

function keyId(name: string, raw: Buffer): Buffer {
  const hash = createHash('sha256').update(name).update('\n');
  return hash
    .update(Buffer.from([ED25519]))
    .update(raw)
    .digest()
    .subarray(0, 4);
}
