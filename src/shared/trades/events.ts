import { z } from 'zod';
import { closedTradeSchema } from '../telemetry/types';

/**
 * Trades that one event holds at most: so few that each one's id is among the words by which an event
 * is found, and each one's model among its marks, however long they are.
 */
export const TRADES_MAX = 25;

export const tradeEventData = {
  /** Trades that an engine has closed, as it said them by telemetry; the actor is the engine. */
  'trades.closed': z.object({
    engine: z.string().min(1).max(128),
    trades: z.array(closedTradeSchema).min(1).max(TRADES_MAX),
    /** Trades heard of the engine since its event before this one that found no room to wait in. */
    missed: z.int().nonnegative(),
  }),
} as const;
