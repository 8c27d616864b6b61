import { z } from 'zod';
import { changed } from '../audit/before';
import { secretVersionSchema } from '../secrets';
import { channelSettingsSchema } from './channels';
import { channelSchema } from './message';
import { sendCodeSchema } from './outcome';

/** Types of the log's events that are about notifications, and the shape of `data` for each. */

const answer = z.string().max(300);
const status = z.int().nullable();
const count = z.int().positive();

const sent = z.object({
  key: z.string().min(1).max(255),
  channel: channelSchema,
  attempts: count,
  /** Messages that this one stood for; 1 where it was told by itself. */
  grouped: count,
  status,
  answer,
});

export const notifyEventData = {
  /** A channel was set up; what is secret about it is not here. */
  'channel.configured': z.object({
    settings: channelSettingsSchema,
    secretSet: z.boolean(),
    secretVersion: secretVersionSchema.optional(),
    ...changed,
  }),
  'channel.removed': z.object({ channel: channelSchema, ...changed }),
  'channel.test_asked': z.object({ channel: channelSchema }),
  /** The third party's own answer to a test. */
  'channel.tested': z.object({
    channel: channelSchema,
    ok: z.boolean(),
    code: sendCodeSchema,
    status,
    answer,
    tookMs: z.number(),
  }),
  'channel.state_changed': z.object({
    channel: channelSchema,
    state: z.enum(['ok', 'failing']),
    code: sendCodeSchema,
    status,
    detail: answer,
  }),
  /** The third party took it. `tookMs` is from the event, or the first event of a group, to its yes. */
  'notification.delivered': sent.extend({ tookMs: z.number() }),
  /** It was given up; `handedTo` is the channel that was given it instead. */
  'notification.failed': sent.extend({
    code: sendCodeSchema,
    handedTo: channelSchema.nullable(),
  }),
} as const;
