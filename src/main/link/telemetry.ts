import { Worker } from 'node:worker_threads';
import type { EngineFigures, LinkState } from '../../shared/view/desk';
import type {
  EquitySeries,
  FromTelemetry,
  TelemetryTarget,
  ToTelemetry,
} from './telemetryMessages';

const RESTART_MS = 1_000;

export interface Telemetry {
  connect(target: TelemetryTarget): void;
  link(): LinkState;
  figures(): Readonly<Record<string, EngineFigures>>;
  series(): Promise<EquitySeries[]>;
  stop(): void;
}

/** This process's end of the telemetry thread; begins it again if it dies. */
export function createTelemetry(deps: {
  readonly workerFile: string;
  readonly changed: () => void;
}): Telemetry {
  let target: TelemetryTarget | null = null;
  let link: LinkState = 'connecting';
  let figures: Readonly<Record<string, EngineFigures>> = {};
  let stopped = false;
  let requests = 0;
  const waiting = new Map<number, (series: EquitySeries[]) => void>();
  let worker = start();

  function start(): Worker {
    const own = new Worker(deps.workerFile);
    own.on('message', (message: FromTelemetry) => {
      if (message.type === 'series') {
        waiting.get(message.request)?.(message.series);
        waiting.delete(message.request);
        return;
      }
      ({ link, figures } = message);
      deps.changed();
    });
    // The exit that follows is what is acted on.
    own.on('error', () => undefined);
    own.on('exit', () => {
      link = 'down';
      for (const resolve of waiting.values()) resolve([]);
      waiting.clear();
      if (stopped) return;
      deps.changed();
      setTimeout(() => {
        if (stopped) return;
        worker = start();
        if (target) post({ type: 'connect', target });
      }, RESTART_MS);
    });
    return own;
  }

  const post = (message: ToTelemetry): void => worker.postMessage(message);

  return {
    connect(next) {
      target = next;
      post({ type: 'connect', target: next });
    },
    link: () => link,
    figures: () => figures,
    series() {
      requests += 1;
      const request = requests;
      return new Promise((resolve) => {
        waiting.set(request, resolve);
        post({ type: 'series', request });
      });
    },
    stop() {
      stopped = true;
      void worker.terminate();
    },
  };
}
