import type { z } from 'zod';
import type { Result } from '../shared/result';
import { fail, ok } from '../shared/result';

/**
 * Why there is no answer. `timeout` and `network`: it may have been carried out all the same.
 * `http`: the service answered with an error. `malformed`: it answered something else.
 */
export type HttpFailure = 'timeout' | 'network' | 'http' | 'malformed';

export interface HttpAnswer {
  readonly status: number;
  /** Parsed JSON; null where the body was none. */
  readonly body: unknown;
  readonly retryAfterMs: number | null;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs: number;
}

export type Fetch = (request: HttpRequest) => Promise<Result<HttpAnswer, HttpFailure>>;

/** The longest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 4_194_304;

/** Asks a service once. Total: whatever happens, it returns; it never follows a redirect. */
export const fetchJson: Fetch = async ({ method, url, headers, body, timeoutMs }) => {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  try {
    const response = await fetch(url, {
      method,
      redirect: 'error',
      headers: { accept: 'application/json', ...headers, ...type },
      signal: AbortSignal.timeout(timeoutMs),
      ...sent,
    });
    const text = await readText(response);
    if (text === null) return fail('malformed', 'the answer is too long');
    const after = Number(response.headers.get('retry-after') ?? Number.NaN);
    const retryAfterMs = Number.isFinite(after)
      ? Math.min(60_000, Math.max(0, after * 1_000))
      : null;
    return ok({ status: response.status, body: parseJson(text), retryAfterMs });
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: { code?: string } };
    if (name === 'TimeoutError') return fail('timeout', `no answer in ${timeoutMs} ms`);
    return fail('network', cause?.code ?? message.slice(0, 200));
  }
};

async function readText(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Reads an answer by its schema; an error's own words where it has some. */
export function readAnswer<Schema extends z.ZodType>(
  answer: Result<HttpAnswer, HttpFailure>,
  schema: Schema,
): Result<z.output<Schema>, HttpFailure> {
  if (!answer.ok) return answer;
  const { status, body } = answer.value;
  // Whoever is in between gave up waiting; the service itself may carry it out yet.
  if (status === 504) return fail('timeout', `HTTP 504: ${wordsOf(body)}`);
  if (status < 200 || status > 299) return fail('http', `HTTP ${status}: ${wordsOf(body)}`);
  const parsed = schema.safeParse(body);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  const where = issue?.path.map(String).join('.') || 'the answer';
  return fail('malformed', `${where}: ${issue?.message ?? 'wrong shape'}`.slice(0, 300));
}

/** `detail` or `error` of an error's body: what FastAPI and freqtrade answer. */
function wordsOf(body: unknown): string {
  if (typeof body !== 'object' || body === null) return 'no JSON';
  const { detail, error } = body as { detail?: unknown; error?: unknown };
  const words = detail ?? error ?? '';
  return (typeof words === 'string' ? words : JSON.stringify(words)).slice(0, 300);
}
