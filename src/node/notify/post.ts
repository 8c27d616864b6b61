import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { isSendable } from '../../shared/notify/channels';
import {
  httpOutcome,
  type Outcome,
  outcome,
  retryAfter,
  type SendCode,
} from '../../shared/notify/outcome';

export interface PostOptions {
  /** PEM of the one authority to trust; null for the system's own list. */
  readonly ca: string | null;
  readonly timeoutMs: number;
  /** Unix ms; dates of `Retry-After` are read against it. */
  readonly now: () => number;
}

/** What a third party answers to a message is a few words. */
const MAX_ANSWER_BYTES = 16_384;

/**
 * Posts JSON and says what became of it; never throws. A redirect is not followed: where a message
 * goes is what was set up and nothing else.
 */
export async function postJson(url: string, body: unknown, options: PostOptions): Promise<Outcome> {
  if (!isSendable(url)) return outcome('refused', 'bad_address', null, '');
  try {
    const { status, text, wait } = await exchange(url, JSON.stringify(body), options);
    return httpOutcome(status, text, retryAfter(wait, options.now()));
  } catch (error) {
    const code = networkCode(error);
    return outcome('retry', code, null, (error as Error).message);
  }
}

interface Exchange {
  readonly status: number;
  readonly text: string;
  /** The header `Retry-After`. */
  readonly wait: string | undefined;
}

function exchange(url: string, body: string, options: PostOptions): Promise<Exchange> {
  const { ca, timeoutMs } = options;
  return new Promise((done, failed) => {
    const common = {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(body),
      },
      // Over the whole exchange: a body that drips does not hold the channel.
      signal: AbortSignal.timeout(timeoutMs),
      agent: false as const,
    };
    const request = url.startsWith('https:')
      ? requestTls(url, { ...common, minVersion: 'TLSv1.2', ...(ca !== null && { ca }) })
      : requestPlain(url, common);
    request.on('error', failed);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > MAX_ANSWER_BYTES) request.destroy(new AnswerTooLong('answer too long'));
      });
      response.on('error', failed);
      response.on('end', () => {
        const wait = response.headers['retry-after'];
        done({ status: response.statusCode ?? 0, text, wait });
      });
    });
    request.end(body);
  });
}

class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
}

const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA)/;

/** A word for why there was no answer. */
export function networkCode(error: unknown): SendCode {
  const {
    name = '',
    code = '',
    message = '',
  } = error as {
    name?: string;
    code?: string;
    message?: string;
  };
  if (name === 'AnswerTooLong') return 'answer_too_long';
  if (name === 'TimeoutError' || name === 'AbortError' || code === 'ETIMEDOUT') return 'timeout';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EDNS') return 'no_such_host';
  if (CERTIFICATE.test(code) || /certificate|altnames/i.test(message)) return 'bad_certificate';
  if (code === 'ETLS' || /^(EPROTO|ERR_SSL)/.test(code)) return 'no_tls';
  return 'unreachable';
}
