import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileDurably } from '../../node/latchFile';
import { KEY_BYTES, seal, sealedSchema, unseal } from '../../node/sealed';
import { type Secrets, secretsSchema } from '../../shared/bridges/bridge';

/** The file of secrets cannot be read; the message says which and why. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
}

export interface Vault {
  /** What is kept under a name; null where nothing is. @throws {VaultError} */
  get(name: string): Secrets | null;
  /** @throws {VaultError} when what is there cannot be read, so that it is not written over. */
  set(name: string, secrets: Secrets): void;
  /** @throws {VaultError} */
  remove(name: string): void;
  /** @throws {VaultError} */
  names(): readonly string[];
}

const fileSchema = sealedSchema.extend({ version: z.literal(1) }).strict();
const contentSchema = z.record(z.string(), secretsSchema);
const PURPOSE = 'vigia bridges 1';

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
      const sealed = fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
      const text = unseal(sealed, key(), PURPOSE).toString('utf8');
      return contentSchema.parse(JSON.parse(text));
    } catch (error) {
      if (error instanceof VaultError) throw error;
      throw new VaultError(`${path} cannot be read with ${keyPath}; restore both together`);
    }
  }

  function write(content: Record<string, Secrets>): void {
    const sealed = { version: 1, ...seal(JSON.stringify(content), key(), PURPOSE) };
    writeFileDurably(path, JSON.stringify(sealed));
  }

  return {
    get: (name) => read()[name] ?? null,
    set(name, secrets) {
      write({ ...read(), [name]: secrets });
    },
    remove(name) {
      const { [name]: gone, ...rest } = read();
      if (gone) write(rest);
    },
    names: () => Object.keys(read()),
  };
}
