import { z } from 'zod';
import { entriesOf, openByProfitSchema, openCountSchema } from '../shared/bridges/freqtrade';
import type {
  LastResortAnswer,
  LastResortTarget,
  LastResortTest,
} from '../shared/bridges/lastResort';
import type { Failure } from '../shared/result';
import { type Fetch, type HttpFailure, readAnswer } from './fetchJson';

/** What a direct kill needs beside the target. */
export interface DirectKillDeps {
  readonly fetch: Fetch;
  /** Resolves after so many ms. */
  readonly after: (ms: number) => Promise<void>;
}

export interface DirectKill {
  readonly reason: string;
  readonly closePositions: boolean;
  /**
   * What was asked to be closed for this kill before, or may have been: it is not asked again. Added to
   * here, and taken back from where the service refused.
   */
  readonly closing: Set<string>;
}

type Outcome = Omit<LastResortAnswer, 'at'>;
type Ask = Exclude<Awaited<ReturnType<typeof signIn>>, string>;

const TIMEOUT_MS = 4_000;
/** Longer than a turn of freqtrade's loop: an exit that a gateway asked for shows by then. */
const EXIT_SHOWS_MS = 6_500;
const WHO = 'vigia-terminal';
/** All of a service's positions, where they are not closed one by one. */
const EVERYTHING = '*';

const saidSchema = z.union([z.looseObject({}), z.array(z.unknown())]);
const statusSchema = z.looseObject({ mode: z.string(), kill_switch_active: z.boolean() });
const openSchema = z.looseObject({
  trades: z.array(z.looseObject({ status: z.string().nullish() })),
});
const tokenSchema = z.object({ access_token: z.string() });
const configSchema = z.looseObject({
  state: z.string(),
  dry_run: z.boolean().nullish(),
  max_open_trades: z.number().nullish(),
});
const tradesSchema = z.array(
  z.looseObject({
    trade_id: z.int(),
    is_short: z.boolean().nullish(),
    has_open_orders: z.boolean().nullish(),
  }),
);

/** Stops a service without any gateway. Total; counts by what the service says of itself after it. */
export async function directKill(
  target: LastResortTarget,
  kill: DirectKill,
  deps: DirectKillDeps,
): Promise<Outcome> {
  return target.kind === 'inference-api'
    ? killInference(target, kill, deps)
    : killFreqtrade(target, kill, deps);
}

/** Looks at a service as a kill would reach it, and changes nothing. */
export async function directTest(
  target: LastResortTarget,
  deps: DirectKillDeps,
): Promise<LastResortTest> {
  if (target.kind === 'inference-api') {
    const { status, open } = await lookAtInference(target, deps);
    if (!status.ok) return { ok: false, message: status.error.message, found: {} };
    return { ok: true, message: '', found: { mode: status.value.mode, positions: open } };
  }
  const ask = await signIn(target, deps);
  if (typeof ask === 'string') return { ok: false, message: ask, found: {} };
  const config = readAnswer(await ask('GET', '/show_config'), configSchema);
  if (!config.ok) return { ok: false, message: config.error.message, found: {} };
  const { state, dry_run } = config.value;
  const environment = dry_run === true ? 'paper' : 'live';
  const positions = (await openTrades(ask))?.length ?? null;
  return { ok: true, message: '', found: { mode: state, environment, positions } };
}

function inferenceAsk({ address, secrets }: LastResortTarget, { fetch }: DirectKillDeps) {
  return (method: 'GET' | 'POST', path: string, body?: object) =>
    fetch({
      ...{ method, url: `${address}/api/v1${path}`, body, timeoutMs: TIMEOUT_MS },
      headers: { 'x-api-key': secrets.apiKey ?? '' },
    });
}

async function lookAtInference(target: LastResortTarget, deps: DirectKillDeps) {
  const ask = inferenceAsk(target, deps);
  const status = readAnswer(await ask('GET', '/operations/status'), statusSchema);
  const trades = readAnswer(
    await ask('GET', '/trades?status=open&page=1&page_size=500'),
    openSchema,
  );
  const open = trades.ok ? trades.value.trades.filter((one) => one.status !== 'closed') : null;
  return { status, open: open === null ? null : open.length };
}

async function killInference(
  target: LastResortTarget,
  { reason, closePositions, closing }: DirectKill,
  deps: DirectKillDeps,
): Promise<Outcome> {
  const ask = inferenceAsk(target, deps);
  const kill = async (close_positions: boolean, notify_team: boolean) => {
    const body = { reason, activated_by: WHO, close_positions, notify_team };
    return readAnswer(await ask('POST', '/operations/kill-switch', body), saidSchema);
  };
  const answer = await kill(false, true);
  let { status, open } = await lookAtInference(target, deps);
  let trouble = 'closing was not asked for: it does not answer';
  // Asked only of a service that just answered, so that silence means it may have been heard.
  if (closePositions && !closing.has(EVERYTHING) && (answer.ok || status.ok)) {
    closing.add(EVERYTHING);
    const asked = await kill(true, false);
    if (!asked.ok && isRefusal(asked.error)) {
      closing.delete(EVERYTHING);
      trouble = `closing: ${asked.error.message}`;
    }
    ({ status, open } = await lookAtInference(target, deps));
  }
  const owed = closePositions && !closing.has(EVERYTHING);
  if (status.ok && status.value.mode === 'killed') {
    const words = 'the service says that it is killed';
    return { state: 'blocked', detail: owed ? `${words}; ${trouble}` : words, open, owed };
  }
  const refused = !answer.ok && answer.error.code === 'http';
  const detail = answer.ok ? 'the service does not say that it is killed' : answer.error.message;
  return { state: refused ? 'refused' : 'unknown', detail, open, owed };
}

