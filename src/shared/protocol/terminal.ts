import { z } from 'zod';
import { hashSchema, logEventSchema } from '../log/event';
import { windowFrameSchema } from '../monitor/refill';
import { telemetryItemSchema } from '../telemetry/types';
import { saidSchema } from '../words/schema';
import { commandSchema } from './commands';
import { environmentSchema, opItemSchema } from './engine';
import { ERROR_CODES, MAX_EVENTS_PER_FRAME } from './wire';

/**
 * `vigia.v1`: what a terminal and a gateway say to each other on the control socket and on the
 * telemetry socket. `docs/protocol.md` shows an example of each message.
 */

const id = z.string().min(1).max(128);
const ts = z.number();

export const roleSchema = z.enum([
  'viewer',
  'trader',
  'trading-lead',
  'model-owner',
  'engineering-lead',
  'cto',
  'on-call',
]);
export type Role = z.infer<typeof roleSchema>;

const hello = z.object({
  type: z.literal('hello'),
  terminal: z.object({ id, name: z.string().min(1).max(128), version: z.string().max(64) }),
  time: ts,
});
const ping = z.object({ type: z.literal('ping'), time: ts });
const pong = z.object({ type: z.literal('pong'), time: ts, echo: ts });
const error = z.object({
  type: z.literal('error'),
  code: z.enum(ERROR_CODES),
  message: z.string(),
});
/** The peer reads too slowly; `backlogBytes` wait for it. */
const slow = z.object({ type: z.literal('slow'), backlogBytes: z.number() });

const welcome = z.object({
  type: z.literal('welcome'),
  gatewayId: id,
  /** Names this history: a log that was started anew has another. */
  epoch: id,
  head: z.object({ seq: z.int().nonnegative(), hash: hashSchema }),
  time: ts,
  operator: z.object({
    id,
    name: z.string(),
    roles: z.array(roleSchema),
    /** When its token ends; null for one that does not. */
    tokenExpiresAt: ts.nullable().default(null),
  }),
  environment: environmentSchema,
  deskName: z.string(),
  policyVersion: z.string(),
  /** Ed25519 public key of the checkpoints, base64 of its 32 bytes. */
  publicKey: z.string(),
  heartbeatMs: z.int().positive(),
});
export type Welcome = z.infer<typeof welcome>;

/** Terminal → gateway, control socket. */
export const controlRequests = {
  hello,
  /** Replay from `fromSeq` and go on live; `fromHash` is the hash of the event before it. */
  subscribe: z.object({
    type: z.literal('subscribe'),
    epoch: id.nullable(),
    fromSeq: z.int().positive(),
    fromHash: hashSchema,
  }),
  command: commandSchema,
  /** Asks to act as the desk's monitor, renews that with its token, or gives it back. */
  lease: z.object({
    type: z.literal('lease'),
    token: z.int().positive().nullable(),
    release: z.boolean().default(false),
  }),
  /** What became of a command? Never changes anything. */
  query: z.object({ type: z.literal('query'), id: z.uuid() }),
  ping,
  pong,
} as const;
export type ControlRequest = z.infer<(typeof controlRequests)[keyof typeof controlRequests]>;

export const REJECTION_CODES = [
  'forbidden',
  'bad_params',
  'wrong_confirmation',
  'reason_required',
  'not_halted',
  'unknown_engine',
  'unknown_request',
  'same_person',
  'expired',
  'superseded',
  'id_reused',
  'not_for_live',
  'bad_card',
  'bad_policy',
  'unknown_model',
  'wrong_stage',
  'unknown_incident',
  'unknown_alert',
  'unknown_step',
  'gates_failed',
  'not_eligible',
  'own_request',
  'own_model',
  'approved_already',
  'no_capacity',
  'fenced',
  'too_soon',
  'bad_channel',
  'unknown_channel',
  'unknown_bridge',
  'unavailable',
] as const;
export type RejectionCode = (typeof REJECTION_CODES)[number];

/**
 * The stages of a command's answer. `done` and `rejected` are final; a command of which the gateway
 * knows nothing gets `unknown`, and may be sent again with the same id.
 */
export const answerSchema = z.discriminatedUnion('stage', [
  z.object({ type: z.literal('answer'), id: z.string(), stage: z.literal('received') }),
  z.object({
    type: z.literal('answer'),
    id: z.string(),
    stage: z.literal('accepted'),
    /** The event that recorded it; null while the log cannot store it (`unsaved`). */
    seq: z.int().positive().nullable(),
    unsaved: z.boolean(),
  }),
  z.object({
    type: z.literal('answer'),
    id: z.string(),
    stage: z.literal('effected'),
    engine: id,
    step: z.string(),
    items: z.array(opItemSchema),
    at: ts,
  }),
  z.object({
    type: z.literal('answer'),
    id: z.string(),
    stage: z.literal('done'),
    summary: z.string(),
  }),
  z.object({
    type: z.literal('answer'),
    id: z.string(),
    stage: z.literal('rejected'),
    code: z.enum(REJECTION_CODES),
    /** In English; `said` is the same for whoever reads another language. */
    message: z.string(),
    said: saidSchema,
  }),
  z.object({ type: z.literal('answer'), id: z.string(), stage: z.literal('unknown') }),
]);
export type Answer = z.infer<typeof answerSchema>;

/** Gateway → terminal, control socket. */
export const controlReplies = {
  welcome,
  events: z.object({
    type: z.literal('events'),
    events: z.array(logEventSchema).min(1).max(MAX_EVENTS_PER_FRAME),
  }),
  /** The replay reached the head; what follows is live. */
  replayed: z.object({ type: z.literal('replayed'), seq: z.int().nonnegative() }),
  /** A C2SP signed note over the log's head. */
  checkpoint: z.object({ type: z.literal('checkpoint'), note: z.string().max(4_096) }),
  answer: answerSchema,
  /** Who acts as the monitor; `token` is given to the holder alone. */
  lease: z.object({
    type: z.literal('lease'),
    holder: id.nullable(),
    token: z.int().positive().nullable(),
    expiresInMs: z.number().nonnegative(),
  }),
  /** Facts about the gateway that are not events: how many events wait for its disk. */
  health: z.object({
    type: z.literal('health'),
    unsavedEvents: z.int().nonnegative(),
    storeError: z.string().nullable(),
  }),
  slow,
  error,
  ping,
  pong,
} as const;
export type ControlReply = z.infer<(typeof controlReplies)[keyof typeof controlReplies]>;

/** Terminal → gateway, telemetry socket. */
export const telemetryRequests = {
  hello,
  /** Asks for the live model's window as the gateway has it, to be filled in with. */
  window: z.object({ type: z.literal('window') }),
  ping,
  pong,
} as const;

/** Gateway → terminal, telemetry socket. */
export const telemetryReplies = {
  welcome,
  telemetry: z.object({
    type: z.literal('telemetry'),
    /** One entry an engine; `session` changes when its numbering starts again. */
    batches: z.array(
      z.object({ engine: id, session: id, items: z.array(telemetryItemSchema).min(1) }),
    ),
  }),
  /** The live model's window, in parts; what was sent before it is in it, what comes after is not. */
  window: windowFrameSchema,
  /** Items left out for this slow reader, so that a gap is known for what it is. */
  conflated: z.object({
    type: z.literal('conflated'),
    engine: id,
    dropped: z.int().positive(),
    throughSeq: z.int().positive(),
  }),
  slow,
  error,
  ping,
  pong,
} as const;
export type TelemetryReply = z.infer<(typeof telemetryReplies)[keyof typeof telemetryReplies]>;
