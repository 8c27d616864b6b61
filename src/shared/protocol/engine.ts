import { z } from 'zod';
import { metricsSchema, modelHashSchema } from '../models/model';
import {
  modeSchema,
  positionSchema,
  telemetryItemSchema,
  workingOrderSchema,
} from '../telemetry/types';
import { saidFromOutside } from '../words/schema';
import { ERROR_CODES } from './wire';

/**
 * `vigia.engine.v1`: what a gateway and an engine say to each other, JSON text frames over one
 * WebSocket. `docs/engines.md` says it in words.
 */

const id = z.string().min(1).max(128);
/** Made of a command's id, an engine's id and a step, so longer than any of them. */
const opId = z.string().min(1).max(512);
const ts = z.number();

export const itemOutcomeSchema = z.enum(['done', 'rejected', 'skipped', 'unknown']);

/** What became of one thing an operation acts on. `unknown` is an answer of its own, never failure. */
export const opItemSchema = z.object({
  kind: z.enum(['engine', 'order', 'position', 'model']),
  id,
  outcome: itemOutcomeSchema,
  detail: z.string().max(512).optional(),
  instrument: id.optional(),
  quantity: z.number().optional(),
  notional: z.number().nullable().optional(),
  currency: z.string().max(8).optional(),
});
export type OpItem = z.infer<typeof opItemSchema>;

/** A model as an engine has it on its disk, or runs it. */
export const engineModelSchema = z.object({
  model: id,
  version: z.string().min(1).max(64),
  /** SHA-256 of the artifact, computed by this engine from what it has. */
  hash: modelHashSchema,
});
export type EngineModel = z.infer<typeof engineModelSchema>;

const models = {
  /** What it runs now; null for none, or for an engine that cannot say. */
  loaded: engineModelSchema.nullable().default(null),
  /** What it could load. An engine that knows nothing of models leaves both out. */
  available: z.array(engineModelSchema).max(256).default([]),
};

/** What people ticked for the promotion that a load carries out, as far as it holds. */
export const tickedSchema = z.object({
  backtestReviewed: z.boolean(),
  metricsAcceptable: z.boolean(),
  teamNotified: z.boolean(),
});
export type Ticked = z.infer<typeof tickedSchema>;

/** What an engine holds, read from its venue at `asOf` for this very request. */
export const readBackSchema = z.object({
  asOf: ts,
  positions: z.array(positionSchema).max(5_000),
  workingOrders: z.array(workingOrderSchema).max(5_000),
  /** `seq` of the last telemetry item sent before reading: later items are newer news. */
  telemetrySeq: z.int().nonnegative(),
});
export type ReadBack = z.infer<typeof readBackSchema>;

export const environmentSchema = z.enum(['live', 'paper']);
export type Environment = z.infer<typeof environmentSchema>;

/** What an engine does by itself when nobody can be heard: open nothing more, or close all as well. */
export const deadManActionSchema = z.enum(['pause', 'flatten']);
export type DeadManAction = z.infer<typeof deadManActionSchema>;

/** Engines' alerts: of the service behind a bridge, or of the engine's own making. */
export const engineAlertKindSchema = z.enum(['service_silent', 'service_alert']);

/** A mode that somebody gave the engine by another way than its gateway. */
export const outsideChangeSchema = z.object({
  mode: modeSchema,
  /** Who, as the service behind the engine names them; `unknown` where it does not. */
  by: z.string().min(1).max(128),
  reason: z.string().max(1_000).nullable(),
  at: ts,
});
export type OutsideChange = z.infer<typeof outsideChangeSchema>;

/** Faults a paper engine can be told to have, for drills and tests. */
export const faultSchema = z.enum([
  'none',
  'success_but_open',
  'late_fill',
  'reject_cancel',
  'hang',
  'disconnect_mid_flatten',
  'duplicate_answers',
  'reorder_answers',
  'nan_figures',
  'clock_skew',
  'rate_10x',
  'wrong_hash',
  'load_hang',
  'inference_errors',
  'slow_inference',
  'losing_trades',
]);
export type Fault = z.infer<typeof faultSchema>;

/**
 * Operations. Each is idempotent by `opId`: an engine that sees an id again answers with what it
 * did the first time and does nothing.
 *
 * - `block`: stop opening; mode becomes `killed`. - `cancel`: cancel every working order.
 * - `flatten`: close every position with reduce-only orders. - `read_back`: report what is held.
 * - `set_mode`: take a mode. - `load_model`: run that artifact and no other; open nothing until it
 *   runs, then say in `loaded` what does. - `fault`: paper engines only.
 */
