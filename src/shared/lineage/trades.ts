import { z } from 'zod';
import type { ClosedTrade } from '../telemetry/types';

/** Closed trades as a terminal keeps them, and their sums by model and day. */

export interface TradeRow extends ClosedTrade {
  readonly engine: string;
  /** The event of the log that said it. */
  readonly seq: number;
}

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
  /** Events that said them; one that says several currencies of a day is counted at the first alone. */
  readonly events: number;
}

/** Engine, id and time of closing: an engine's ids may begin again, so the time is part of it. */
const keySchema = z.tuple([z.string(), z.string(), z.number()]);
export type TradeKey = z.infer<typeof keySchema>;

const PREFIX = 'trade:';

/** The node of a trade. */
export const tradeNode = ({ engine, tradeId, closedAt }: TradeRow): string =>
  PREFIX + JSON.stringify([engine, tradeId, closedAt]);

/** The trade of a node; null for a node of another kind. */
export function tradeOf(node: string): TradeKey | null {
  if (!node.startsWith(PREFIX)) return null;
  try {
    return keySchema.parse(JSON.parse(node.slice(PREFIX.length)));
  } catch {
    return null;
  }
}
