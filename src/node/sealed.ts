import {
  createCipheriv,
  createDecipheriv,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { z } from 'zod';

export const KEY_BYTES = 32;
const IV_BYTES = 12;
const OPTIONS = { authTagLength: 16 } as const;

/** Bytes under AES-256-GCM (NIST SP 800-38D), each part in base64. */
export const sealedSchema = z.object({ iv: z.base64(), tag: z.base64(), data: z.base64() });
export type Sealed = z.infer<typeof sealedSchema>;

/** @param about what it is for: it opens for nothing else */
export function seal(content: string | Uint8Array, key: Uint8Array, about: string): Sealed {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, OPTIONS).setAAD(Buffer.from(about));
  const data = Buffer.concat([cipher.update(content), cipher.final()]);
  const text = (bytes: Buffer) => bytes.toString('base64');
  return { iv: text(iv), tag: text(cipher.getAuthTag()), data: text(data) };
}

/** @throws where it was sealed with another key or for something else, or was changed since */
export function unseal({ iv, tag, data }: Sealed, key: Uint8Array, about: string): Buffer {
  const bytes = (text: string) => Buffer.from(text, 'base64');
  const cipher = createDecipheriv('aes-256-gcm', key, bytes(iv), OPTIONS);
  cipher.setAAD(Buffer.from(about)).setAuthTag(bytes(tag));
  return Buffer.concat([cipher.update(bytes(data)), cipher.final()]);
}

/**
 * A key of its own for one purpose, from a private key (HKDF-SHA-256, RFC 5869): who has the one has
 * the other, and neither tells of a key for another purpose.
 */
export function keyFor(purpose: string, privateKey: KeyObject): Buffer {
  const { d } = privateKey.export({ format: 'jwk' });
  if (d === undefined) throw new TypeError('not a private key');
  const from = Buffer.from(d, 'base64url');
  return Buffer.from(hkdfSync('sha256', from, new Uint8Array(0), purpose, KEY_BYTES));
}
