import type { ChannelSettings } from './channels';
import type { Channel } from './message';
import type { SendCode } from './outcome';

/** A channel that this terminal may use by itself when no gateway answers. */
export interface OwnChannel {
  readonly settings: ChannelSettings;
  readonly secretSet: boolean;
}

/** What became of the notice of a kill that nobody acknowledged. */
export interface OwnNotice {
  readonly kill: string;
  readonly channel: Channel;
  readonly state: 'sending' | 'delivered' | 'failed';
  readonly code: SendCode | null;
  readonly attempts: number;
}

/** A third party's answer to a test from this terminal. */
export interface OwnTest {
  readonly ok: boolean;
  readonly code: SendCode;
  readonly status: number | null;
  readonly answer: string;
  readonly tookMs: number;
}

export interface OwnChannelsView {
  /** Encrypted by the system's keyring; in memory only where there is none. */
  readonly kept: 'keyring' | 'memory';
  readonly channels: Readonly<Partial<Record<Channel, OwnChannel>>>;
  readonly notices: readonly OwnNotice[];
}
