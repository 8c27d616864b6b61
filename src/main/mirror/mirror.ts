import { Worker } from 'node:worker_threads';
import { CollectError, type Collected } from '../../node/reports/collect';
import type { LogEvent } from '../../shared/log/event';
import type { Deletion } from '../../shared/retention/retention';
import type { FromMirror, MirrorStatus, ReportRequest, ToMirror } from './messages';

const CLOSE_TIMEOUT_MS = 2_000;
const RESTART_MS = 1_000;

export interface Mirror {
  append(events: readonly LogEvent[]): void;
  /** Keeps the gateway's signature over the log, once it was checked against what is held. */
  checkpoint(note: string): void;
  /** Events that no disk has taken yet, oldest first. */
  held(): Promise<readonly LogEvent[]>;
  /** Works a report out in the mirror's thread. @throws {CollectError} */
  report(
    query: ReportRequest,
    signal: AbortSignal,
    onProgress: (done: number, of: number) => void,
  ): Promise<Collected>;
  quarantine(cause: string): void;
  /** Deletes the archive of a year. @returns what kept it from being deleted; null when it is gone */
  drop(deletion: Deletion): Promise<string | null>;
  status(): MirrorStatus;
  close(): Promise<void>;
}

/** This process's end of the mirror's thread; begins it again if it dies. */
export function createMirror(deps: {
  readonly workerFile: string;
  readonly path: string;
  readonly onOpened: (opened: Extract<FromMirror, { type: 'opened' }>) => void;
  readonly onStatus: (status: MirrorStatus, was: MirrorStatus) => void;
  /** The gateway has signed another history. */
  readonly onBadCheckpoint: (cause: string) => void;
}): Mirror {
  let status: MirrorStatus = {
    state: 'opening',
    seq: 0,
    verifiedSeq: 0,
    unsaved: 0,
    problem: null,
    quarantinedTo: null,
  };
  let closing: (() => void) | null = null;
  let requests = 0;
  /** Between a start or a quarantine and its `opened`, events are of a history that is gone. */
  let ready = false;
  const waiting = new Map<
    number,
    { resolve: (events: readonly LogEvent[]) => void; reject: (error: Error) => void }
  >();
  const reports = new Map<
    number,
    {
      resolve: (collected: Collected) => void;
      reject: (error: Error) => void;
      onProgress: (done: number, of: number) => void;
    }
  >();
  const dropping = new Map<number, (problem: string | null) => void>();
  let worker = start();

  function start(): Worker {
    ready = false;
    const own = new Worker(deps.workerFile, { workerData: { path: deps.path } });
    own.on('message', (message: FromMirror) => hear(message));
    own.on('error', (error) => {
      status = { ...status, state: 'broken', problem: error.message };
    });
    own.on('exit', () => {
      for (const { reject } of waiting.values()) reject(new Error('the mirror stopped'));
      waiting.clear();
      for (const { reject } of reports.values()) reject(new Error('the mirror stopped'));
      reports.clear();
      for (const done of dropping.values()) done('the mirror stopped');
      dropping.clear();
      if (closing) return closing();
      tell({ ...status, state: 'broken', problem: status.problem ?? 'the mirror stopped' });
      setTimeout(() => {
        if (!closing) worker = start();
      }, RESTART_MS);
    });
    return own;
  }

  function tell(next: MirrorStatus): void {
    const was = status;
    status = next;
    deps.onStatus(next, was);
  }

  function hear(message: FromMirror): void {
    switch (message.type) {
      case 'opened':
        ready = true;
        deps.onOpened(message);
        return;
      case 'checkpoint.bad':
        deps.onBadCheckpoint(message.cause);
        return;
      case 'status':
        tell(message.status);
        return;
      case 'held':
        waiting.get(message.request)?.resolve(message.events);
        return void waiting.delete(message.request);
      case 'report.progress':
        reports.get(message.request)?.onProgress(message.done, message.of);
        return;
      case 'report':
        reports.get(message.request)?.resolve(message.collected);
        return void reports.delete(message.request);
      case 'report.failed': {
        const { request, code, message: text } = message;
        const error = code === 'failed' ? new Error(text) : new CollectError(code, text);
        reports.get(request)?.reject(error);
        return void reports.delete(request);
      }
      case 'dropped':
        dropping.get(message.request)?.(message.problem);
        return void dropping.delete(message.request);
      case 'closed':
        closing?.();
        return;
    }
  }

  const post = (message: ToMirror): void => worker.postMessage(message);

  return {
    append(events) {
      if (ready) post({ type: 'append', events });
    },
    checkpoint(note) {
      if (ready) post({ type: 'checkpoint', note });
    },
    held() {
      requests += 1;
      const request = requests;
      return new Promise((resolve, reject) => {
        waiting.set(request, { resolve, reject });
        post({ type: 'held', request });
      });
    },
    report(query, signal, onProgress) {
      requests += 1;
      const request = requests;
      const cancel = (): void => post({ type: 'report.cancel', request });
      signal.addEventListener('abort', cancel, { once: true });
      return new Promise<Collected>((resolve, reject) => {
        reports.set(request, { resolve, reject, onProgress });
        post({ type: 'report', request, query });
        if (signal.aborted) cancel();
      }).finally(() => signal.removeEventListener('abort', cancel));
    },
    quarantine(cause) {
      ready = false;
      post({ type: 'quarantine', cause });
    },
    drop(deletion) {
      requests += 1;
      const request = requests;
      return new Promise((resolve) => {
        dropping.set(request, resolve);
        post({ type: 'drop', request, deletion });
      });
    },
    status: () => status,
    close: () =>
      new Promise((resolve) => {
        closing = resolve;
        post({ type: 'close' });
        setTimeout(resolve, CLOSE_TIMEOUT_MS);
      }),
  };
}
