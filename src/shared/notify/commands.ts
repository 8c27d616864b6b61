import { z } from 'zod';
import { channelSettingsSchema } from './channels';
import { channelSchema } from './message';

const reason = z.string().trim().min(1, 'a reason is required').max(4_000);

/** Parameters of the commands about channels, by name. */
export const channelCommandParams = {
  /**
   * Sets a channel up. Its secret is kept encrypted by the gateway and goes no further: no event,
   * no answer, no screen. Null keeps the one there is.
   */
  'channel.configure': z.strictObject({
    settings: channelSettingsSchema,
    secret: z.string().min(1).max(2_000).nullable(),
    reason,
  }),
  'channel.remove': z.strictObject({ channel: channelSchema, reason }),
  /** Sends a test and says what the third party answered. */
  'channel.test': z.strictObject({ channel: channelSchema }),
} as const;
