import type { Actor } from '../log/event';
import type { ChannelSettings } from './channels';
import type { Channel } from './message';
import type { SendCode } from './outcome';

/** An answer of a third party, and when. */
export interface Said {
  readonly at: number;
  readonly code: SendCode;
  readonly status: number | null;
  readonly answer: string;
}

export interface ChannelRecord {
  readonly settings: ChannelSettings;
  readonly secretSet: boolean;
  /** Which secret it is that is set; null for one of an earlier version of the program. */
  readonly secretVersion: string | null;
  readonly by: Actor;
  readonly since: number;
  /** Red while sends keep failing. */
  readonly state: 'ok' | 'failing';
  readonly stateSince: number;
  /** Why it is red. */
  readonly fault: Said | null;
  readonly deliveredAt: number | null;
  /** From event to yes at the latest delivery, ms. */
  readonly tookMs: number | null;
  readonly delivered: number;
  readonly failed: number;
  readonly lastFailure: Said | null;
  readonly lastTest: (Said & { readonly ok: boolean; readonly tookMs: number }) | null;
  readonly testAskedAt: number | null;
}

/** What the log says of channels. */
export interface NotifyState {
  readonly channels: Readonly<Partial<Record<Channel, ChannelRecord>>>;
}

export const NO_CHANNELS: NotifyState = { channels: {} };

/** Channels that are red. */
export function failingChannels({ channels }: NotifyState): readonly Channel[] {
  return Object.values(channels)
    .filter(({ state }) => state === 'failing')
    .map(({ settings }) => settings.channel);
}
