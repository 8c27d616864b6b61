import { z } from 'zod';

/** A figure an engine reports; `null` means it has none (NaN, not computed), which is never zero. */
const figure = z.number().nullable();
const text = z.string().max(512);
const id = z.string().min(1).max(128);
/** The last instant that a calendar has, in ms; the first is as far before 1970. */
const INSTANT_MAX = 8_640_000_000_000_000;
/** Unix time in milliseconds by the engine's own clock. */
const ts = z.number().min(-INSTANT_MAX).max(INSTANT_MAX);

export const positionSchema = z.object({
  id,
  instrument: id,
  side: z.enum(['long', 'short']),
  /** In units of the base currency or contracts; above zero. */
  quantity: z.number().nonnegative(),
  entryPrice: figure,
  markPrice: figure,
  /** Absolute value at the mark, in `currency`. */
  notional: figure,
  currency: z.string().max(8),
  unrealizedPnl: figure,
});
export type Position = z.infer<typeof positionSchema>;

export const workingOrderSchema = z.object({
  id,
  instrument: id,
  side: z.enum(['buy', 'sell']),
  quantity: z.number().nonnegative(),
  filled: z.number().nonnegative(),
  price: figure,
  /** `close` reduces a position and cannot open one. */
  purpose: z.enum(['open', 'close']),
});
export type WorkingOrder = z.infer<typeof workingOrderSchema>;

/** Modes an engine can be in; see `ops/mode.ts` for what each allows. */
export const modeSchema = z.enum(['normal', 'reducing', 'paused', 'killed']);
export type Mode = z.infer<typeof modeSchema>;

/** A trade that was closed, as its engine says it. */
export const closedTradeSchema = z.object({
  tradeId: id,
  model: id,
  instrument: id,
  side: z.enum(['long', 'short']),
  quantity: z.number().nonnegative(),
  entryPrice: figure,
  exitPrice: figure,
  /** Net of costs, in `currency`; null where the engine did not say. */
  pnl: figure,
  currency: z.string().max(8),
  openedAt: ts,
  closedAt: ts,
});
export type ClosedTrade = z.infer<typeof closedTradeSchema>;

/**
 * One telemetry item of an engine. `seq` counts 1, 2, 3 … per engine session, so that a gap is seen.
 */
export const telemetryItemSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('inference'),
    seq: z.int().positive(),
    ts,
    model: id,
    ok: z.boolean(),
    latencyMs: figure,
    error: text.optional(),
    /** What the model was given, in its card's `feature_order`; null for a figure that was missing. */
    features: z.array(figure).max(2_000).optional(),
  }),
  z.object({
    kind: z.literal('trade'),
    seq: z.int().positive(),
    ts,
    ...closedTradeSchema.shape,
  }),
  z.object({
    kind: z.literal('order'),
    seq: z.int().positive(),
    ts,
    orderId: id,
    instrument: id,
    side: z.enum(['buy', 'sell']),
    quantity: z.number().nonnegative(),
    filled: z.number().nonnegative(),
    price: figure,
    status: z.enum(['working', 'filled', 'cancelled', 'rejected']),
    purpose: z.enum(['open', 'close']),
    reason: text.optional(),
  }),
  z.object({
    kind: z.literal('positions'),
    seq: z.int().positive(),
    ts,
    positions: z.array(positionSchema).max(5_000),
    workingOrders: z.array(workingOrderSchema).max(5_000),
  }),
  z.object({
    kind: z.literal('equity'),
    seq: z.int().positive(),
    ts,
    currency: z.string().max(8),
    equity: figure,
    /** Equity at the start of the trading day and the day's peak, both with unrealised PnL. */
    dayStartEquity: figure,
    dayPeakEquity: figure,
    realizedPnlToday: figure,
    unrealizedPnl: figure,
  }),
  z.object({
    kind: z.literal('bar'),
    seq: z.int().positive(),
    ts,
    instrument: id,
    open: figure,
    high: figure,
    low: figure,
    close: figure,
  }),
  z.object({ kind: z.literal('status'), seq: z.int().positive(), ts, mode: modeSchema }),
]);
export type TelemetryItem = z.infer<typeof telemetryItemSchema>;
