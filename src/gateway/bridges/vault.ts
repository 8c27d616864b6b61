import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileDurably } from '../../node/latchFile';
import { type Secrets, secretsSchema } from '../../shared/bridges/bridge';

/** The file of secrets cannot be read; the message says which and why. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
}

export interface Vault {
  /** What is kept for a bridge; empty where nothing is. @throws {VaultError} */
  get(bridge: string): Secrets;
  /** @throws {VaultError} when what is there cannot be read, so that it is not written over. */
  set(bridge: string, secrets: Secrets): void;
  remove(bridge: string): void;
}

const sealedSchema = z.strictObject({
  version: z.literal(1),
  iv: z.base64(),
  tag: z.base64(),
  data: z.base64(),
});
const contentSchema = z.record(z.string(), secretsSchema);
const PURPOSE = Buffer.from('vigia bridges 1');
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Secrets of the bridges in one file, AES-256-GCM (NIST SP 800-38D) under a key in another that its
 * owner alone may read. It keeps secrets out of backups and logs of the one file; who can read both
 * has them.
 */
export function openVault(dataDir: string): Vault {
  const path = join(dataDir, 'bridges.enc');
  const keyPath = join(dataDir, 'bridges.key');

  function key(): Buffer {
    if (!existsSync(keyPath)) {
      // A new key would make what is there unreadable for ever.
      if (existsSync(path))
        throw new VaultError(`${path} is there and its key, ${keyPath}, is not`);
      writeFileDurably(keyPath, randomBytes(KEY_BYTES).toString('base64'));
    }
    chmodSync(keyPath, 0o600);
    const bytes = Buffer.from(readFileSync(keyPath, 'utf8'), 'base64');
    if (bytes.length !== KEY_BYTES) throw new VaultError(`${keyPath} holds no key of 32 bytes`);
    return bytes;
  }

  function read(): Record<string, Secrets> {
    if (!existsSync(path)) return {};
    try {
      const { iv, tag, data } = sealedSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
      const bytes = (text: string) => Buffer.from(text, 'base64');
      const options = { authTagLength: TAG_BYTES };
      const cipher = createDecipheriv('aes-256-gcm', key(), bytes(iv), options);
      cipher.setAAD(PURPOSE).setAuthTag(bytes(tag));
      const text = Buffer.concat([cipher.update(bytes(data)), cipher.final()]).toString('utf8');
      return contentSchema.parse(JSON.parse(text));
    } catch (error) {
      if (error instanceof VaultError) throw error;
      throw new VaultError(`${path} cannot be read with ${keyPath}; restore both together`);
    }
  }

  function write(content: Record<string, Secrets>): void {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key(), iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(PURPOSE);
    const data = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final()]);
    const text = (buffer: Buffer) => buffer.toString('base64');
    const sealed = { version: 1, iv: text(iv), tag: text(cipher.getAuthTag()), data: text(data) };
    writeFileDurably(path, JSON.stringify(sealed));
  }

  return {
    get: (bridge) => read()[bridge] ?? {},
    set(bridge, secrets) {
      write({ ...read(), [bridge]: secrets });
    },
    remove(bridge) {
      const { [bridge]: gone, ...rest } = read();
      if (gone) write(rest);
    },
  };
}
