import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

interface FakeBotTrade {
  trade_id: number;
  pair: string;
  is_short: boolean;
  amount: number;
  /** `pending`: asked for, not yet placed; the loop places it and, a turn later, fills it. */
  exit: 'none' | 'pending' | 'placed';
  /** An entry order that still works. */
  entryOpen: boolean;
  cancelling: boolean;
}

const KNOWN_TOPICS = new Set([
  ...['status', 'warning', 'entry', 'entry_fill', 'entry_cancel', 'exit', 'exit_fill'],
  ...['exit_cancel', 'protection_trigger', 'protection_trigger_global', 'startup'],
  ...['whitelist', 'analyzed_df', 'new_candle', 'strategy_msg'],
]);

/**
 * freqtrade by the letter of its contract: what is asked shows only after the bot's loop, `all`
 * always answers success, a strategy may veto an exit, a stopped bot exits nothing, a reload goes back
 * to the configuration.
 */
export class FakeFreqtrade {
  /** With states and locks as later versions have them, or as those before. */
  modern = true;
  password = 'secret';
  state: 'running' | 'paused' | 'stopped' | 'reload_config' = 'running';
  maxOpenTrades = 3;
  dryRun = true;
  trades: FakeBotTrade[] = [];
  /** Trades whose exit the strategy's `confirm_trade_exit` refuses. */
  vetoed = new Set<number>();
  /** An error in the bot's database: `/status` is an empty list. */
  statusFails = false;
  /** Paths without an answer, and paths that answer 502. */
  hangs = new Set<string>();
  /** What happens beside the cancelling of an order. */
  onCancel: () => void = () => undefined;
  breaks = new Map<string, string>();
  /** Coins in the account beside those of open trades. */
  coins = new Map<string, number>();
  /** Coins without a price: their value reads 0. */
  unpriced = new Set<string>();
  /** Pairs of closed trades, the first closed first. */
  closed = ['SOL/USDT'];
  locks: { id: number; pair: string; reason: string }[] = [];
  sold = new Map<number, number>();
  calls: { call: string; body: unknown }[] = [];
  signIns = 0;
  refreshes = 0;
  refusedSockets = 0;
  readonly listeners = new Map<WebSocket, Set<string>>();
  #access = new Set<string>();
  #refresh = new Set<string>();
  #reloading = false;
  #loop: NodeJS.Timeout;
  #server: Server;
  #wss = new WebSocketServer({ noServer: true });
  #watchers = new Set<() => void>();
  #count = 0;
  #turns = 0;

