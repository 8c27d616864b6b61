import { z } from 'zod';

/** Closed trades as a terminal keeps them, and their sums by model and day. */

const figure = z.number().nullable();

export const tradeRowSchema = z.object({
  engine: z.string(),
  tradeId: z.string(),
  model: z.string(),
  instrument: z.string(),
  side: z.enum(['long', 'short']),
  quantity: z.number(),
  entryPrice: figure,
  exitPrice: figure,
  /** Net of costs, in `currency`; null where the engine did not say. */
  pnl: figure,
  currency: z.string(),
  openedAt: z.number(),
  closedAt: z.number(),
});
export type TradeRow = z.infer<typeof tradeRowSchema>;

/** One engine's trades of a model on a trading day, in one currency. */
export interface TradeSum {
  readonly model: string;
  /** `YYYY-MM-DD` in COT, by the time of closing. */
  readonly day: string;
  readonly engine: string;
  readonly currency: string;
  readonly count: number;
  /** Sum of the PnL that is known. */
  readonly pnl: number;
  /** Trades whose PnL is not known. */
  readonly unknown: number;
  readonly firstOpenedAt: number;
  readonly lastClosedAt: number;
}

/** The key of a trade in its group; an engine's ids may begin again, so the time is part of it. */
export const tradeNode = ({ engine, tradeId, closedAt }: TradeRow): string =>
  `trade:${JSON.stringify([engine, tradeId, closedAt])}`;
