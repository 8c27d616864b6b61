import { createTransport } from 'nodemailer';
import { namedLanguage, type SettingsOf } from '../../shared/notify/channels';
import { type MailBody, mailBody } from '../../shared/notify/email';
import type { Language, Rendered } from '../../shared/notify/message';
import { type Outcome, outcome } from '../../shared/notify/outcome';
import { networkCode } from './post';

export interface MailOptions {
  readonly password: string | null;
  readonly timeoutMs: number;
  /** Language of recipients that have none of their own. */
  readonly language: Language;
}

/** Sends a message to the recipients who read its language; never throws. */
export async function sendMail(
  settings: SettingsOf<'email'>,
  message: Rendered,
  options: MailOptions,
): Promise<Outcome> {
  const own = options.language;
  const readers = settings.recipients
    .filter(({ language }) => (language ?? own) === message.language)
    .map(({ address }) => address);
  // People named by the message have no language of their own, and get it once.
  const named = message.language === namedLanguage(settings, own) ? message.to : [];
  const to = message.toAlone ? named : [...new Set([...readers, ...named])];
  const { key } = message;
  return sendLetter(settings, { ...mailBody(message), key, to, attachments: [] }, options);
}

/** A mail as it leaves, with its files. */
export interface Letter extends MailBody {
  /** Names it for ever. */
  readonly key: string;
  readonly to: readonly string[];
  readonly attachments: readonly {
    readonly name: string;
    readonly type: string;
    readonly content: string | Uint8Array;
  }[];
}

/** Sends one mail by a server; never throws. */
export async function sendLetter(
  settings: Omit<SettingsOf<'email'>, 'recipients'>,
  letter: Letter,
  { timeoutMs, password }: Pick<MailOptions, 'timeoutMs' | 'password'>,
): Promise<Outcome> {
  const { host, port, security, user, from, ca } = settings;
  const { key, to, attachments, ...body } = letter;
  if (to.length === 0) return outcome('refused', 'not_configured', null, '');
  const transport = createTransport({
    ...{ host, port, secure: security === 'tls' },
    // Asked for, TLS is not an offer: without it nothing is said.
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user !== null && { auth: { user, pass: password ?? '' } }),
    tls: { minVersion: 'TLSv1.2', ...(ca !== null && { ca }) },
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    // SECURITY: no part of a message is ever read from a file or an address.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  const late = new Promise<Outcome>((done) => {
    const timer = setTimeout(() => done(outcome('retry', 'timeout', null, '')), timeoutMs);
    timer.unref();
  });
  const sent = transport
    .sendMail({
      ...body,
      ...{ from, to: [...to] },
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Vigia-Key': key },
      attachments: attachments.map(({ name, type, content }) => ({
        ...{ filename: name, contentType: type },
        content: typeof content === 'string' ? content : Buffer.from(content),
      })),
    })
    .then(
      ({ response, rejected }) =>
        outcome('delivered', 'delivered', statusOf(response), toldRejected(response, rejected)),
      mailFault,
    );
  try {
    return await Promise.race([sent, late]);
  } finally {
    transport.close();
  }
}

interface MailError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
}

/** What an SMTP status means: 4xx is for now, 5xx for ever (RFC 5321 §4.2.1). */
function mailFault(error: MailError): Outcome {
  const { code, responseCode: status = null, response, message } = error;
  const answer = response ?? message;
  if (status !== null && status >= 400 && status < 500) {
    // 454 at a login is a server's trouble; everything else of 4xx is as well.
    return outcome('retry', 'server_error', status, answer);
  }
  if (code === 'ETLS') return outcome('refused', 'no_tls', status, answer);
  if (code === 'EAUTH' || status === 530 || status === 534 || status === 535) {
    return outcome('refused', 'unauthorized', status, answer);
  }
  if (status === 550 || status === 551 || status === 553) {
    return outcome('refused', 'not_found', status, answer);
  }
  if (status !== null && status >= 500) return outcome('refused', 'refused', status, answer);
  return outcome('retry', networkCode(error), null, answer);
}

function statusOf(response: string): number | null {
  const status = Number(response.slice(0, 3));
  return Number.isInteger(status) && status > 0 ? status : null;
}

function toldRejected(response: string, rejected: readonly unknown[]): string {
  return rejected.length === 0 ? response : `${response} (${rejected.length} rejected)`;
}
