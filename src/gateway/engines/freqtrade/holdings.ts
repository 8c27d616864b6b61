import type { Result } from '../../../shared/result';
import { fail, ok } from '../../../shared/result';
import type { Position, WorkingOrder } from '../../../shared/telemetry/types';
import type { BotBalance, BotHolding, BotTrade } from './api';

export interface Holdings {
  readonly positions: readonly Position[];
  readonly workingOrders: readonly WorkingOrder[];
}

export interface Reading {
  readonly trades: readonly BotTrade[];
  /** What `/count` says is open, or `/profit` where the bot is stopped. */
  readonly count: number;
  readonly balance: BotBalance;
}

export interface HoldingsContext {
  readonly stakeCurrency: string;
  /** Coins that the bot has traded: others in the account are none of its business. */
  readonly coins: ReadonlySet<string>;
  /** Trades for which an exit was asked for and does not show yet. */
  readonly exiting: ReadonlySet<number>;
  /** Value in the stake's currency under which a rest of a coin is dust. */
  readonly dust: number;
}

/**
 * What freqtrade holds, by three of its answers. `/status` is its own database, where an error reads
 * as an empty list: it counts only where another answer agrees, and what the account holds beside it is a
 * position too.
 */
export function holdingsOf(
  { trades, count, balance }: Reading,
  context: HoldingsContext,
): Result<Holdings, 'contradiction'> {
  if (count !== trades.length) {
    const detail = `/status lists ${trades.length} open trades and another answer says ${count}`;
    return fail('contradiction', detail);
  }
  const strays = straysOf(balance, new Set(trades.map(({ pair }) => baseOf(pair))), context);
  const unread = strays.find((entry) => heldOf(entry) === null);
  if (unread) {
    return fail('contradiction', `/balance does not say how much of ${unread.currency} there is`);
  }
  return ok({
    positions: [
      ...trades.filter(hasPosition).map((trade) => positionOf(trade, context.stakeCurrency)),
      ...strays.map((entry) => strayPosition(entry, context.stakeCurrency)),
    ],
    workingOrders: trades.flatMap((trade) => ordersOf(trade, context.exiting)),
  });
}

/** An entry that has not filled at all is an order and no position. */
function hasPosition({ is_short, orders, amount }: BotTrade): boolean {
  if (amount === 0) return false;
  const entrySide = is_short ? 'sell' : 'buy';
  const entries = (orders ?? []).filter(({ ft_order_side }) => ft_order_side === entrySide);
  return entries.length === 0 || entries.some(({ filled }) => filled === null || (filled ?? 1) > 0);
}

function positionOf(trade: BotTrade, stakeCurrency: string): Position {
  const { amount, current_rate: rate } = trade;
  return {
    id: String(trade.trade_id),
    instrument: trade.pair,
    side: trade.is_short ? 'short' : 'long',
    quantity: amount,
    entryPrice: trade.open_rate ?? null,
    markPrice: rate ?? null,
    notional: rate == null ? null : amount * rate,
    currency: stakeCurrency.slice(0, 8),
    unrealizedPnl: trade.profit_abs ?? null,
  };
}

/** Whether an order of the trade that closes it is working. */
export function hasExitOrder({ is_short, orders }: BotTrade): boolean {
  const exitSide = is_short ? 'buy' : 'sell';
  return (orders ?? []).some(({ is_open, ft_order_side }) => is_open && ft_order_side === exitSide);
}

export function hasOpenOrder({ has_open_orders, orders }: BotTrade): boolean {
  return has_open_orders === true || (orders ?? []).some(({ is_open }) => is_open === true);
}

function ordersOf(trade: BotTrade, exiting: ReadonlySet<number>): WorkingOrder[] {
  const exitSide = trade.is_short ? 'buy' : 'sell';
  const open = (trade.orders ?? []).filter(({ is_open }) => is_open === true);
  const orders = open.map(({ order_id, ft_order_side, amount, filled, safe_price }) => ({
    id: order_id,
    instrument: trade.pair,
    side: ft_order_side === 'sell' ? ('sell' as const) : ('buy' as const),
    quantity: Math.abs(amount ?? trade.amount),
    filled: Math.abs(filled ?? 0),
    price: safe_price ?? null,
    purpose: ft_order_side === exitSide ? ('close' as const) : ('open' as const),
  }));
  const unseen = exiting.has(trade.trade_id) && !hasExitOrder(trade);
  const unnamed = trade.has_open_orders === true && orders.length === 0;
  if (!unseen && !unnamed) return orders;
  // Asked for and not seen, or there and not shown: it may be working.
  const order: WorkingOrder = {
    id: `${unseen ? 'exit' : 'order'}:${trade.trade_id}`,
    instrument: trade.pair,
    side: exitSide,
    ...{ quantity: trade.amount, filled: 0, price: null },
    purpose: unseen ? 'close' : 'open',
  };
  return [...orders, order];
}

/** What the account shows and no open trade explains. */
function straysOf(
  { currencies }: BotBalance,
  bases: ReadonlySet<string>,
  { stakeCurrency, coins, dust }: HoldingsContext,
): readonly BotHolding[] {
  return currencies.filter((entry) => {
    const base = baseOf(entry.currency);
    if (bases.has(base) || entry.currency === stakeCurrency || heldOf(entry) === 0) return false;
    return entry.is_position === true || (coins.has(base) && !isDust(entry, dust));
  });
}

/**
 * How much of it there is, null where that cannot be read. Never by `bot_owned`: that is the amount of
 * the coin's open trade, and so 0 for the very coins that no trade explains.
 */
function heldOf({ is_position, position, balance }: BotHolding): number | null {
  const held = is_position ? position : balance;
  return held == null ? null : Math.abs(held);
}

/** A rest too small to be sold. What has no price, or has an order on it, may be worth anything. */
function isDust({ est_stake, used }: BotHolding, dust: number): boolean {
  return est_stake != null && est_stake > 0 && est_stake <= dust && (used ?? 0) === 0;
}

function strayPosition(entry: BotHolding, stakeCurrency: string): Position {
  const { currency, est_stake, side } = entry;
  return {
    id: `balance:${currency}`.slice(0, 128),
    instrument: currency,
    side: side === 'short' ? 'short' : 'long',
    quantity: heldOf(entry) ?? 0,
    ...{ entryPrice: null, markPrice: null, unrealizedPnl: null },
    notional: est_stake ? Math.abs(est_stake) : null,
    currency: stakeCurrency.slice(0, 8),
  };
}

/** `BTC` of `BTC/USDT` and of `BTC/USDT:USDT`. */
export function baseOf(pair: string): string {
  return pair.split(/[/:]/)[0] ?? pair;
}
