import { z } from 'zod';
import type { Sentence } from '../words/phrase';
import { type Channel, type Language, languageSchema } from './message';

/** Hosts that are this machine: the only ones that are spoken to in plain text. */
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Nothing but a host and a port before the path: no name, no password, no backslash. */
const TLS_URL = /^https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[^\s\\]*)?$/;
const LOCAL_URL = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?(\/[^\s\\]*)?$/;

/** Whether an address may be posted to: `https`, or `http` to this machine. */
export function isSendable(url: string): boolean {
  return TLS_URL.test(url) || LOCAL_URL.test(url);
}

const address = z
  .string()
  .min(3)
  .max(254)
  .regex(/^[^\s<>",;:\\@]+@[^\s<>",;:\\@]+$/, 'an address');
/** PEM of the one authority whose certificates are trusted there; null for the system's own list. */
const ca = z
  .string()
  .max(65_536)
  .regex(/-----BEGIN CERTIFICATE-----/, 'a certificate in PEM')
  .nullable();
const pagerDutyUrl = z.string().max(2_000).refine(isSendable, 'https, or http to this machine');

/** An incoming webhook. Its address is its secret: whoever has it can write there. */
const slack = z.strictObject({
  channel: z.literal('slack'),
  /** What people call it; the webhook itself decides where messages go. */
  label: z.string().max(80),
  ca,
});

/** A mail server; the secret is the password, where there is a user. */
const email = z
  .strictObject({
    channel: z.literal('email'),
    host: z
      .string()
      .min(1)
      .max(253)
      .regex(/^[\w.:-]+$/, 'a host'),
    port: z.int().min(1).max(65_535),
    /** TLS from the first byte, TLS before anything is said, or none, on this machine only. */
    security: z.enum(['tls', 'starttls', 'none']),
    user: z.string().min(1).max(254).nullable(),
    from: address,
    recipients: z
      .array(z.strictObject({ address, language: languageSchema.nullable() }))
      .min(1)
      .max(50),
    ca,
  })
  .refine(({ security, host }) => security !== 'none' || LOOPBACK.has(host), {
    path: ['security'],
    message: 'mail goes in plain text to this machine only',
  });

/** Events API v2; the secret is the integration's routing key. */
const pagerduty = z.strictObject({ channel: z.literal('pagerduty'), url: pagerDutyUrl, ca });

export const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue';

/** How a channel is reached, without what must stay secret. */
export const channelSettingsSchema = z.discriminatedUnion('channel', [slack, email, pagerduty]);
export type ChannelSettings = z.infer<typeof channelSettingsSchema>;
export type SettingsOf<Name extends Channel> = Extract<ChannelSettings, { channel: Name }>;

/** What is wrong with a secret for those settings; null where it will do. */
export function secretFault(settings: ChannelSettings, secret: string | null): Sentence | null {
  switch (settings.channel) {
    case 'slack':
      if (secret === null) return 'the webhook’s address is missing';
      return isSendable(secret) ? null : 'the webhook’s address must be https';
    case 'email':
      return settings.user !== null && secret === null ? 'the password is missing' : null;
    case 'pagerduty':
      if (secret === null) return 'the routing key is missing';
      return /^[A-Za-z0-9]{32}$/.test(secret) ? null : 'a routing key has 32 letters and digits';
  }
}

/** The language in which a channel writes to people whom a message names: its own, if any reader has it. */
export function namedLanguage(settings: ChannelSettings, own: Language): Language {
  const [first = own, ...more] = languagesOf(settings, own);
  return more.includes(own) ? own : first;
}

/** The languages in which a channel's readers are written to. */
export function languagesOf(settings: ChannelSettings, own: Language): readonly Language[] {
  if (settings.channel !== 'email') return [own];
  return [...new Set(settings.recipients.map(({ language }) => language ?? own))];
}
