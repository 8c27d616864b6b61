import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileDurably } from '../latchFile';
import { KEY_BYTES, type Sealed, seal, sealedSchema, unseal } from '../sealed';

const fileSchema = z.object({
  version: z.literal(1),
  secrets: z.record(z.string(), sealedSchema),
});

/** Secrets of channels by name, encrypted where they lie. */
export interface ChannelSecrets {
  get(name: string): string | null;
  /** @throws the disk's error; then nothing changed. */
  set(name: string, secret: string): void;
  /** @throws the disk's error; then nothing changed. */
  remove(name: string): void;
  names(): readonly string[];
}

/**
 * Opens `channels.json`: each secret under AES-256-GCM with a key in `secrets.key` that only its
 * owner may read. A secret is bound to its name, so that one is not put in another's place. One
 * that cannot be read, because the key is another, counts as not set.
 */
export function openSecrets(folder: string): ChannelSecrets {
  const path = join(folder, 'channels.json');
  const keyFile = join(folder, 'secrets.key');
  let sealed = read(path);
  const save = (next: typeof sealed): void => {
    writeFileDurably(path, JSON.stringify({ version: 1, secrets: next }));
    sealed = next;
  };
  return {
    get(name) {
      const one = sealed[name];
      if (!one) return null;
      try {
        return unseal(one, loadKey(keyFile), name).toString('utf8');
      } catch {
        return null;
      }
    },
    set(name, secret) {
      save({ ...sealed, [name]: seal(secret, loadKey(keyFile), name) });
    },
    remove(name) {
      const { [name]: gone, ...rest } = sealed;
      if (gone) save(rest);
    },
    names: () => Object.keys(sealed),
  };
}

function loadKey(path: string): Buffer {
  if (existsSync(path)) {
    chmodSync(path, 0o600);
    return Buffer.from(readFileSync(path, 'utf8').trim(), 'base64');
  }
  const key = randomBytes(KEY_BYTES);
  writeFileDurably(path, key.toString('base64'));
  return key;
}

function read(path: string): Readonly<Record<string, Sealed>> {
  try {
    const parsed = fileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data.secrets : {};
  } catch {
    return {};
  }
}
