import { z } from 'zod';
import { type Fetch, type HttpFailure, readAnswer } from '../../../node/fetchJson';
import { openByProfitSchema, openCountSchema } from '../../../shared/bridges/freqtrade';
import type { Result } from '../../../shared/result';
import { fail } from '../../../shared/result';
import type { Clock } from '../../../shared/time';

/** freqtrade's REST calls that the bridge makes, each answer read by its schema. */

const text = z.string().max(1_024);
const figure = z.number().nullish().catch(null);

const configSchema = z.looseObject({
  state: z.string().max(32),
  dry_run: z.boolean(),
  exchange: text.nullish(),
  strategy: text.nullish(),
  bot_name: text.nullish(),
  /** 0 after `/stopentry` on versions that have no state for it; -1 is without a limit. */
  max_open_trades: z.number().nullish(),
  stake_currency: z.string().max(16).nullish(),
  version: text.nullish(),
});
export type BotConfig = z.output<typeof configSchema>;

const orderSchema = z.looseObject({
  order_id: z.string().min(1).max(128).catch('?'),
  is_open: z.boolean().nullish().catch(null),
  ft_order_side: z.string().max(16).nullish().catch(null),
  amount: figure,
  filled: figure,
  safe_price: figure,
});

const tradeSchema = z.looseObject({
  trade_id: z.int(),
  pair: z.string().min(1).max(64),
  is_short: z.boolean().nullish(),
  amount: z.number().nonnegative(),
  open_rate: figure,
  current_rate: figure,
  profit_abs: figure,
  has_open_orders: z.boolean().nullish(),
  orders: z.array(orderSchema).max(1_000).nullish(),
});
export type BotTrade = z.output<typeof tradeSchema>;

const currencySchema = z.looseObject({
  currency: z.string().max(64),
  balance: figure,
  /** In orders. */
  used: figure,
  /** By the price of all of it, or of what is free; 0 where there is no price. */
  est_stake: figure,
  is_position: z.boolean().nullish(),
  position: figure,
  side: z.string().max(16).nullish().catch(null),
});
const balanceSchema = z.looseObject({
  currencies: z.array(currencySchema).max(5_000),
  total: figure,
  /** Trades the bot ever had. */
  trade_count: figure,
  stake: z.string().max(64).nullish().catch(null),
});
export type BotBalance = z.output<typeof balanceSchema>;
export type BotHolding = z.output<typeof currencySchema>;

const PAST_PAGE = 500;
const PAST_PAGES_MAX = 200;
const pastTradesSchema = z.looseObject({
  trades: z.array(z.looseObject({ pair: z.string().max(64) })).max(PAST_PAGE),
  total_trades: z.int().nonnegative().nullish(),
});
const lockSchema = z.looseObject({ id: z.int(), reason: text.nullish() });
const locksSchema = z.looseObject({ locks: z.array(lockSchema).max(5_000) });
const saidSchema = z.union([z.looseObject({}), z.array(z.unknown())]);
const tokensSchema = z.object({ access_token: z.string(), refresh_token: z.string() });
const refreshedSchema = z.object({ access_token: z.string() });

type Answered<T> = Promise<Result<T, HttpFailure>>;

export interface PastPairs {
  readonly pairs: ReadonlySet<string>;
  /** Closed trades there are. */
  readonly closed: number;
}

export interface FreqtradeApi {
  config(): Answered<BotConfig>;
  status(): Answered<readonly BotTrade[]>;
  /** Open trades by another answer than `/status`; where the bot is stopped, by its profit. */
  openCount(): Answered<number>;
  balance(): Answered<BotBalance>;
  /** Pairs of the trades closed after the first `known`, however many pages they are. */
  pastPairs(known: number): Answered<PastPairs>;
  /** By the name the version has: `/stopentry`, `/stopbuy` before it, `/pause` after it. */
  stopEntry(): Answered<unknown>;
  pause(): Answered<unknown>;
  start(): Answered<unknown>;
  reloadConfig(): Answered<unknown>;
  cancelOrder(trade: number): Answered<unknown>;
  forceExit(trade: number): Answered<unknown>;
  /** Bars every pair from new entries. Versions without the call answer 404 or 405. */
  lockAll(until: Date, reason: string): Answered<unknown>;
  locks(): Answered<readonly { id: number; reason: string }[]>;
  unlock(id: number): Answered<unknown>;
  /** For the socket's address. */
  accessToken(): Answered<string>;
  answeredAt(): number | null;
}

const TIMEOUT_MS = 4_000;