export const operationSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('block'), reason: z.string().max(4_100) }),
  z.object({ op: z.literal('cancel') }),
  z.object({ op: z.literal('flatten') }),
  z.object({ op: z.literal('read_back') }),
  z.object({ op: z.literal('set_mode'), mode: modeSchema }),
  z.object({
    op: z.literal('load_model'),
    ...engineModelSchema.shape,
    /** Left out where nobody ticked any, as for a rollback. */
    checklist: tickedSchema.optional(),
  }),
  z.object({ op: z.literal('fault'), fault: faultSchema }),
]);
export type Operation = z.infer<typeof operationSchema>;

const opUpdate = z.object({
  type: z.literal('op.update'),
  opId,
  /** `accepted`: understood and under way. `settled`: the engine will do no more for this id. */
  state: z.enum(['accepted', 'settled']),
  items: z.array(opItemSchema).max(10_000),
  readBack: readBackSchema.optional(),
  /** After `load_model`: what the engine runs now. */
  loaded: engineModelSchema.nullable().optional(),
});

/** Engine → gateway. */
export const engineMessages = {
  register: z.object({
    type: z.literal('register'),
    engine: z.object({
      id,
      name: z.string().min(1).max(128),
      kind: z.string().min(1).max(64),
      environment: environmentSchema,
      instruments: z.array(id).max(256),
      software: z.string().max(128),
    }),
    /** The mode the engine is in as it connects, and why if it paused itself. */
    mode: modeSchema,
    selfPausedAt: ts.nullable(),
    /** A stop that was found as it started and was not of its gateway's making. */
    outside: outsideChangeSchema.nullable().default(null),
    ...models,
    time: ts,
  }),
  /** Its models, again, since they changed: one was added to its disk, or another is running. */
  models: z.object({ type: z.literal('models'), ...models }),
  /** A model's card, in the template's own names. */
  'model.register': z.object({ type: z.literal('model.register'), card: z.unknown() }),
  /** Figures of a model as this engine measured them. */
  'model.report': z.object({
    type: z.literal('model.report'),
    model: id,
    phase: z.enum(['backtest', 'staging']),
    metrics: metricsSchema,
    shadowAgreement: z.number().min(0).max(1).nullable(),
  }),
  'op.update': opUpdate,
  /** The answer to `op.query`; an id never seen may be sent again, safely. */
  'op.status': z.discriminatedUnion('known', [
    z.object({ type: z.literal('op.status'), opId, known: z.literal(false) }),
    opUpdate.extend({ type: z.literal('op.status'), known: z.literal(true) }),
  ]),
  telemetry: z.object({
    type: z.literal('telemetry'),
    items: z.array(telemetryItemSchema).min(1).max(2_000),
  }),
  ping: z.object({ type: z.literal('ping'), time: ts }),
  pong: z.object({ type: z.literal('pong'), time: ts, echo: ts }),
  /** The engine heard nothing from the gateway for its dead-man time and paused itself. */
  'self.paused': z.object({
    type: z.literal('self.paused'),
    at: ts,
    silentMs: z.number(),
    action: deadManActionSchema.default('pause'),
  }),
  /** Its mode was changed, and not by its gateway. */
  'mode.changed': outsideChangeSchema.extend({ type: z.literal('mode.changed') }),
  /** Something people should look at. The same `key` again is the same alert. */
  alert: z.object({
    type: z.literal('alert'),
    key: z.string().min(1).max(64),
    state: z.enum(['raised', 'cleared']),
    severity: z.enum(['P0', 'P1', 'P2', 'P3']),
    kind: engineAlertKindSchema,
    model: id.nullable(),
    detail: z.string().max(1_000),
    /** The detail in phrases, from engines that say it so. */
    said: saidFromOutside,
  }),
} as const;
export type EngineMessage = z.infer<(typeof engineMessages)[keyof typeof engineMessages]>;
/** A message as an engine may write it, with what has a default left out. */
export type EngineMessageInput = z.input<(typeof engineMessages)[keyof typeof engineMessages]>;

/** Gateway → engine. */
export const engineOrders = {
  registered: z.object({
    type: z.literal('registered'),
    gatewayId: id,
    time: ts,
    /** The mode the log says this engine is in: it takes it before anything else. */
    mode: modeSchema,
    /** Silence of the gateway after which the engine pauses itself, in milliseconds. */
    deadManMs: z.int().positive(),
    /** What it does then. */
    deadManAction: deadManActionSchema.default('pause'),
    heartbeatMs: z.int().positive(),
  }),
  op: z.object({
    type: z.literal('op'),
    opId,
    commandId: id,
    operation: operationSchema,
  }),
  'op.query': z.object({ type: z.literal('op.query'), opId }),
  ping: z.object({ type: z.literal('ping'), time: ts }),
  pong: z.object({ type: z.literal('pong'), time: ts, echo: ts }),
  error: z.object({
    type: z.literal('error'),
    code: z.enum(ERROR_CODES),
    message: z.string(),
  }),
} as const;
export type EngineOrder = z.infer<(typeof engineOrders)[keyof typeof engineOrders]>;
