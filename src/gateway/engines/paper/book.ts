import { tradingDay } from '../../../shared/time';

/** An order on the book. `close` orders are reduce-only. */
export interface Order {
  readonly id: string;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly purpose: 'open' | 'close';
}

/** A round trip that ended. `pnl` in the base currency (USD). */
export interface ClosedTrade {
  readonly side: 'long' | 'short';
  readonly quantity: number;
  readonly entryPrice: number;
  readonly exitPrice: number;
  readonly pnl: number;
  readonly openedAt: number;
  readonly closedAt: number;
}

export interface Fill {
  /** Signed: what the position changed by; 0 when a reduce-only order had nothing to reduce. */
  readonly quantity: number;
  readonly trade: ClosedTrade | null;
}

/** The account of one instrument. Position is signed, in units of the base currency. */
export interface Book {
  readonly position: number;
  readonly entryPrice: number;
  readonly openedAt: number;
  readonly orders: readonly Order[];
  readonly realized: number;
  readonly startEquity: number;
  readonly day: string;
  readonly dayStartEquity: number;
  readonly dayPeakEquity: number;
  readonly dayRealized: number;
}

export function newBook(startEquity: number): Book {
  return {
    position: 0,
    entryPrice: 0,
    openedAt: 0,
    orders: [],
    realized: 0,
    startEquity,
    day: '',
    dayStartEquity: startEquity,
    dayPeakEquity: startEquity,
    dayRealized: 0,
  };
}

/** PnL in USD of `quantity` USD (signed) bought at `entry` and worth `price` pesos each. */
export function profit(quantity: number, entry: number, price: number): number {
  return quantity === 0 ? 0 : (quantity * (price - entry)) / price;
}

export function equity(book: Book, price: number): number {
  return book.startEquity + book.realized + profit(book.position, book.entryPrice, price);
}

export function place(book: Book, order: Order): Book {
  return { ...book, orders: [...book.orders, order] };
}

export function cancel(book: Book, id: string): Book {
  return { ...book, orders: book.orders.filter((order) => order.id !== id) };
}

/**
 * Fills an order whole at `price`. A closing order never does more than close: what is beyond the
 * position, or on the wrong side of it, is not filled.
 */
export function fill(
  book: Book,
  id: string,
  price: number,
  at: number,
): { book: Book; fill: Fill } {
  const order = book.orders.find((one) => one.id === id);
  if (!order) return { book, fill: { quantity: 0, trade: null } };
  const wanted = order.side === 'buy' ? order.quantity : -order.quantity;
  const opposes = book.position !== 0 && Math.sign(wanted) !== Math.sign(book.position);
  const room = opposes ? Math.min(Math.abs(wanted), Math.abs(book.position)) : 0;
  const quantity = order.purpose === 'close' ? Math.sign(wanted) * room : wanted;
  const without = cancel(book, id);
  if (quantity === 0) return { book: without, fill: { quantity: 0, trade: null } };
  const { next, trade } = applyFill(without, quantity, price, at);
  return { book: next, fill: { quantity, trade } };
}

function applyFill(book: Book, quantity: number, price: number, at: number) {
  const { position, entryPrice } = book;
  const closing =
    position !== 0 && Math.sign(quantity) !== Math.sign(position)
      ? Math.min(Math.abs(quantity), Math.abs(position)) * Math.sign(position)
      : 0;
  const pnl = profit(closing, entryPrice, price);
  const trade: ClosedTrade | null =
    closing === 0
      ? null
      : {
          side: closing > 0 ? 'long' : 'short',
          quantity: Math.abs(closing),
          entryPrice,
          exitPrice: price,
          pnl,
          openedAt: book.openedAt,
          closedAt: at,
        };
  const after = position + quantity;
  const grown = position !== 0 && closing === 0;
  const flipped = closing !== 0 && Math.sign(after) === -Math.sign(position);
  const kept = closing !== 0 && !flipped;
  const averaged = (position * entryPrice + quantity * price) / (after || 1);
  const next: Book = {
    ...book,
    position: after,
    entryPrice: after === 0 ? 0 : grown ? averaged : kept ? entryPrice : price,
    openedAt: position === 0 || flipped ? at : book.openedAt,
    realized: book.realized + pnl,
    dayRealized: book.dayRealized + pnl,
  };
  return { next, trade };
}

/** Marks the book at a price: starts a new trading day where one begins, and raises the day's peak. */
export function mark(book: Book, price: number, at: number): Book {
  const now = equity(book, price);
  const day = tradingDay(at);
  if (day === book.day) return { ...book, dayPeakEquity: Math.max(book.dayPeakEquity, now) };
  return { ...book, day, dayStartEquity: now, dayPeakEquity: now, dayRealized: 0 };
}