export function createFreqtradeApi(options: {
  /** `http://host:port`, without `/api/v1`. */
  readonly address: string;
  readonly username: string;
  readonly password: string;
  readonly fetch: Fetch;
  readonly uptime: Clock;
}): FreqtradeApi {
  const base = `${options.address}/api/v1`;
  let access: string | null = null;
  let refresh: string | null = null;
  let renewing: Promise<Result<string, HttpFailure>> | null = null;
  let answeredAt: number | null = null;

  async function once<Schema extends z.ZodType>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    authorization: string,
    schema: Schema,
    body?: unknown,
  ) {
    const answer = await options.fetch({
      ...{ method, url: `${base}${path}`, body, headers: { authorization } },
      timeoutMs: TIMEOUT_MS,
    });
    if (answer.ok) answeredAt = options.uptime();
    const status = answer.ok ? answer.value.status : null;
    return { status, read: readAnswer(answer, schema) };
  }

  /** One sign-in at a time, by the refresh token where there is one. */
  function renew(): Promise<Result<string, HttpFailure>> {
    renewing ??= signIn().finally(() => {
      renewing = null;
    });
    return renewing;
  }

  async function signIn(): Promise<Result<string, HttpFailure>> {
    if (refresh !== null) {
      const bearer = `Bearer ${refresh}`;
      const { read } = await once('POST', '/token/refresh', bearer, refreshedSchema);
      if (read.ok) {
        access = read.value.access_token;
        return { ok: true, value: access };
      }
      refresh = null;
    }
    const pair = Buffer.from(`${options.username}:${options.password}`).toString('base64');
    const { read } = await once('POST', '/token/login', `Basic ${pair}`, tokensSchema);
    if (!read.ok) return read;
    access = read.value.access_token;
    refresh = read.value.refresh_token;
    return { ok: true, value: access };
  }

  async function ask<Schema extends z.ZodType>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    schema: Schema,
    body?: unknown,
  ): Answered<z.output<Schema>> {
    const signed = access === null ? await renew() : { ok: true as const, value: access };
    if (!signed.ok) return signed;
    const first = await once(method, path, `Bearer ${signed.value}`, schema, body);
    if (first.status !== 401) return first.read;
    // Refused before anything was done, so it may be asked once more.
    const renewed = await renew();
    if (!renewed.ok) return renewed;
    return (await once(method, path, `Bearer ${renewed.value}`, schema, body)).read;
  }

  /** Tries names in order while the version does not know them. */
  async function firstKnown(paths: readonly string[]): Answered<unknown> {
    let last: Result<unknown, HttpFailure> = fail('http', 'none of its names is known');
    for (const path of paths) {
      last = await ask('POST', path, saidSchema);
      const unknown = !last.ok && /^HTTP (404|405)\b/.test(last.error.message);
      if (!unknown) return last;
    }
    return last;
  }

  return {
    config: () => ask('GET', '/show_config', configSchema),
    status: () => ask('GET', '/status', z.array(tradeSchema).max(5_000)),
    async openCount() {
      const count = await ask('GET', '/count', openCountSchema);
      // A stopped bot refuses to count, and says its profit all the same.
      if (count.ok || count.error.code !== 'http') return count;
      const open = await ask('GET', '/profit', openByProfitSchema);
      return open.ok ? open : count;
    },
    balance: () => ask('GET', '/balance', balanceSchema),
    async pastPairs(known) {
      const pairs: string[] = [];
      for (let page = 0; page < PAST_PAGES_MAX; page += 1) {
        // Those closed last come first.
        const path = `/trades?limit=${PAST_PAGE}&offset=${pairs.length}`;
        const answer = await ask('GET', path, pastTradesSchema);
        if (!answer.ok) return answer;
        const { trades, total_trades } = answer.value;
        pairs.push(...trades.map(({ pair }) => pair));
        const total = total_trades ?? null;
        // Fewer than there were: another database, of which nothing is known.
        const wanted = total === null ? null : total < known ? total : total - known;
        const over = wanted === null ? trades.length < PAST_PAGE : pairs.length >= wanted;
        if (over) return { ok: true, value: { pairs: new Set(pairs), closed: total ?? 0 } };
        if (trades.length === 0) break;
      }
      return fail('malformed', '/trades does not list every closed trade');
    },
    stopEntry: () => firstKnown(['/stopentry', '/stopbuy', '/pause']),
    pause: () => ask('POST', '/pause', saidSchema),
    start: () => ask('POST', '/start', saidSchema),
    reloadConfig: () => ask('POST', '/reload_config', saidSchema),
    cancelOrder: (trade) => ask('DELETE', `/trades/${trade}/open-order`, saidSchema),
    forceExit: (trade) =>
      ask('POST', '/forceexit', saidSchema, { tradeid: String(trade), ordertype: 'market' }),
    lockAll: (until, reason) =>
      ask('POST', '/locks', saidSchema, [
        { pair: '*', until: until.toISOString(), side: '*', reason },
      ]),
    async locks() {
      const answer = await ask('GET', '/locks', locksSchema);
      if (!answer.ok) return answer;
      const locks = answer.value.locks.map(({ id, reason }) => ({ id, reason: reason ?? '' }));
      return { ok: true, value: locks };
    },
    unlock: (id) => ask('DELETE', `/locks/${id}`, saidSchema),
    accessToken: renew,
    answeredAt: () => answeredAt,
  };
}
