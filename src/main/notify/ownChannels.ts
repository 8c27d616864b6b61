import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileDurably } from '../../node/latchFile';
import {
  type ChannelSettings,
  channelSettingsSchema,
  secretFault,
} from '../../shared/notify/channels';
import { type Channel, channelSchema } from '../../shared/notify/message';
import type { OwnChannel } from '../../shared/notify/view';

/** The part of Electron's `safeStorage` that is used. */
export interface Vault {
  /** Whether what it encrypts is bound to this user of this machine. */
  available(): boolean;
  encrypt(text: string): Buffer;
  decrypt(bytes: Buffer): string;
}

interface Kept {
  readonly settings: ChannelSettings;
  readonly secret: string | null;
}

const fileSchema = z.object({
  version: z.literal(1),
  channels: z.partialRecord(
    channelSchema,
    z.object({ settings: channelSettingsSchema, sealed: z.base64().nullable() }),
  ),
});

/** Channels that this terminal was given for itself, with their secrets. */
export interface OwnChannels {
  kept(): 'keyring' | 'memory';
  all(): Readonly<Partial<Record<Channel, OwnChannel>>>;
  get(channel: Channel): Kept | null;
  /** @returns what is wrong with them; null where they were taken. */
  set(settings: ChannelSettings, secret: string | null): string | null;
  remove(channel: Channel): void;
}

/**
 * Keeps them in a file, the secrets encrypted by the system's keyring. Where there is none they live
 * in memory until the terminal ends: nothing secret is ever written in the clear.
 */
export function openOwnChannels(path: string, vault: Vault): OwnChannels {
  const sealable = once(() => vault.available());
  let channels = read(path, vault);

  function save(next: typeof channels): void {
    channels = next;
    if (!sealable()) return;
    const sealed = Object.entries(next).map(([name, { settings, secret }]) => [
      name,
      { settings, sealed: secret === null ? null : vault.encrypt(secret).toString('base64') },
    ]);
    try {
      const content = { version: 1, channels: Object.fromEntries(sealed) };
      writeFileDurably(path, JSON.stringify(content));
    } catch {
      // A full disk costs them at the next start; they hold until then.
    }
  }

  return {
    kept: () => (sealable() ? 'keyring' : 'memory'),
    all: () =>
      Object.fromEntries(
        Object.entries(channels).map(([name, { settings, secret }]) => [
          name,
          { settings, secretSet: secret !== null },
        ]),
      ),
    get: (channel) => channels[channel] ?? null,
    set(settings, secret) {
      const before = channels[settings.channel];
      // The same rule as the gateway's: a secret stays only where it goes to the same place.
      const same = before && JSON.stringify(before.settings) === JSON.stringify(settings);
      const kept = secret ?? (same ? before.secret : null);
      const fault = secretFault(settings, kept);
      if (fault === null) save({ ...channels, [settings.channel]: { settings, secret: kept } });
      return fault;
    },
    remove(channel) {
      const { [channel]: _, ...rest } = channels;
      save(rest);
    },
  };
}

function read(path: string, vault: Vault): Partial<Record<Channel, Kept>> {
  if (!existsSync(path)) return {};
  try {
    const { channels } = fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return Object.fromEntries(
      Object.entries(channels).map(([name, { settings, sealed }]) => [
        name,
        { settings, secret: sealed === null ? null : vault.decrypt(Buffer.from(sealed, 'base64')) },
      ]),
    );
  } catch {
    // Missing, damaged, or sealed under another keyring.
    return {};
  }
}

/** Asks the keyring once: the view is made many times a second. */
function once(ask: () => boolean): () => boolean {
  let answer: boolean | null = null;
  return () => {
    answer ??= ask();
    return answer;
  };
}
