import { z } from 'zod';
import type {
  LastResortAnswer,
  LastResortTarget,
  LastResortTest,
} from '../shared/bridges/lastResort';
import { type Fetch, readAnswer } from './fetchJson';

/** What a direct kill needs beside the target. */
export interface DirectKillDeps {
  readonly fetch: Fetch;
  /** Resolves after so many ms. */
  readonly after: (ms: number) => Promise<void>;
}

export interface DirectKill {
  readonly reason: string;
  readonly closePositions: boolean;
}

type Outcome = Omit<LastResortAnswer, 'at'>;

const TIMEOUT_MS = 4_000;
/** Longer than a turn of freqtrade's loop: an exit that a gateway asked for shows by then. */
const EXIT_SHOWS_MS = 6_500;
const WHO = 'vigia-terminal';

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
  const trades = readAnswer(await ask('GET', '/status'), tradesSchema);
  const { state, dry_run } = config.value;
  const environment = dry_run === true ? 'paper' : 'live';
  const positions = trades.ok ? trades.value.length : null;
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
  { reason, closePositions: close_positions }: DirectKill,
  deps: DirectKillDeps,
): Promise<Outcome> {
  const ask = inferenceAsk(target, deps);
  const body = { reason, activated_by: WHO, close_positions, notify_team: true };
  const answer = readAnswer(await ask('POST', '/operations/kill-switch', body), saidSchema);
  const { status, open } = await lookAtInference(target, deps);
  if (status.ok && status.value.mode === 'killed') {
    return { state: 'blocked', detail: 'the service says that it is killed', open };
  }
  const refused = !answer.ok && answer.error.code === 'http';
  const detail = answer.ok ? 'the service does not say that it is killed' : answer.error.message;
  return { state: refused ? 'refused' : 'unknown', detail, open };
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
  { closePositions }: DirectKill,
  deps: DirectKillDeps,
): Promise<Outcome> {
  const ask = await signIn(target, deps);
  if (typeof ask === 'string') return { state: 'unknown', detail: ask, open: null };
  let detail = '';
  // Never `/stop`: a stopped bot exits nothing.
  for (const path of ['/stopentry', '/stopbuy', '/pause']) {
    const answer = readAnswer(await ask('POST', path), saidSchema);
    detail = answer.ok ? '' : answer.error.message;
    if (answer.ok || !/^HTTP (404|405)\b/.test(detail)) break;
  }
  const config = readAnswer(await ask('GET', '/show_config'), configSchema);
  const stopped =
    config.ok && (config.value.state !== 'running' || config.value.max_open_trades === 0);
  if (closePositions) await closeFreqtrade(ask, deps);
  const trades = readAnswer(await ask('GET', '/status'), tradesSchema);
  const open = trades.ok ? trades.value.length : null;
  if (stopped) return { state: 'blocked', detail: 'the bot says that it takes no entries', open };
  const words = detail === '' ? 'the bot does not say that its entries are stopped' : detail;
  return { state: detail.startsWith('HTTP') ? 'refused' : 'unknown', detail: words, open };
}

/**
 * Exits what a gateway that lives all the same is not exiting already: a trade that has shown an order
 * at either of two looks, further apart than the bot's loop, is left alone.
 */
async function closeFreqtrade(
  ask: Exclude<Awaited<ReturnType<typeof signIn>>, string>,
  { after }: DirectKillDeps,
): Promise<void> {
  const before = readAnswer(await ask('GET', '/status'), tradesSchema);
  if (!before.ok || before.value.length === 0) return;
  await after(EXIT_SHOWS_MS);
  const now = readAnswer(await ask('GET', '/status'), tradesSchema);
  if (!now.ok) return;
  const idle = new Set(
    before.value.filter((one) => one.has_open_orders !== true).map((one) => one.trade_id),
  );
  for (const { trade_id, has_open_orders } of now.value) {
    if (has_open_orders === true || !idle.has(trade_id)) continue;
    await ask('POST', '/forceexit', { tradeid: String(trade_id), ordertype: 'market' });
  }
}
