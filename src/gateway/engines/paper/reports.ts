import type { Position, WorkingOrder } from '../../../shared/telemetry/types';
import type { Item } from '../client/reporter';
import { type Book, equity, type Order, profit } from './book';

/** What is held at `price`. @param broken figures come as none, as from a client that has NaN. */
export function positionsOf(
  book: Book,
  instrument: string,
  price: number,
  broken: boolean,
): Position[] {
  if (book.position === 0) return [];
  return [
    {
      id: instrument,
      instrument,
      side: book.position > 0 ? 'long' : 'short',
      quantity: Math.abs(book.position),
      entryPrice: book.entryPrice,
      markPrice: broken ? null : price,
      notional: broken ? null : Math.abs(book.position),
      currency: 'USD',
      unrealizedPnl: broken ? null : profit(book.position, book.entryPrice, price),
    },
  ];
}

export function workingOrdersOf(book: Book, instrument: string): WorkingOrder[] {
  return book.orders.map((order) => ({ ...order, instrument, filled: 0, price: null }));
}

export function equityOf(book: Book, price: number, broken: boolean): Item {
  return {
    kind: 'equity',
    currency: 'USD',
    equity: broken ? null : equity(book, price),
    dayStartEquity: book.dayStartEquity,
    dayPeakEquity: book.dayPeakEquity,
    realizedPnlToday: book.dayRealized,
    unrealizedPnl: broken ? null : profit(book.position, book.entryPrice, price),
  };
}

export function orderOf(
  order: Order,
  instrument: string,
  status: 'working' | 'filled' | 'cancelled',
  filled: number,
  price: number,
): Item {
  const { id: orderId, side, quantity, purpose } = order;
  const at = status === 'filled' ? price : null;
  return { kind: 'order', orderId, instrument, status, side, quantity, purpose, filled, price: at };
}
