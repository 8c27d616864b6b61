import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Channel, channelSchema } from '../../shared/notify/message';
import { writeFileDurably } from '../latchFile';

const sealedSchema = z.object({ iv: z.base64(), tag: z.base64(), data: z.base64() });
const fileSchema = z.object({
  version: z.literal(1),
  secrets: z.partialRecord(channelSchema, sealedSchema),
});
type Sealed = z.infer<typeof sealedSchema>;

/** Secrets of channels, encrypted where they lie. */
export interface ChannelSecrets {
  get(channel: Channel): string | null;
  /** @throws the disk's error; then nothing changed. */
  set(channel: Channel, secret: string): void;
  /** @throws the disk's error; then nothing changed. */
  remove(channel: Channel): void;
}

/**
 * Opens `channels.json`: each secret under AES-256-GCM with a key in `secrets.key` that only its
 * owner may read. A secret is bound to its channel, so that one is not put in another's place. One
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
    get(channel) {
      const one = sealed[channel];
      return one ? open(one, channel, keyFile) : null;
    },
    set(channel, secret) {
      save({ ...sealed, [channel]: seal(secret, channel, loadKey(keyFile)) });
    },
    remove(channel) {
      const { [channel]: gone, ...rest } = sealed;
      if (gone) save(rest);
    },
  };
}

function loadKey(path: string): Buffer {
  if (existsSync(path)) {
    chmodSync(path, 0o600);
    return Buffer.from(readFileSync(path, 'utf8').trim(), 'base64');
  }
  const key = randomBytes(32);
  writeFileDurably(path, key.toString('base64'));
  return key;
}

function seal(secret: string, channel: Channel, key: Buffer): Sealed {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(channel));
  const data = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  const text = (bytes: Buffer) => bytes.toString('base64');
  return { iv: text(iv), tag: text(cipher.getAuthTag()), data: text(data) };
}

function open(sealed: Sealed, channel: Channel, keyFile: string): string | null {
  const bytes = (text: string) => Buffer.from(text, 'base64');
  try {
    const key = loadKey(keyFile);
    const decipher = createDecipheriv('aes-256-gcm', key, bytes(sealed.iv), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(channel)).setAuthTag(bytes(sealed.tag));
    return decipher.update(sealed.data, 'base64', 'utf8') + decipher.final('utf8');
  } catch {
    return null;
  }
}

function read(path: string): Partial<Record<Channel, Sealed>> {
  try {
    const parsed = fileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? (parsed.data.secrets as Partial<Record<Channel, Sealed>>) : {};
  } catch {
    return {};
  }
}
