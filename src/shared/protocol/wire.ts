/** WebSocket subprotocols. */
export const TERMINAL_SUBPROTOCOL = 'vigia.v1';
export const ENGINE_SUBPROTOCOL = 'vigia.engine.v1';

/** Paths of the gateway's sockets. */
export const PATHS = {
  control: '/v1/control',
  telemetry: '/v1/telemetry',
  engine: '/v1/engine',
} as const;

/** The largest frame either side accepts, in bytes. */
export const MAX_FRAME_BYTES = 1_048_576;

/** Events in one `events` frame at most. */
export const MAX_EVENTS_PER_FRAME = 256;

/** Close codes of our own (RFC 6455 §7.4.2 leaves 4000–4999 to applications). */
export const CLOSE = {
  /** The peer asked for it, or the program ends. */
  goingAway: 1001,
  badFrame: 4400,
  unauthenticated: 4401,
  forbidden: 4403,
  /** No `hello`/`register` in time, or heard nothing for too long. */
  timeout: 4408,
  /** A newer session of the same engine or terminal replaced this one. */
  replaced: 4409,
  /** The subscriber's hash is not in this log: its mirror belongs to another history. */
  diverged: 4410,
  tooLarge: 4413,
  /** The peer does not read; its backlog went past the limit. */
  slowConsumer: 4429,
  internal: 4500,
} as const;

/** Codes of `error` frames. The first group keeps the connection, the second is followed by a close. */
export const ERROR_CODES = [
  'not_json',
  'bad_shape',
  'unknown_type',
  'wrong_order',
  'too_large',
  'rate',
  'unauthenticated',
  'forbidden',
  'diverged',
  'slow_consumer',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];
