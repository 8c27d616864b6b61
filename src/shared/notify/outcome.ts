import { z } from 'zod';

/** How a send ended, in a word that the screen has a sentence for. */
export const sendCodeSchema = z.enum([
  'delivered',
  'not_configured',
  'bad_address',
  'unreachable',
  'no_such_host',
  'timeout',
  'bad_certificate',
  'no_tls',
  'redirected',
  'bad_message',
  'unauthorized',
  'not_found',
  'archived',
  'rate_limited',
  'server_error',
  'refused',
  'answer_too_long',
  'bad_answer',
]);
export type SendCode = z.infer<typeof sendCodeSchema>;

/** What a third party made of a message. Only a `retry` is tried again. */
export interface Outcome {
  readonly kind: 'delivered' | 'retry' | 'refused';
  readonly code: SendCode;
  /** HTTP or SMTP status; null where there was no answer. */
  readonly status: number | null;
  /** The third party's own words, cut, with nothing secret in them. */
  readonly answer: string;
  /** How long it asks us to wait, ms. */
  readonly retryAfterMs: number | null;
}

/** A refusal of this kind says that the channel itself is set up wrongly: it will not get better. */
export const SETUP_FAULTS: ReadonlySet<SendCode> = new Set([
  'not_configured',
  'bad_address',
  'unauthorized',
  'not_found',
  'archived',
  'no_tls',
  'redirected',
]);

export function outcome(
  kind: Outcome['kind'],
  code: SendCode,
  status: number | null,
  answer: string,
  retryAfterMs: number | null = null,
): Outcome {
  return { kind, code, status, answer, retryAfterMs };
}

/** `Retry-After`: seconds or an HTTP date (RFC 9110 §10.2.3). @returns ms from now; null when there is none. */
export function retryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

/**
 * What an HTTP status of a webhook means: 2xx taken, 429 and 5xx tried again, the rest never.
 *
 * Source: Slack's "Handling errors" of incoming webhooks, PagerDuty's "Response codes & retry logic".
 */
export function httpOutcome(status: number, answer: string, retryAfterMs: number | null): Outcome {
  if (status >= 200 && status < 300) return outcome('delivered', 'delivered', status, answer);
  if (status === 429) return outcome('retry', 'rate_limited', status, answer, retryAfterMs);
  if (status === 408) return outcome('retry', 'timeout', status, answer, retryAfterMs);
  if (status >= 500) return outcome('retry', 'server_error', status, answer, retryAfterMs);
  return outcome('refused', refusalOf(status), status, answer);
}

function refusalOf(status: number): Outcome['code'] {
  if (status >= 300 && status < 400) return 'redirected';
  if (status === 400 || status === 413) return 'bad_message';
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not_found';
  return status === 410 ? 'archived' : 'refused';
}