/** Whether it was surely not carried out: the service says no, or nothing listened. */
function isRefusal({ code, message }: Failure<HttpFailure>): boolean {
  return code === 'http' || message === 'ECONNREFUSED';
}

/** A signed-in caller, or why there is none. */
async function signIn({ address, secrets }: LastResortTarget, { fetch }: DirectKillDeps) {
  const base = `${address}/api/v1`;
  const pair = `${secrets.username ?? ''}:${secrets.password ?? ''}`;
  const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  const call = (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: object,
  ) => fetch({ method, url: `${base}${path}`, headers, body, timeoutMs: TIMEOUT_MS });
  const token = readAnswer(await call('POST', '/token/login', { authorization }), tokenSchema);
  if (!token.ok) return token.error.message;
  const bearer = { authorization: `Bearer ${token.value.access_token}` };
  return (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) =>
    call(method, path, bearer, body);
}

async function killFreqtrade(
  target: LastResortTarget,
  kill: DirectKill,
  deps: DirectKillDeps,
): Promise<Outcome> {
  const { closePositions, closing } = kill;
  const ask = await signIn(target, deps);
  if (typeof ask === 'string') {
    return { state: 'unknown', detail: ask, open: null, owed: closePositions };
  }
  let detail = '';
  // Never `/stop`: a stopped bot exits nothing.
  for (const path of ['/stopentry', '/stopbuy', '/pause']) {
    const answer = readAnswer(await ask('POST', path), saidSchema);
    detail = answer.ok ? '' : answer.error.message;
    if (answer.ok || !/^HTTP (404|405)\b/.test(detail)) break;
  }
  const trouble = closePositions ? await closeFreqtrade(ask, kill, deps) : null;
  // Looked at last: a bot that is changing its state may come back running.
  const config = readAnswer(await ask('GET', '/show_config'), configSchema);
  const stopped = config.ok && entriesOf(config.value) === 'paused';
  const trades = await openTrades(ask);
  const open = trades?.length ?? null;
  const isOwed = (trade: number): boolean => !closing.has(String(trade));
  const owed = closePositions && (trades === null || trades.some(isOwed));
  if (stopped) {
    const words = 'the bot says that it takes no entries';
    const why = trouble ?? 'what is open is not known or has not been asked to be closed';
    return { state: 'blocked', detail: owed ? `${words}; closing: ${why}` : words, open, owed };
  }
  const words = detail === '' ? 'the bot does not say that its entries are stopped' : detail;
  return { state: detail.startsWith('HTTP') ? 'refused' : 'unknown', detail: words, open, owed };
}

/**
 * Ids of open trades; null where they are not known. `/status` reads as an empty list where the bot's
 * database fails, so it counts only where another answer has as many.
 */
async function openTrades(ask: Ask): Promise<readonly number[] | null> {
  const trades = readAnswer(await ask('GET', '/status'), tradesSchema);
  if (!trades.ok) return null;
  const count = readAnswer(await ask('GET', '/count'), openCountSchema);
  const open = count.ok ? count : readAnswer(await ask('GET', '/profit'), openByProfitSchema);
  const agree = open.ok && open.value === trades.value.length;
  return agree ? trades.value.map(({ trade_id }) => trade_id) : null;
}

/**
 * Exits what a gateway that lives all the same is not exiting already: a trade that has shown an order
 * at either of two looks, further apart than the bot's loop, is left alone. @returns why something was
 * not asked to be closed, null where all that was listed has been.
 */
async function closeFreqtrade(
  ask: Ask,
  { closing }: DirectKill,
  { after }: DirectKillDeps,
): Promise<string | null> {
  const before = readAnswer(await ask('GET', '/status'), tradesSchema);
  if (!before.ok) return before.error.message;
  if (before.value.every(({ trade_id }) => closing.has(String(trade_id)))) return null;
  await after(EXIT_SHOWS_MS);
  const now = readAnswer(await ask('GET', '/status'), tradesSchema);
  if (!now.ok) return now.error.message;
  const idle = new Set(
    before.value.filter((one) => one.has_open_orders !== true).map((one) => one.trade_id),
  );
  let trouble: string | null = null;
  for (const { trade_id, has_open_orders } of now.value) {
    const trade = String(trade_id);
    if (closing.has(trade)) continue;
    if (has_open_orders === true || !idle.has(trade_id)) {
      trouble = `trade ${trade} showed an order and is looked at again`;
      continue;
    }
    closing.add(trade);
    const body = { tradeid: trade, ordertype: 'market' };
    const answer = readAnswer(await ask('POST', '/forceexit', body), saidSchema);
    if (answer.ok || !isRefusal(answer.error)) continue;
    closing.delete(trade);
    trouble = answer.error.message;
  }
  return trouble;
}
