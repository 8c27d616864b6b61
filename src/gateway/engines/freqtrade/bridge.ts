import { strictest } from '../../../shared/ops/mode';
import type { Operation, OpItem } from '../../../shared/protocol/engine';
import type { Result } from '../../../shared/result';
import { fail, ok } from '../../../shared/result';
import type { Clock } from '../../../shared/time';
import { VERSION } from '../../../shared/version';
import { detailOf, phrase } from '../../../shared/words/phrase';
import { createAlertDesk } from '../client/alerts';
import type { EngineLink, LinkedEngine } from '../client/link';
import { createOperations, type Outcome } from '../client/operations';
import { createReporter } from '../client/reporter';
import type { BotTrade, FreqtradeApi } from './api';
import { baseOf, type Holdings, hasExitOrder, hasOpenOrder, holdingsOf } from './holdings';
import type { BotMessage } from './stream';
import { createBotSwitch } from './switch';

export interface FreqtradeBridgeDeps {
  readonly id: string;
  readonly name: string;
  readonly api: FreqtradeApi;
  readonly link: EngineLink;
  readonly owner: string;
  /** A process before this one may have asked for exits. */
  readonly former: boolean;
  readonly dust: number;
  readonly now: Clock;
  readonly uptime: Clock;
  readonly after: (ms: number) => Promise<void>;
  readonly say: (text: string) => void;
}

export interface FreqtradeBridge {
  readonly engine: LinkedEngine;
  /** Whether the bot has ever said its state. */
  known(): boolean;
  /** Looks at state and holdings; about every 2 s and on any news. */
  look(): Promise<void>;
  hear(message: BotMessage): void;
  /** Leaves the service paused where it would go on by itself. */
  leave(): Promise<void>;
  stop(): void;
}

/** An exit asked for shows after the bot's loop, every 5 s or so; until then it is not asked again. */
const EXIT_SHOWS_MS = 12_000;
/** What a former process asked for has shown by then. */
const FORMER_MS = 7_000;
const SILENT_MS = 6_000;

