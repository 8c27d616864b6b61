import { z } from 'zod';
import {
  BY_SEVERITY,
  channelSchema,
  kindSchema,
  languageSchema,
  levelSchema,
} from '../notify/message';
import { roleSchema } from '../protocol/terminal';

const ms = z.int().positive();
const roles = z.array(roleSchema).min(1);
const channels = z.array(channelSchema).min(1);

/** `resources/policy/notifications.yaml`: who is told what, by which way, and how hard it is tried. */
export const notificationsPolicySchema = z.strictObject({
  version: z.string().min(1),
  permissions: z.strictObject({ configure: roles, test: roles }),
  /** Channels of each level. */
  channels: z.strictObject({ info: channels, warning: channels, critical: channels, p0: channels }),
  /** Level of each kind of message, but of those that go by their severity. */
  kinds: z.record(kindSchema.exclude([...BY_SEVERITY]), levelSchema),
  severities: z.strictObject({
    P0: levelSchema,
    P1: levelSchema,
    P2: levelSchema,
    P3: levelSchema,
  }),
  /** Language of each channel's readers; a mail's recipient may have another of his own. */
  languages: z.record(channelSchema, languageSchema),
  /** More than `count` messages at once become one, at most one every `windowMs`; P0 never. */
  group: z.strictObject({ windowMs: ms, count: z.int().positive() }),
  /** Full jitter: a random part of `baseMs` doubled with each attempt, never above `maxMs`. */
  retry: z.strictObject({
    baseMs: ms,
    maxMs: ms,
    attempts: z.int().positive(),
    /** A third party that asks for more patience than this is asked again by then. */
    retryAfterMaxMs: ms,
  }),
  sendTimeoutMs: ms,
  /** Least time between two sends on a channel. */
  spacingMs: z.record(channelSchema, z.int().nonnegative()),
  /** Attempts in a row that failed after which a channel counts as failing. */
  failingAfter: z.int().positive(),
  /** Who takes over for a channel that fails, in this order. */
  fallback: channels,
  /** How long the outbox remembers what it has sent. */
  keepMs: ms,
  /** An event older than this is no news at a desktop. */
  desktopFreshMs: ms,
  /** Where a desk has its runbook, and what of it is about which kind. */
  runbook: z.strictObject({
    /** Address of the page that has the anchors; null where nobody serves one. */
    base: z.url({ protocol: /^https?$/ }).nullable(),
    anchors: z.record(kindSchema, z.string().regex(/^[a-z0-9-]+$/, 'an anchor')),
  }),
});
export type NotificationsPolicy = z.infer<typeof notificationsPolicySchema>;
