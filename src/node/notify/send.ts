import type { ChannelSettings } from '../../shared/notify/channels';
import type { Language, Rendered } from '../../shared/notify/message';
import { type Outcome, outcome } from '../../shared/notify/outcome';
import { type PageOrder, pagerDutyBody } from '../../shared/notify/pagerduty';
import { slackBody } from '../../shared/notify/slack';
import { line } from '../../shared/notify/text';
import { postJson } from './post';

export interface Send {
  readonly settings: ChannelSettings;
  readonly secret: string | null;
  readonly message: Rendered;
  /** What PagerDuty is told; null elsewhere. */
  readonly page: PageOrder | null;
  readonly timeoutMs: number;
  /** The channel's own language. */
  readonly language: Language;
}

const ANSWER_MAX = 300;

/** Sends one message by one channel; never throws, and nothing secret is in what it says. */
export async function send(what: Send, now: () => number): Promise<Outcome> {
  const said = await attempt(what, now).catch((error: unknown) =>
    outcome('retry', 'unreachable', null, (error as Error).message),
  );
  return { ...said, answer: line(redact(said.answer, what.secret), ANSWER_MAX) };
}

async function attempt(what: Send, now: () => number): Promise<Outcome> {
  const { settings, secret, message, page, timeoutMs, language } = what;
  const post = { timeoutMs, now, ca: settings.ca };
  switch (settings.channel) {
    case 'slack': {
      if (secret === null) return outcome('refused', 'not_configured', null, '');
      const said = await postJson(secret, slackBody(message), post);
      // Slack says `ok`; another page with status 200 is a proxy's or a portal's.
      return said.kind === 'delivered' && said.answer.trim() !== 'ok' ? notTheirs(said) : said;
    }
    case 'pagerduty': {
      if (secret === null || page === null) return outcome('refused', 'not_configured', null, '');
      const said = await postJson(settings.url, pagerDutyBody(secret, page, message), post);
      return said.kind === 'delivered' && said.status !== 202 ? notTheirs(said) : said;
    }
    case 'email': {
      if (settings.user !== null && secret === null) {
        return outcome('refused', 'not_configured', null, '');
      }
      // Only who sends mail loads it: a program's start does not.
      const { sendMail } = await import('./mail');
      return sendMail(settings, message, { password: secret, timeoutMs, language });
    }
  }
}

function notTheirs({ status, answer }: Outcome): Outcome {
  return outcome('retry', 'bad_answer', status, answer);
}

/** A third party may say back what it was sent. */
export function redact(text: string, secret: string | null): string {
  if (secret === null || secret === '') return text;
  const path = /^https?:\/\/[^/]+(\/.{8,})$/.exec(secret)?.[1];
  const encoded = Buffer.from(secret).toString('base64');
  return [secret, path, encoded].reduce<string>(
    (out, one) => (one ? out.replaceAll(one, '•••') : out),
    text,
  );
}
