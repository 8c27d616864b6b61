import { Counter, Gauge, Registry } from 'prom-client';
import type { GatewayLog } from './log';

export type SocketKind = 'control' | 'telemetry' | 'engine';

/** What the gateway counts of itself, in Prometheus' form. */
export interface GatewayMetrics {
  connections(kind: SocketKind, change: 1 | -1): void;
  subscriptions(change: 1 | -1): void;
  refused(kind: SocketKind | 'http', cause: string): void;
  frame(kind: SocketKind): void;
  /** Telemetry items that went out to one reader, and those that were left out for it. */
  telemetry(sent: number, dropped: number): void;
  answered(stage: string): void;
  loopLag(ms: number): void;
  /** Asked when the metrics are read: the longest queue of each kind of socket, bytes. */
  readQueues(read: () => Readonly<Record<SocketKind, number>>): void;
  text(): Promise<string>;
}

export function createGatewayMetrics(log: GatewayLog): GatewayMetrics {
  const registers = [new Registry()];
  let queues: () => Readonly<Record<SocketKind, number>> = () => ({
    control: 0,
    telemetry: 0,
    engine: 0,
  });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read());
      },
    });
  };
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name, help, registers, labelNames });

  gauge('vigia_log_head_seq', 'Sequence of the last durable event.', () => log.savedHead().seq);
  gauge(
    'vigia_log_unsaved_events',
    'Events the store could not take yet.',
    () => log.health().unsavedEvents,
  );
  gauge('vigia_killed', '1 while the desk is killed.', () =>
    log.state().desk.mode === 'killed' ? 1 : 0,
  );
  gauge(
    'vigia_engines_connected',
    'Engines connected now.',
    () => Object.values(log.state().engines).filter((engine) => engine.connected).length,
  );
  gauge('process_resident_memory_bytes', 'Memory of the gateway.', () => process.memoryUsage.rss());
  const connections = new Gauge({
    ...{ name: 'vigia_connections', help: 'Sockets open now.', registers },
    labelNames: ['kind'],
  });
  const subscriptions = new Gauge({
    ...{ name: 'vigia_subscriptions', help: 'Terminals that follow the log now.', registers },
  });
  new Gauge({
    name: 'vigia_queue_bytes',
    help: 'The longest queue of a socket that does not read.',
    ...{ registers, labelNames: ['kind'] },
    collect() {
      for (const [kind, bytes] of Object.entries(queues())) this.set({ kind }, bytes);
    },
  });
  const lag = new Gauge({
    name: 'vigia_loop_lag_ms',
    help: 'How late the last beat of 100 ms was.',
    registers,
  });
  const refused = counter('vigia_refused_total', 'What a limit kept out.', ['kind', 'cause']);
  const frames = counter('vigia_frames_total', 'Frames that came in.', ['kind']);
  const sent = counter('vigia_telemetry_items_total', 'Telemetry items sent, over all readers.');
  const dropped = counter(
    'vigia_telemetry_dropped_total',
    'Telemetry items left out, over all readers; each reader is told.',
  );
  const answers = counter('vigia_command_answers_total', 'Answers given to terminals.', ['stage']);
  for (const kind of ['control', 'telemetry', 'engine']) connections.set({ kind }, 0);

  return {
    connections: (kind, change) => connections.inc({ kind }, change),
    subscriptions: (change) => subscriptions.inc(change),
    refused: (kind, cause) => refused.inc({ kind, cause }),
    frame: (kind) => frames.inc({ kind }),
    telemetry(out, left) {
      sent.inc(out);
      dropped.inc(left);
    },
    answered: (stage) => answers.inc({ stage }),
    loopLag: (ms) => lag.set(ms),
    readQueues(read) {
      queues = read;
    },
    text: () => registers[0]?.metrics() ?? Promise.resolve(''),
  };
}