/** freqtrade as an engine: entries stopped, orders cancelled, each trade exited, all of it read back. */
export function createFreqtradeBridge(deps: FreqtradeBridgeDeps): FreqtradeBridge {
  const { api, link, uptime } = deps;
  const reporter = createReporter(link.telemetry, deps.now);
  const operations = createOperations(link.send);
  const alerts = createAlertDesk(link.send, uptime);
  /** When an exit of a trade was last asked for, by `uptime`. */
  const exits = new Map<number, number>();
  const coins = new Set<string>();
  /** For how many closed trades `coins` is whole; null before it ever was. */
  let learned: number | null = null;
  /** Why the last reading was none. */
  let unread: string | null = null;
  let looking = false;
  let cleanReads = 0;
  const formerUntil = deps.former ? uptime() + FORMER_MS : 0;

  const control = createBotSwitch({
    ...{ api, owner: deps.owner, now: deps.now, say: deps.say, after: deps.after },
    onOutside: (change) => link.send({ type: 'mode.changed', ...change }),
  });

  async function read(): Promise<Result<Holdings, string>> {
    const [trades, count, balance] = await Promise.all([
      api.status(),
      api.openCount(),
      api.balance(),
    ]);
    if (!trades.ok) return trades;
    if (!count.ok) return count;
    if (!balance.ok) return balance;
    for (const { pair } of trades.value) coins.add(baseOf(pair));
    // Coins that nobody knows to be the bot's would be taken for another's.
    const ever = balance.value.trade_count ?? null;
    const all = await learnCoins(ever === null ? null : ever - count.value);
    if (!all.ok) return all;
    const reading = {
      ...{ trades: trades.value, count: count.value, balance: balance.value },
    };
    return holdingsOf(reading, {
      ...{ coins, dust: deps.dust, exiting: exiting(trades.value) },
      stakeCurrency: control.config()?.stake_currency ?? '',
    });
  }

  /** Learns the coins of the trades that are over, anew whenever there are other than it knows. */
  async function learnCoins(closed: number | null): Promise<Result<null, string>> {
    if (closed !== null && learned === closed) return ok(null);
    const past = await api.pastPairs(learned ?? 0);
    if (!past.ok) return fail(past.error.code, `its past trades: ${past.error.message}`);
    for (const pair of past.value.pairs) coins.add(baseOf(pair));
    learned = past.value.closed;
    return ok(null);
  }

  /** Exits that may be on their way; those that had their time are forgotten. */
  function exiting(trades: readonly BotTrade[]): ReadonlySet<number> {
    const open = new Set(trades.map(({ trade_id }) => trade_id));
    for (const [trade, at] of exits) {
      if (!open.has(trade) || uptime() - at >= EXIT_SHOWS_MS) exits.delete(trade);
    }
    return new Set(exits.keys());
  }

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      await control.look();
      const held = await read();
      // What contradicts itself is no figure; what was reported grows old on the screen.
      const problem = held.ok ? null : held.error.message;
      if (problem !== null && problem !== unread)
        deps.say(`what it holds is not known: ${problem}`);
      unread = problem;
      if (held.ok) {
        const { positions, workingOrders } = held.value;
        reporter.report({
          ...{ kind: 'positions', positions: [...positions] },
          workingOrders: [...workingOrders],
        });
        await reportEquity(held.value);
      }
    } finally {
      looking = false;
    }
    const answeredAt = api.answeredAt();
    if (answeredAt !== null && uptime() - answeredAt >= SILENT_MS) {
      const said = phrase('the service has not answered for {seconds} s or more', {
        seconds: Math.floor(SILENT_MS / 1_000),
      });
      const about = { severity: 'P1', kind: 'service_silent', model: null } as const;
      alerts.raise('silent', { ...about, ...detailOf([said]) });
    } else {
      alerts.clear('silent', 'the service answers again');
    }
  }

  async function reportEquity({ positions }: Holdings): Promise<void> {
    const balance = await api.balance();
    if (!balance.ok) return;
    const open = positions.map(({ unrealizedPnl }) => unrealizedPnl);
    const known = open.every((pnl) => pnl !== null);
    reporter.report({
      kind: 'equity',
      currency: (control.config()?.stake_currency ?? '').slice(0, 8),
      equity: balance.value.total ?? null,
      ...{ dayStartEquity: null, dayPeakEquity: null, realizedPnlToday: null },
      unrealizedPnl: known ? open.reduce<number>((sum, pnl) => sum + (pnl ?? 0), 0) : null,
    });
  }

  async function readBack(): Promise<Outcome> {
    const telemetrySeq = reporter.seq;
    const asOf = deps.now();
    const held = await read();
    if (!held.ok) {
      cleanReads = 0;
      return { items: [engineItem('unknown', held.error.message)] };
    }
    const positions = [...held.value.positions];
    const workingOrders = [...held.value.workingOrders];
    cleanReads = positions.length + workingOrders.length === 0 ? cleanReads + 1 : 0;
    // Read empty twice: the locks are the last step, and no proof of anything.
    if (cleanReads >= 2) void control.lock();
    return { items: [], readBack: { asOf, positions, workingOrders, telemetrySeq } };
  }

  /** Trades with an open order; null where that is not known, as where a list is empty for an error. */
  async function withOrders(): Promise<ReadonlySet<number> | null> {
    const trades = await api.status();
    if (!trades.ok) return null;
    if (trades.value.length === 0) {
      const count = await api.openCount();
      if (!count.ok || count.value > 0) return null;
    }
    return new Set(trades.value.filter(hasOpenOrder).map(tradeId));
  }

  async function cancel(): Promise<Outcome> {
    const before = await api.status();
    if (!before.ok) return { items: [engineItem('unknown', before.error.message)] };
    const open = before.value.filter(hasOpenOrder);
    const refused = new Map<number, string>();
    for (const { trade_id } of open) {
      const answer = await api.cancelOrder(trade_id);
      if (!answer.ok) refused.set(trade_id, answer.error.message);
    }
    const left = open.length === 0 ? null : await withOrders();
    return {
      items: open.map(({ trade_id, pair }): OpItem => {
        const gone = left !== null && !left.has(trade_id);
        const detail = refused.get(trade_id);
        const outcome = gone ? 'done' : detail === undefined ? 'unknown' : 'rejected';
        const item = { kind: 'order', id: `order:${trade_id}`, outcome, instrument: pair } as const;
        return detail === undefined ? item : { ...item, detail: detail.slice(0, 512) };
      }),
    };
  }

  async function flatten(): Promise<Outcome> {
    if (control.config()?.state === 'stopped') {
      // A stopped bot exits nothing. Paused it does, and takes no entries; older ones cannot be.
      await api.pause();
      await control.look();
    }
    const trades = await api.status();
    if (!trades.ok) return { items: [engineItem('unknown', trades.error.message)] };
    const asked = exiting(trades.value);
    const items: OpItem[] = [];
    for (const trade of trades.value) items.push(await exit(trade, asked));
    return { items };
  }

  /** One trade at a time: what `all` answers says nothing of any of them. */
  async function exit(trade: BotTrade, asked: ReadonlySet<number>): Promise<OpItem> {
    const { trade_id, pair, amount } = trade;
    const item = (outcome: OpItem['outcome'], detail: string): OpItem => ({
      ...{ kind: 'position', id: String(trade_id), instrument: pair, quantity: amount },
      ...{ outcome, detail: detail.slice(0, 512) },
    });
    if (hasExitOrder(trade)) return item('unknown', 'an exit order is working already');
    if (asked.has(trade_id)) return item('unknown', 'asked for already, and not seen yet');
    if (uptime() < formerUntil) return item('unknown', 'a former process may have asked for it');
    exits.set(trade_id, uptime());
    const answer = await api.forceExit(trade_id);
    if (answer.ok) return item('unknown', 'asked for; the read-back tells');
    // An error of the bot's own is a no; without an answer it may have been taken.
    if (answer.error.code !== 'http') return item('unknown', answer.error.message);
    exits.delete(trade_id);
    return item('rejected', answer.error.message);
  }

  function operate(opId: string, operation: Operation): void {
    switch (operation.op) {
      case 'block':
        operations.run(opId, async () => ({ items: [await control.block()] }));
        return;
      case 'set_mode':
        cleanReads = 0;
        operations.run(opId, async () => ({ items: [await control.setMode(operation.mode)] }));
        return;
      case 'cancel':
        operations.run(opId, cancel);
        return;
      case 'flatten':
        operations.run(opId, flatten);
        return;
      case 'read_back':
        operations.read(opId, readBack);
        return;
      case 'load_model':
      case 'fault':
        operations.run(opId, async () => ({
          items: [engineItem('rejected', 'freqtrade runs the strategy it was started with')],
        }));
    }
  }

  return {
    engine: {
      get mode() {
        return control.mode() ?? 'paused';
      },
      now: deps.now,
      register() {
        const config = control.config();
        return {
          engine: {
            ...{ id: deps.id, name: deps.name, kind: 'freqtrade' },
            environment: config?.dry_run === true ? 'paper' : 'live',
            instruments: config?.exchange ? [config.exchange.slice(0, 128)] : [],
            software: `freqtrade ${config?.version ?? '?'}, bridge ${VERSION}`.slice(0, 128),
          },
          outside: control.standing(),
        };
      },
      setMode: control.ensure,
      beginSession() {
        reporter.beginSession();
        alerts.beginSession();
        reporter.report({ kind: 'status', mode: control.mode() ?? 'paused' });
        void look();
      },
      operate,
      query: (opId) => operations.query(opId),
      cards: () => [],
      deadMan(action) {
        const stricter = strictest(control.wanted(), 'paused');
        void control.setMode(stricter).then(async () => {
          if (action === 'pause') return;
          await cancel();
          await flatten();
        });
      },
    },
    known: () => control.config() !== null,
    look,
    hear(message) {
      if (message.type === 'exit_fill') {
        const trade = tradeOf(message.data, deps.now());
        if (trade) {
          const currency = (control.config()?.stake_currency ?? '').slice(0, 8);
          const model = control.config()?.strategy?.slice(0, 128) || 'strategy';
          reporter.report({ kind: 'trade', ...trade, currency, model }, trade.closedAt);
        }
      }
      if (message.type === 'warning' || message.type.startsWith('protection_trigger')) {
        const said = typeof message.data === 'string' ? message.data : JSON.stringify(message.data);
        const detail = `${message.type}: ${said}`.slice(0, 1_000);
        const severity = message.type === 'warning' ? 'P3' : 'P2';
        alerts.pass(message.type.slice(0, 48), {
          ...{ severity, kind: 'service_alert', model: null, detail },
        });
      }
      void look();
    },
    async leave() {
      if (control.mode() === 'normal') await control.setMode('paused');
    },
    stop: alerts.stop,
  };
}

function tradeOf(data: unknown, now: number) {
  if (typeof data !== 'object' || data === null) return null;
  const fields = data as Record<string, unknown>;
  const number = (value: unknown) =>
    typeof value === 'number' && Number.isFinite(value) ? value : null;
  const time = (value: unknown) => {
    const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
    return Number.isFinite(at) ? at : null;
  };
  const { trade_id: tradeId, pair } = fields;
  if (!Number.isInteger(tradeId) || typeof pair !== 'string' || pair === '') return null;
  const closedAt = time(fields.close_date) ?? now;
  return {
    tradeId: String(tradeId),
    instrument: pair.slice(0, 128),
    side: fields.direction === 'Short' ? ('short' as const) : ('long' as const),
    quantity: Math.abs(number(fields.amount) ?? 0),
    entryPrice: number(fields.open_rate),
    exitPrice: number(fields.close_rate),
    pnl: number(fields.profit_amount),
    openedAt: time(fields.open_date) ?? closedAt,
    closedAt,
  };
}

const tradeId = ({ trade_id }: BotTrade): number => trade_id;

function engineItem(outcome: OpItem['outcome'], detail: string): OpItem {
  return { kind: 'engine', id: 'engine', outcome, detail: detail.slice(0, 512) };
}
