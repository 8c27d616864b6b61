import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFreqtradeApi } from '../../../src/gateway/engines/freqtrade/api';
import { holdingsOf } from '../../../src/gateway/engines/freqtrade/holdings';
import type { Fetch } from '../../../src/node/fetchJson';
import { entriesOf } from '../../../src/shared/bridges/freqtrade';

const context = {
  ...{ stakeCurrency: 'USDT', coins: new Set(['BTC']), dust: 1 },
  exiting: new Set<number>(),
};
const order = (side: string, is_open: boolean, filled = 0) => ({
  ...{ order_id: `o-${side}`, ft_order_side: side, is_open, amount: 2, filled, safe_price: 100 },
});
const trade = (change: object = {}) => ({
  ...{ trade_id: 1, pair: 'BTC/USDT', amount: 2, open_rate: 100, current_rate: 110 },
  ...{ profit_abs: 20, is_short: false, has_open_orders: false, orders: [order('buy', false, 2)] },
  ...change,
});
const balance = (...currencies: object[]) => ({ currencies, total: 1 }) as never;
const coin = (currency: string, amount: number, change: object = {}) => ({
  ...{ currency, balance: amount, est_stake: amount * 100, is_position: false },
  ...change,
});

describe('what freqtrade holds', () => {
  it('is a contradiction where /status and /count do not agree', () => {
    const none = { trades: [], count: 1, balance: balance() };
    expect(holdingsOf(none, context).ok).toBe(false);
    expect(holdingsOf({ ...none, count: 0 }, context)).toMatchObject({
      value: { positions: [], workingOrders: [] },
    });
  });

  it('counts an entry that has not filled as an order and no position; a part of one is both', () => {
    const unfilled = trade({ orders: [order('buy', true)], has_open_orders: true });
    const read = (one: object) =>
      holdingsOf({ trades: [one as never], count: 1, balance: balance() }, context);
    expect(read(unfilled)).toMatchObject({
      value: { positions: [], workingOrders: [{ side: 'buy', purpose: 'open' }] },
    });
    expect(read(trade({ orders: [order('buy', true, 1)] }))).toMatchObject({
      value: { positions: [{ id: '1', notional: 220 }], workingOrders: [{ purpose: 'open' }] },
    });
    expect(read(trade({ orders: null, has_open_orders: true }))).toMatchObject({
      value: { positions: [{ id: '1' }], workingOrders: [{ id: 'order:1' }] },
    });
  });

  it('counts an exit asked for and not seen as a working order that closes', () => {
    const exiting = { ...context, exiting: new Set([1]) };
    const reading = { trades: [trade() as never], count: 1, balance: balance() };
    expect(holdingsOf(reading, exiting)).toMatchObject({
      value: { workingOrders: [{ id: 'exit:1', purpose: 'close', side: 'sell' }] },
    });
  });

  it('sees coins and positions that no trade explains, and neither dust nor another’s coins', () => {
    const read = (...currencies: object[]) => {
      const held = holdingsOf({ trades: [], count: 0, balance: balance(...currencies) }, context);
      return held.ok ? held.value.positions.map(({ id }) => id) : null;
    };
    expect(read(coin('BTC', 1), coin('DOGE', 9), coin('USDT', 500))).toEqual(['balance:BTC']);
    expect(read(coin('BTC', 0.001))).toEqual([]);
    // What freqtrade says of every coin that no open trade explains.
    expect(read(coin('BTC', 1, { bot_owned: 0 }))).toEqual(['balance:BTC']);
    expect(read(coin('BTC', 0.001, { used: 0.0005 }))).toEqual(['balance:BTC']);
    const future = coin('ETH/USDT:USDT', 0, { is_position: true, position: -3, side: 'short' });
    expect(read(future)).toEqual(['balance:ETH/USDT:USDT']);
  });

  it('takes no price for an unknown value, never for dust, and no amount for no answer', () => {
    const read = (currency: object) =>
      holdingsOf({ trades: [], count: 0, balance: balance(currency) }, context);
    const position = { id: 'balance:BTC', quantity: 2, notional: null };
    for (const est_stake of [0, null]) {
      expect(read(coin('BTC', 2, { est_stake }))).toMatchObject({
        value: { positions: [position] },
      });
    }
    expect(read(coin('BTC', 2, { balance: null })).ok).toBe(false);
    expect(read(coin('DOGE', 2, { balance: null })).ok).toBe(true);
    const future = coin('ETH/USDT:USDT', 0, { is_position: true, position: null });
    expect(read(future).ok).toBe(false);
  });
});

describe('its state', () => {
  it('takes entries only when it runs with a limit that is not 0; a change under way is neither', () => {
    const of = (state: string, max_open_trades: number | null) =>
      entriesOf({ state, max_open_trades });
    expect(of('running', 3)).toBe('normal');
    expect(of('running', -1)).toBe('normal');
    expect(of('running', 0)).toBe('paused');
    expect(of('stopped', 3)).toBe('paused');
    expect(of('PAUSED', 3)).toBe('paused');
    expect(of('reload_config', 3)).toBeNull();
  });
});

describe('the pairs it ever traded', () => {
  const apiOf = (closed: readonly string[], told: object = {}) => {
    const asked: string[] = [];
    const fetch: Fetch = async ({ url }) => {
      const { pathname, searchParams: query } = new URL(url);
      const signs = pathname.includes('/token/');
      if (!signs) asked.push(query.get('offset') ?? '');
      const from = Number(query.get('offset'));
      const trades = closed.toReversed().slice(from, from + Number(query.get('limit')));
      const past = { trades: trades.map((pair) => ({ pair })), total_trades: closed.length };
      const body = signs ? { access_token: 'a', refresh_token: 'r' } : { ...past, ...told };
      return { ok: true, value: { status: 200, retryAfterMs: null, body } };
    };
    const options = { address: 'http://x', username: 'u', password: 'p', fetch, uptime: () => 0 };
    return { api: createFreqtradeApi(options), asked };
  };
  const closed = ['OLD/USDT', ...Array.from({ length: 1_100 }, (_, at) => `C${at}/USDT`)];

  it('are read page by page to the first, and later only what is new', async () => {
    const { api, asked } = apiOf(closed);
    const all = await api.pastPairs(0);
    expect(all.ok && [all.value.pairs.has('OLD/USDT'), all.value.closed]).toEqual([true, 1_101]);
    expect(asked).toEqual(['0', '500', '1000']);
    await api.pastPairs(1_099);
    expect(asked).toHaveLength(4);
    // Another database is read from its beginning.
    await api.pastPairs(5_000);
    expect(asked).toHaveLength(7);
  });

  it('are not known where some are left out', async () => {
    expect((await apiOf(closed, { trades: [] }).api.pastPairs(0)).ok).toBe(false);
  });
});

describe('hostile answers', () => {
  it('are read or refused and never thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.integer({ min: 100, max: 599 }), async (body, status) => {
        const fetch: Fetch = async ({ url }) => ({
          ok: true,
          value: {
            ...{ status, retryAfterMs: null },
            body: url.includes('/token/') ? { access_token: 'a', refresh_token: 'r' } : body,
          },
        });
        const api = createFreqtradeApi({
          ...{ address: 'http://x', username: 'u', password: 'p', fetch, uptime: () => 0 },
        });
        const calls = [api.config, api.status, api.openCount, api.balance, api.locks];
        for (const call of calls) await call();
        await api.pastPairs(0);
        await api.stopEntry();
      }),
      { numRuns: 300 },
    );
  });
});
