import type { NotificationsPolicy } from '../policy/notifications';
import { type ChannelSettings, languagesOf, namedLanguage } from './channels';
import { CHANNELS, type Channel, type Language, type Level, type Message } from './message';
import type { Outcome } from './outcome';
import { SETUP_FAULTS } from './outcome';
import type { PageOrder } from './pagerduty';

/** One message on its way by one channel, in one language. */
export interface Delivery {
  /** Names it for ever; adding it twice adds it once. */
  readonly id: string;
  readonly key: string;
  readonly channel: Channel;
  readonly language: Language;
  readonly level: Level;
  readonly page: PageOrder | null;
  readonly message: Message;
  readonly queuedAt: number;
  readonly attempts: number;
  /** Not sent before; Unix ms. */
  readonly nextAt: number;
  readonly state: 'waiting' | 'delivered' | 'failed' | 'dropped';
  /** Another channel was given it as well. */
  readonly handedOn: boolean;
}

export type Configured = Readonly<Partial<Record<Channel, ChannelSettings>>>;

/** What is sent for a message: by each channel of its level that is configured, and to open pages. */
export function deliveriesOf(
  message: Message,
  configured: Configured,
  policy: NotificationsPolicy,
  now: number,
): readonly Delivery[] {
  const { level } = message;
  const channels = message.channels ?? (level === null ? [] : policy.channels[level]);
  const out = channels
    .filter((channel) => channel !== 'pagerduty')
    .flatMap((channel) => by(channel, message, configured, policy, now));
  // A page is opened by what is P0 and rung for; whatever is open may be acknowledged and resolved.
  const rings = message.page?.action !== 'trigger' || channels.includes('pagerduty');
  return rings ? [...out, ...by('pagerduty', message, configured, policy, now)] : out;
}

/** The deliveries of a message by one channel; none where that is not configured. */
export function by(
  channel: Channel,
  message: Message,
  configured: Configured,
  policy: NotificationsPolicy,
  now: number,
): readonly Delivery[] {
  const settings = configured[channel];
  if (!settings) return [];
  const { key, page } = message;
  const pages: readonly (PageOrder | null)[] =
    channel !== 'pagerduty'
      ? [null]
      : (page?.keys.map((one) => ({ action: page.action, key: one })) ?? []);
  const common = {
    ...{ key, channel, message, queuedAt: now, nextAt: now },
    ...{ level: message.level ?? 'info', attempts: 0, handedOn: false },
  };
  const own = policy.languages[channel];
  const languages = message.toAlone ? [namedLanguage(settings, own)] : languagesOf(settings, own);
  return languages.flatMap((language) =>
    pages.map(
      (order): Delivery => ({
        ...{ ...common, language, page: order, state: 'waiting' },
        id: [key, channel, language, ...(order ? [order.action, order.key] : [])].join('|'),
      }),
    ),
  );
}

/**
 * How long to wait before attempt `attempts + 1`, ms: full jitter (M. Brooker, "Exponential backoff
 * and jitter", 2015), and no less than what the third party asked for.
 *
 * @param random in [0, 1).
 */
export function retryDelay(
  attempts: number,
  retryAfterMs: number | null,
  retry: NotificationsPolicy['retry'],
  random: number,
): number {
  const ceiling = Math.min(retry.maxMs, retry.baseMs * 2 ** Math.min(attempts - 1, 30));
  const asked = Math.min(retryAfterMs ?? 0, retry.retryAfterMaxMs);
  return asked + random * ceiling;
}

/** A delivery after an attempt. What was refused is never tried again; the rest until attempts run out. */
export function attempted(
  delivery: Delivery,
  { kind, retryAfterMs }: Outcome,
  retry: NotificationsPolicy['retry'],
  now: number,
  random: number,
): Delivery {
  const attempts = delivery.attempts + 1;
  if (kind === 'delivered') return { ...delivery, attempts, state: 'delivered' };
  if (kind === 'refused' || attempts >= retry.attempts) {
    return { ...delivery, attempts, state: 'failed' };
  }
  const nextAt = now + retryDelay(attempts, retryAfterMs, retry, random);
  return { ...delivery, attempts, nextAt };
}

/** What a channel has been doing, so far as its next send depends on it. */
export interface Pace {
  readonly lastSentAt: number;
  /** When messages that were not P0 were sent one by one, within the last window. */
  readonly singles: readonly number[];
  readonly lastGroupAt: number;
  /** The third party asked for silence until then. */
  readonly holdUntil: number;
}

export const AT_REST: Pace = {
  lastSentAt: -Infinity,
  singles: [],
  lastGroupAt: -Infinity,
  holdUntil: -Infinity,
};

