import { Worker } from 'node:worker_threads';
import type { Execution } from '../../shared/incidents/executions';
import type { Evaluation } from '../../shared/monitor/health';
import { sameWatch, type Watch } from '../../shared/monitor/watch';
import type { EngineFigures, LinkState } from '../../shared/view/desk';
import type { Occasion } from '../monitor/watcher';
import type {
  EquitySeries,
  FromTelemetry,
  TelemetryTarget,
  ToTelemetry,
} from './telemetryMessages';

const RESTART_MS = 1_000;
const CLOSE_TIMEOUT_MS = 2_000;

export interface Telemetry {
  /** Null ends the connection: nobody is signed in. */
  connect(target: TelemetryTarget | null): void;
  link(): LinkState;
  figures(): Readonly<Record<string, EngineFigures>>;
  series(): Promise<EquitySeries[]>;
  /** Watches the live model's samples; the same watch again changes nothing. */
  watch(next: Watch): void;
  /** Stores the window of the latest check. @returns its digest, null when it is not kept. */
  keepWindow(): Promise<string | null>;
  /** Resolves once the thread has ended. */
  stop(): Promise<void>;
}

/** This process's end of the telemetry thread; begins it again if it dies. */
export function createTelemetry(deps: {
  readonly workerFile: string;
  /** Where the monitor's rows and windows are kept. */
  readonly folder: string;
  readonly changed: () => void;
  readonly onExecuted: (executions: readonly Execution[]) => void;
  readonly onEvaluated: (evaluation: Evaluation, occasion: Occasion) => void;
}): Telemetry {
  let target: TelemetryTarget | null = null;
  let link: LinkState = 'connecting';
  let figures: Readonly<Record<string, EngineFigures>> = {};
  let stopped: (() => void) | null = null;
  let requests = 0;
  let watched: Watch | null = null;
  const keeping = new Map<number, (digest: string | null) => void>();
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
      if (message.type === 'evaluated') {
        deps.onEvaluated(message.evaluation, message.occasion);
        return;
      }
      if (message.type === 'kept') {
        keeping.get(message.request)?.(message.digest);
        keeping.delete(message.request);
        return;
      }
      ({ link, figures } = message);
      if (message.executed.length > 0) deps.onExecuted(message.executed);
      deps.changed();
    });
    // The exit that follows is what is acted on.
    own.on('error', () => undefined);
    own.on('exit', () => {
      link = 'down';
      for (const resolve of waiting.values()) resolve([]);
      waiting.clear();
      for (const resolve of keeping.values()) resolve(null);
      keeping.clear();
      if (stopped) return stopped();
      deps.changed();
      setTimeout(() => {
        if (stopped) return;
        worker = start();
        if (target) post({ type: 'connect', target });
        if (watched) post({ type: 'watch', watch: watched, folder: deps.folder });
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
    watch(next) {
      if (watched && sameWatch(watched, next)) return;
      watched = next;
      post({ type: 'watch', watch: next, folder: deps.folder });
    },
    keepWindow() {
      requests += 1;
      const request = requests;
      return new Promise((resolve) => {
        keeping.set(request, resolve);
        post({ type: 'keep', request });
      });
    },
    stop: () =>
      new Promise((resolve) => {
        stopped = resolve;
        post({ type: 'close' });
        setTimeout(() => void worker.terminate().then(() => resolve()), CLOSE_TIMEOUT_MS);
      }),
  };
}
