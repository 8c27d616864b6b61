import WebSocket from 'ws';
import { z } from 'zod';
import type { Clock } from '../../../shared/time';

const id = z.string().min(1).max(128);
const stamp = z.string().max(64).nullish();
const figure = z.number().nullish().catch(null);

const predictionSchema = z.looseObject({
  type: z.literal('prediction'),
  timestamp: stamp,
  model_id: id,
  signal: z.string().max(32),
  confidence: figure,
  metadata: z.looseObject({ latency_ms: figure }).nullish().catch(null),
});
const tradeSchema = z.looseObject({
  type: z.literal('trade'),
  timestamp: stamp,
  trade_id: z.union([id, z.number()]).transform(String).nullish().catch(null),
  model_id: id.nullish().catch(null),
  side: z.string().max(16).nullish().catch(null),
  status: z.string().max(32).nullish().catch(null),
  quantity: z.number().nonnegative().nullish().catch(null),
  entry_price: figure,
  exit_price: figure,
  pnl: figure,
  entry_time: stamp.catch(null),
  exit_time: stamp.catch(null),
});
const alertSchema = z.looseObject({
  type: z.literal('alert'),
  alert_type: id,
  message: z.string().max(4_000),
  severity: z.enum(['info', 'warning', 'error', 'critical']).catch('error'),
  model_id: id.nullish().catch(null),
});
const messageSchema = z.union([
  predictionSchema,
  tradeSchema,
  alertSchema,
  z.looseObject({ type: z.enum(['connected', 'subscribed', 'pong', 'error']) }),
]);
export type Prediction = z.output<typeof predictionSchema>;
export type StreamTrade = z.output<typeof tradeSchema>;
export type ServiceAlert = z.output<typeof alertSchema>;

const CHANNELS = ['predictions', 'trades', 'alerts'];
const PING_MS = 5_000;
/** Nothing heard for so long, pongs included: the link is dead. */
const SILENT_MS = 15_000;
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 10_000;

/** Listens to the service's predictions, trades and alerts; connects for ever. */
export function createStream(options: {
  /** `ws://host:port` */
  readonly address: string;
  /** A second connection of one id throws the first out, so every one has an id of its own. */
  readonly newClientId: () => string;
  readonly uptime: Clock;
  readonly random: () => number;
  readonly say: (text: string) => void;
  readonly onPrediction: (message: Prediction) => void;
  readonly onTrade: (message: StreamTrade) => void;
  readonly onAlert: (message: ServiceAlert) => void;
  /** Something happened there: what is polled is worth a look now. */
  readonly onNews: () => void;
}): { stop(): void } {
  const { uptime } = options;
  let socket: WebSocket | null = null;
  let heardAt: number | null = null;
  let openedAt = 0;
  let failures = 0;
  let malformed = 0;
  let stopped = false;
  let retry: NodeJS.Timeout | null = null;
  const beat = setInterval(ping, PING_MS);

  function connect(): void {
    const client = encodeURIComponent(options.newClientId());
    const url = `${options.address}/api/v1/ws/predictions?client_id=${client}`;
    const opening = new WebSocket(url, { handshakeTimeout: 5_000, maxPayload: 1_048_576 });
    socket = opening;
    openedAt = uptime();
    opening.on('open', () => {
      failures = 0;
      openedAt = uptime();
      opening.send(JSON.stringify({ type: 'subscribe', channels: CHANNELS }));
    });
    opening.on('message', (data, binary) => hear(binary ? '' : String(data)));
    opening.on('error', (error) => options.say(`service’s socket: ${error.message}`));
    opening.on('close', () => {
      if (socket !== opening) return;
      socket = null;
      if (stopped) return;
      failures += 1;
      const ceiling = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** failures);
      retry = setTimeout(connect, RETRY_MS / 2 + options.random() * ceiling);
      options.onNews();
    });
  }

  function hear(text: string): void {
    heardAt = uptime();
    const message = read(text);
    if (!message) {
      malformed += 1;
      if (malformed === 1 || malformed % 1_000 === 0) {
        options.say(`${malformed} messages of the service that are none`);
      }
      return;
    }
    switch (message.type) {
      case 'prediction':
        options.onPrediction(message as Prediction);
        return;
      case 'trade':
        options.onTrade(message as StreamTrade);
        options.onNews();
        return;
      case 'alert':
        options.onAlert(message as ServiceAlert);
        options.onNews();
        return;
      default:
        return;
    }
  }

  function ping(): void {
    if (!socket) return;
    const since = Math.max(heardAt ?? 0, openedAt);
    if (uptime() - since >= SILENT_MS) socket.terminate();
    else if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
  }

  connect();
  return {
    stop() {
      stopped = true;
      clearInterval(beat);
      if (retry) clearTimeout(retry);
      socket?.terminate();
    },
  };
}

function read(text: string): z.output<typeof messageSchema> | null {
  try {
    const parsed = messageSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** An ISO time as Unix ms; one without a zone is UTC, as the service writes them. */
export function timeOf(stamp: string | null | undefined): number | null {
  if (!stamp) return null;
  const zoned = /([zZ]|[+-]\d{2}:?\d{2})$/.test(stamp) ? stamp : `${stamp}Z`;
  const time = Date.parse(zoned);
  return Number.isFinite(time) ? time : null;
}