/** Where the alert behind a page stands at PagerDuty. */
export type PageState = 'waiting' | 'open' | 'none';

export interface Next {
  /** Sent together: one, or a group. */
  readonly send: readonly Delivery[];
  /** About pages that were never opened: nothing to send. */
  readonly drop: readonly Delivery[];
  /** When to look again; null while nothing waits for time alone. */
  readonly at: number | null;
}

/** Whether a delivery is always told by itself and before others. */
export const isUrgent = ({ level, page }: Delivery): boolean => level === 'p0' || page !== null;

/**
 * What a channel sends next, if anything.
 *
 * @param waiting the channel's deliveries, oldest first.
 * @param urgent which of its two lanes: P0 and pages have one of their own, so that nothing that
 * hangs is before them.
 */
export function nextSend(
  waiting: readonly Delivery[],
  urgent: boolean,
  pace: Pace,
  pageOf: (delivery: Delivery) => PageState,
  policy: NotificationsPolicy,
  now: number,
): Next {
  const mine = waiting.filter((one) => isUrgent(one) === urgent);
  const closes = ({ page }: Delivery) => page !== null && page.action !== 'trigger';
  const drop = mine.filter((one) => closes(one) && pageOf(one) === 'none');
  // A page is resolved after its trigger was taken and never before.
  const ready = mine.filter((one) => !closes(one) || pageOf(one) === 'open');
  const [first] = ready;
  if (!first) return { send: [], drop, at: null };
  const due = ready.filter(({ nextAt }) => nextAt <= now);
  const earliest = Math.min(...ready.map(({ nextAt }) => nextAt));
  const open = Math.max(pace.lastSentAt + policy.spacingMs[first.channel], pace.holdUntil);
  if (due.length === 0 || open > now) return { send: [], drop, at: Math.max(open, earliest) };
  if (urgent) {
    // Nothing is more urgent than a kill, however many alerts came before it.
    const kill = due.filter(({ message }) => message.kind === 'kill');
    return { send: [...kill, ...due].slice(0, 1), drop, at: now };
  }
  const { windowMs, count } = policy.group;
  const singles = pace.singles.filter((at) => at + windowMs > now);
  const sameLanguage = due.filter(({ language }) => language === due[0]?.language);
  if (sameLanguage.length > count) {
    const groupAt = pace.lastGroupAt + windowMs;
    return groupAt <= now ? { send: sameLanguage, drop, at: now } : { send: [], drop, at: groupAt };
  }
  if (singles.length < count) return { send: due.slice(0, 1), drop, at: now };
  return { send: [], drop, at: (singles[0] ?? now) + windowMs };
}

/** A channel's pace after a send began. */
export function paced(pace: Pace, sent: readonly Delivery[], windowMs: number, now: number): Pace {
  const singles = pace.singles.filter((at) => at + windowMs > now);
  const [one] = sent;
  const alone = sent.length === 1 && one !== undefined && !isUrgent(one);
  return {
    ...pace,
    lastSentAt: now,
    singles: alone ? [...singles, now] : singles,
    lastGroupAt: sent.length > 1 ? now : pace.lastGroupAt,
  };
}

/** How a channel is: counts failures in a row. */
export interface Health {
  readonly failures: number;
  readonly failing: boolean;
}

export const WELL: Health = { failures: 0, failing: false };

/** A channel's health after an attempt. One that is set up wrongly need not fail again to be red. */
export function healthAfter(health: Health, { kind, code }: Outcome, failingAfter: number): Health {
  if (kind === 'delivered') return WELL;
  const failures = health.failures + 1;
  const failing = health.failing || failures >= failingAfter || SETUP_FAULTS.has(code);
  return { failures, failing };
}

/** The channel that takes over a message; null where there is no other. */
export function fallbackOf(
  message: Message,
  tried: ReadonlySet<Channel>,
  configured: Configured,
  failing: ReadonlySet<Channel>,
  policy: NotificationsPolicy,
): Channel | null {
  const { level, page } = message;
  // PagerDuty rings people for P0 alone, also in another's stead.
  const rings = level === 'p0' && page?.action === 'trigger';
  if (level === null) return null;
  const able = policy.fallback.filter(
    (channel) =>
      configured[channel] !== undefined &&
      !tried.has(channel) &&
      !failing.has(channel) &&
      (channel !== 'pagerduty' || rings),
  );
  return able[0] ?? null;
}

/** The channels that are configured. */
export function configuredChannels(configured: Configured): readonly Channel[] {
  return CHANNELS.filter((channel) => configured[channel] !== undefined);
}
