import WebSocket from 'ws';
import { z } from 'zod';
import type { Result } from '../../../shared/result';
import type { Clock } from '../../../shared/time';

const messageSchema = z.looseObject({ type: z.string().min(1).max(64), data: z.unknown() });
export type BotMessage = z.output<typeof messageSchema>;

/** All known to every version: one unknown name would drop the whole list. */
const TOPICS = [
  'status',
  'warning',
  'entry',
  'entry_fill',
  'entry_cancel',
  'exit',
  'exit_fill',
  'exit_cancel',
  'protection_trigger',
  'protection_trigger_global',
  'startup',
];
/** Nothing is acknowledged; a request that gets an answer shows that the socket lives. */
const ALIVE_MS = 10_000;
const SILENT_MS = 30_000;
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 15_000;

/** Listens to freqtrade's messages; connects for ever, each time with a fresh token. */
export function createBotStream(options: {
  /** `ws://host:port` */
  readonly address: string;
  readonly token: () => Promise<Result<string>>;
  readonly uptime: Clock;
  readonly random: () => number;
  readonly say: (text: string) => void;
  readonly onMessage: (message: BotMessage) => void;
}): { stop(): void } {
  const { uptime } = options;
  let socket: WebSocket | null = null;
  let heardAt = uptime();
  let failures = 0;
  let stopped = false;
  let retry: NodeJS.Timeout | null = null;
  const beat = setInterval(() => {
    if (!socket || socket.readyState !== WebSocket.OPEN) return;
    if (uptime() - heardAt >= SILENT_MS) socket.terminate();
    else socket.send('{"type":"whitelist","data":null}');
  }, ALIVE_MS);

  async function connect(): Promise<void> {
    const token = await options.token();
    if (stopped) return;
    if (!token.ok) {
      again();
      return;
    }
    const url = `${options.address}/api/v1/message/ws?token=${encodeURIComponent(token.value)}`;
    const opening = new WebSocket(url, { handshakeTimeout: 5_000, maxPayload: 1_048_576 });
    socket = opening;
    opening.on('open', () => {
      heardAt = uptime();
      opening.send(JSON.stringify({ type: 'subscribe', data: TOPICS }));
    });
    opening.on('message', (data, binary) => {
      heardAt = uptime();
      const message = read(binary ? '' : String(data));
      if (!message) return;
      failures = 0;
      if (message.type !== 'whitelist') options.onMessage(message);
    });
    // Its address carries the token, so the error's own words stay here.
    opening.on('error', () => options.say('freqtrade’s socket failed'));
    opening.on('close', () => {
      if (socket !== opening) return;
      socket = null;
      again();
    });
  }

  function again(): void {
    if (stopped) return;
    failures += 1;
    const ceiling = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** failures);
    retry = setTimeout(() => void connect(), RETRY_MS / 2 + options.random() * ceiling);
  }

  void connect();
  return {
    stop() {
      stopped = true;
      clearInterval(beat);
      if (retry) clearTimeout(retry);
      socket?.terminate();
    },
  };
}

function read(text: string): BotMessage | null {
  try {
    const parsed = messageSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