  private constructor(loopMs: number) {
    this.#loop = setInterval(() => this.#turn(), loopMs);
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      const url = new URL(request.url ?? '/', 'http://x');
      this.#wss.handleUpgrade(request, socket, head, (ws) => {
        if (!this.#access.has(url.searchParams.get('token') ?? '')) {
          this.refusedSockets += 1;
          ws.close(1008);
          return;
        }
        this.listeners.set(ws, new Set());
        ws.on('close', () => this.listeners.delete(ws));
        ws.on('message', (data) => this.#hear(ws, String(data)));
        this.#wake();
      });
    });
  }

  static async start(loopMs = 60): Promise<FakeFreqtrade> {
    const bot = new FakeFreqtrade(loopMs);
    bot.#server.listen(0, '127.0.0.1');
    await once(bot.#server, 'listening');
    return bot;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    clearInterval(this.#loop);
    for (const socket of this.#wss.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise<void>((closed) => this.#server.close(() => closed()));
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((done) => {
      const look = () => {
        if (!condition()) return;
        this.#watchers.delete(look);
        done();
      };
      this.#watchers.add(look);
    });
  }

  /** Resolves after so many turns of the bot's loop. */
  turns(count: number): Promise<void> {
    const last = this.#turns + count;
    return this.until(() => this.#turns >= last);
  }

  open(...pairs: string[]): void {
    for (const pair of pairs) {
      this.#count += 1;
      this.trades.push({
        ...{ trade_id: this.#count, pair, is_short: false, amount: 2, exit: 'none' },
        ...{ entryOpen: false, cancelling: false },
      });
    }
  }

  /** The loop's next turn ends a reload with the configured state. */
  reload(): void {
    this.state = 'reload_config';
    this.#reloading = true;
  }

  count(call: string): number {
    return this.calls.filter((one) => one.call === call).length;
  }

  takesEntries(): boolean {
    return this.state === 'running' && this.maxOpenTrades > 0;
  }

  /** Access tokens run out; the refresh token still holds. */
  expire(): void {
    this.#access.clear();
  }

  /** A restart: the configured state, new tokens. */
  restart(): void {
    this.#access.clear();
    this.#refresh.clear();
    this.#configured();
    for (const socket of this.#wss.clients) socket.terminate();
  }

  publish(type: string, data: unknown): void {
    for (const [socket, topics] of this.listeners) {
      if (topics.has(type)) socket.send(JSON.stringify({ type, data }));
    }
  }

  #configured(): void {
    this.state = 'running';
    this.maxOpenTrades = 3;
  }

  #wake(): void {
    for (const look of [...this.#watchers]) look();
  }

  /** One turn of the bot's loop. */
  #turn(): void {
    this.#turns += 1;
    if (this.#reloading) {
      this.#reloading = false;
      this.#configured();
    }
    for (const trade of this.trades) {
      if (trade.cancelling) {
        trade.cancelling = false;
        trade.entryOpen = false;
        if (trade.exit === 'placed') trade.exit = 'none';
      } else if (trade.exit === 'placed') {
        this.sold.set(trade.trade_id, (this.sold.get(trade.trade_id) ?? 0) + trade.amount);
        trade.amount = 0;
        this.closed.push(trade.pair);
      } else if (trade.exit === 'pending') {
        trade.exit = 'placed';
      }
    }
    this.trades = this.trades.filter(({ amount }) => amount > 0);
    this.#wake();
  }

  #hear(socket: WebSocket, text: string): void {
    const { type, data } = JSON.parse(text) as { type: string; data: string[] };
    if (type === 'subscribe' && data.every((topic) => KNOWN_TOPICS.has(topic))) {
      this.listeners.set(socket, new Set(data));
    }
    if (type === 'whitelist') socket.send('{"type":"whitelist","data":["BTC/USDT"]}');
    this.#wake();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://x');
    const path = url.pathname.replace(/^\/api\/v1/, '');
    let text = '';
    for await (const part of request) text += part;
    const body: unknown = text === '' ? null : JSON.parse(text);
    const call = `${request.method} ${path}`;
    this.calls.push({ call, body });
    const give = (status: number, answer: unknown): undefined => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
      this.#wake();
    };
    if (this.hangs.has('*') || this.hangs.has(path)) return;
    const broken = this.breaks.get(path);
    if (broken !== undefined) return give(502, { error: `Error querying ${path}: ${broken}` });
    const authorization = request.headers.authorization ?? '';
    if (call === 'POST /token/login' || call === 'POST /token/refresh') {
      return this.#sign(call, authorization, give);
    }
    if (!this.#access.has(authorization.replace('Bearer ', ''))) {
      return give(401, { detail: 'Unauthorized' });
    }
    return this.#answer(call, url, body, give);
  }

  #sign(
    call: string,
    authorization: string,
    give: (status: number, answer: unknown) => undefined,
  ): undefined {
    const fresh = `t${this.signIns}.${this.refreshes}.${Math.floor(performance.now() * 1_000)}`;
    if (call.endsWith('login')) {
      const right = `Basic ${Buffer.from(`bot:${this.password}`).toString('base64')}`;
      if (authorization !== right) return give(401, { detail: 'Incorrect username or password' });
      this.signIns += 1;
      this.#refresh.add(`r${fresh}`);
    } else {
      if (!this.#refresh.has(authorization.replace('Bearer ', ''))) {
        return give(401, { detail: 'Unauthorized' });
      }
      this.refreshes += 1;
    }
    this.#access.add(fresh);
    return give(200, { access_token: fresh, refresh_token: `r${fresh}` });
  }

  #answer(
    call: string,
    url: URL,
    body: unknown,
    give: (status: number, answer: unknown) => undefined,
  ): undefined {
    const path = url.pathname.replace(/^\/api\/v1/, '');
    const trade = /^DELETE \/trades\/(\d+)\/open-order$/.exec(call)?.[1];
    const lock = /^DELETE \/locks\/(\d+)$/.exec(call)?.[1];
    if (trade !== undefined) {
      const found = this.trades.find(({ trade_id }) => trade_id === Number(trade));
      if (!found) return give(502, { error: `Error querying ${path}: Invalid trade_id.` });
      found.cancelling = true;
      this.onCancel();
      return give(200, [this.#trade(found)]);
    }
    if (lock !== undefined) {
      this.locks = this.locks.filter(({ id }) => id !== Number(lock));
      return give(200, { lock_count: this.locks.length, locks: this.locks });
    }
    switch (call) {
      case 'GET /ping':
        return give(200, { status: 'pong' });
      case 'GET /show_config':
        return give(200, {
          ...{ state: this.state, dry_run: this.dryRun, exchange: 'binance', strategy: 'S1' },
          ...{ bot_name: 'bot', max_open_trades: this.maxOpenTrades, stake_currency: 'USDT' },
          version: this.modern ? '2025.5' : '2024.10',
        });
      case 'GET /status':
        return give(200, this.statusFails ? [] : this.trades.map((one) => this.#trade(one)));
      case 'GET /count':
        // Before there were pauses it took a bot that runs, since then one that is not stopped.
        if (this.state === 'stopped' || (!this.modern && this.state !== 'running')) {
          return give(502, { error: 'Error querying /api/v1/count: trader is not running' });
        }
        return give(200, { current: this.trades.length, max: 3, total_stake: 0 });
      case 'GET /balance':
        return give(200, this.#balance());
      case 'GET /profit':
        return give(200, {
          trade_count: this.trades.length + this.closed.length,
          closed_trade_count: this.closed.length,
        });
      case 'GET /trades':
        return give(200, this.#past(url.searchParams));
      case 'POST /stopentry':
        // A bot on its way to another state is told nothing by it.
        if (this.state === 'reload_config') return give(200, { status: 'paused' });
        if (this.modern) this.state = 'paused';
        else if (this.state === 'running') this.maxOpenTrades = 0;
        return give(200, { status: 'No more entries will occur from now.' });
      case 'POST /pause':
        if (!this.modern) return give(404, { detail: 'Not Found' });
        this.state = 'paused';
        return give(200, { status: 'paused, no more entries will occur from now.' });
      case 'POST /start':
        this.state = 'running';
        return give(200, { status: 'starting trader ...' });
      case 'POST /stop':
        this.state = 'stopped';
        return give(200, { status: 'stopping trader ...' });
      case 'POST /reload_config':
        this.#reloading = true;
        return give(200, { status: 'Reloading config ...' });
      case 'POST /forceexit':
        return this.#forceExit(body as { tradeid: string }, give);
      case 'GET /locks':
        return give(200, { lock_count: this.locks.length, locks: this.locks });
      case 'POST /locks': {
        if (!this.modern) return give(405, { detail: 'Method Not Allowed' });
        for (const { pair, reason } of body as { pair: string; reason: string }[]) {
          this.locks.push({ id: this.locks.length + 1, pair, reason });
        }
        return give(200, { lock_count: this.locks.length, locks: this.locks });
      }
      default:
        return give(404, { detail: 'Not Found' });
    }
  }

  #forceExit(
    { tradeid }: { tradeid: string },
    give: (status: number, answer: unknown) => undefined,
  ): undefined {
    if (this.state === 'stopped') {
      return give(502, { error: 'Error querying /api/v1/forceexit: trader is not running' });
    }
    const chosen = this.trades.filter(
      ({ trade_id }) => tradeid === 'all' || trade_id === Number(tradeid),
    );
    for (const one of chosen) {
      if (this.vetoed.has(one.trade_id)) continue;
      // Asked twice, an exit is sold twice: nobody here stops it.
      if (one.exit !== 'none') {
        this.sold.set(one.trade_id, (this.sold.get(one.trade_id) ?? 0) + one.amount);
      }
      one.exit = 'pending';
    }
    if (tradeid === 'all') {
      return give(200, { result: 'Created exit orders for all open trades.' });
    }
    if (chosen.length === 0) {
      return give(502, { error: 'Error querying /api/v1/forceexit: invalid argument' });
    }
    return give(200, { result: `Created exit order for trade ${tradeid}.` });
  }

  #trade({ trade_id, pair, is_short, amount, exit, entryOpen }: FakeBotTrade) {
    const order = (side: string, is_open: boolean) => ({
      ...{ order_id: `${trade_id}-${side}`, ft_order_side: side, is_open, amount },
      ...{ filled: is_open ? 0 : amount, safe_price: 100 },
    });
    const orders = [order('buy', entryOpen)];
    if (exit === 'placed') orders.push(order('sell', true));
    return {
      ...{ trade_id, pair, is_short, amount, open_rate: 100, current_rate: 101 },
      ...{ profit_abs: amount, profit_ratio: 0.01, open_date: '2026-01-01 00:00:00' },
      ...{ has_open_orders: entryOpen || exit === 'placed', orders },
    };
  }

  /** Closed trades, the last closed first. */
  #past(query: URLSearchParams) {
    const offset = Number(query.get('offset'));
    const newest = this.closed.toReversed().map((pair) => ({ pair }));
    const trades = newest.slice(offset, offset + Number(query.get('limit')));
    return { trades, trades_count: trades.length, offset, total_trades: this.closed.length };
  }

  #balance() {
    const coin = (currency: string, balance: number, bot_owned: number) => ({
      ...{ currency, balance, free: balance, used: 0, bot_owned },
      est_stake: this.unpriced.has(currency) ? 0 : balance * 100,
      ...{ stake: 'USDT', side: 'long', is_position: false, position: 0 },
    });
    const held = this.trades
      .filter(({ entryOpen }) => !entryOpen)
      .map(({ pair, amount }) => coin(pair.split('/')[0] ?? pair, amount, amount));
    // `bot_owned` is the amount of an open trade: without one it is 0, whatever there is.
    const others = [...this.coins].map(([currency, balance]) => coin(currency, balance, 0));
    const stake = { ...coin('USDT', 1_000, 1_000), est_stake: 1_000 };
    const trade_count = this.trades.length + this.closed.length;
    const currencies = [stake, ...held, ...others];
    return { currencies, total: 1_000, symbol: 'USD', stake: 'USDT', trade_count };
  }
}
