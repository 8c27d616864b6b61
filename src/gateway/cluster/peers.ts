import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { z } from 'zod';
import { type TelemetryItem, telemetryItemSchema } from '../../shared/telemetry/types';
import type { Clock } from '../../shared/time';

/** What gateways say to each other beside the log. None of it is kept: who is not there misses it. */
export interface Peers {
  /** Tells the others what an engine said here. */
  telemetry(engine: string, session: string, items: readonly TelemetryItem[]): void;
  onTelemetry(listener: TelemetryListener): void;
  /** Tells the others of a kill that was given here. */
  kill(what: unknown): void;
  onKill(listener: (what: unknown) => void): void;
  /** Answers a question for all gateways, until the way out is taken. */
  serve(question: string, answer: (asked: unknown) => Promise<unknown>): () => void;
  /** Asks whoever serves a question. @throws when nobody answers in time */
  ask(question: string, what: unknown): Promise<unknown>;
  /** Milliseconds since a gateway was last heard, or since this one listens where it never was. */
  silentMs(node: string): number;
  close(): void;
}

type Callback = (error: Error | null, message: Msg) => void;
type TelemetryListener = (engine: string, session: string, items: readonly TelemetryItem[]) => void;

const BEAT_MS = 500;
const ASK_WITHIN_MS = 2_000;
/** Of one message, in characters of up to three bytes; a server takes a mebibyte. */
const TEXT_MAX = 300_000;

const telemetrySchema = z.object({
  engine: z.string(),
  session: z.string(),
  items: z.array(telemetryItemSchema),
});

/**
 * @param connecting nobody is heard or told before it is there
 * @param options.prefix of the subjects: the name of the desk's stream
 */
export function joinPeers(
  connecting: Promise<NatsConnection>,
  options: { readonly prefix: string; readonly node: string; readonly uptime: Clock },
): Peers {
  const { prefix, node, uptime } = options;
  const since = uptime();
  const heard = new Map<string, number>();
  const listeners: TelemetryListener[] = [];
  const killListeners: ((what: unknown) => void)[] = [];
  let connection: NatsConnection | null = null;
  const closers = new Set<() => void>();
  // Names are people's; a subject's words take neither dots nor spaces.
  const own = Buffer.from(node).toString('hex');

  function subscribe(subject: string, callback: Callback): () => void {
    let subscription: Subscription | null = null;
    let over = false;
    void connecting.then((connected) => {
      if (!over) subscription = connected.subscribe(`${prefix}.${subject}`, { callback });
    });
    const leave = () => {
      over = true;
      closers.delete(leave);
      subscription?.unsubscribe();
    };
    closers.add(leave);
    return leave;
  }

  function hear(subject: string, take: (from: string, text: () => string) => void): void {
    subscribe(`${subject}.*`, (error, message) => {
      if (error) return;
      const from = message.subject.slice(message.subject.lastIndexOf('.') + 1);
      if (from === own) return;
      try {
        take(from, () => message.string());
      } catch (thrown) {
        // Thrown here it would end the connection's reader.
        process.emitWarning(thrown as Error);
      }
    });
  }

  function say(subject: string, text: string): void {
    try {
      connection?.publish(`${prefix}.${subject}`, text);
    } catch {
      // Closed, or longer than the servers take: nothing of it is kept anyway.
    }
  }

  function tellTelemetry(engine: string, session: string, items: readonly TelemetryItem[]): void {
    const text = JSON.stringify({ engine, session, items });
    if (text.length <= TEXT_MAX || items.length === 1) {
      say(`telemetry.${own}`, text);
      return;
    }
    const half = Math.ceil(items.length / 2);
    tellTelemetry(engine, session, items.slice(0, half));
    tellTelemetry(engine, session, items.slice(half));
  }

  hear('alive', (from) => void heard.set(from, uptime()));
  hear('telemetry', (_, text) => {
    const parsed = parse(text(), telemetrySchema);
    if (!parsed) return;
    for (const listener of listeners) listener(parsed.engine, parsed.session, parsed.items);
  });
  hear('kill', (_, text) => {
    const what = parse(text(), z.unknown());
    for (const listener of killListeners) listener(what);
  });
  const beat = () => say(`alive.${own}`, '');
  void connecting.then((connected) => {
    connection = connected;
    beat();
  });
  const beating = setInterval(beat, BEAT_MS);

  return {
    telemetry: tellTelemetry,
    onTelemetry: (listener) => void listeners.push(listener),
    kill: (what) => say(`kill.${own}`, JSON.stringify(what)),
    onKill: (listener) => void killListeners.push(listener),
    serve(question, answer) {
      return subscribe(`ask.${question}`, (error, message) => {
        if (error) return;
        Promise.resolve(parse(message.string(), z.unknown()))
          .then(answer)
          .then((value) => message.respond(JSON.stringify(value ?? null)))
          // The asker waits no longer than it would for nobody.
          .catch(() => undefined);
      });
    },
    async ask(question, what) {
      if (!connection) throw new Error('no server of the replicated log is connected yet');
      const subject = `${prefix}.ask.${question}`;
      const reply = await connection.request(subject, JSON.stringify(what ?? null), {
        timeout: ASK_WITHIN_MS,
      });
      return parse(reply.string(), z.unknown());
    },
    silentMs(other) {
      return uptime() - (heard.get(Buffer.from(other).toString('hex')) ?? since);
    },
    close() {
      clearInterval(beating);
      for (const leave of closers) leave();
    },
  };
}

function parse<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
