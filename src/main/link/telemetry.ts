import { Worker } from 'node:worker_threads';
import type { TradeStore } from '../../node/tradeStore';
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
  TradesHealth,
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
  /** The trades of a year, deleted thereafter if so asked; null where they cannot be read or deleted. */
  tradesOf(year: number, drop: boolean): Promise<ReturnType<TradeStore['year']> | null>;
  /** How the closed trades' file fares. */
  trades(): TradesHealth;
  /** Resolves once what came is on disk, or soon after where it cannot be. */
  stop(): Promise<void>;
}

/** This process's end of the telemetry thread; begins it again if it dies. */
export function createTelemetry(deps: {
  readonly workerFile: string;
  /** Where the monitor's rows and windows are kept. */
  readonly folder: string;
  /** Where closed trades are kept. */
  readonly trades: string;
  readonly changed: () => void;
  readonly onExecuted: (executions: readonly Execution[]) => void;
  readonly onEvaluated: (evaluation: Evaluation, occasion: Occasion) => void;
}): Telemetry {
  let target: TelemetryTarget | null = null;
  let link: LinkState = 'connecting';
  let figures: Readonly<Record<string, EngineFigures>> = {};
  let stopped: (() => void) | null = null;
  let trades: TradesHealth = { waiting: 0, lost: 0, problem: null };
  let requests = 0;
  let watched: Watch | null = null;
  const keeping = new Map<number, (digest: string | null) => void>();
  const waiting = new Map<number, (series: EquitySeries[]) => void>();
  const years = new Map<number, (trades: ReturnType<TradeStore['year']> | null) => void>();
  let worker = start();

  function start(): Worker {
    const own = new Worker(deps.workerFile, { workerData: { trades: deps.trades } });
    own.on('message', (message: FromTelemetry) => {
      if (message.type === 'series') {
        waiting.get(message.request)?.(message.series);
        waiting.delete(message.request);
        return;
      }
      if (message.type === 'year') {
        years.get(message.request)?.(message.trades);
        years.delete(message.request);
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
      ({ link, figures, trades } = message);
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
      for (const resolve of years.values()) resolve(null);
      years.clear();
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
    trades: () => trades,
    series() {
      requests += 1;
      const request = requests;
      return new Promise((resolve) => {
        waiting.set(request, resolve);
        post({ type: 'series', request });
      });
    },
    tradesOf(year, drop) {
      requests += 1;
      const request = requests;
      return new Promise((resolve) => {
        years.set(request, resolve);
        post({ type: 'year', request, year, drop });
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
