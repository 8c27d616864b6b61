import { Worker } from 'node:worker_threads';
import type { AuditPage, AuditSource } from '../../shared/audit/query';
import type { LogEvent } from '../../shared/log/event';
import type { Answers, FromExplorer, Question, ToExplorer } from './messages';

const RESTART_MS = 1_000;
/** Until then a start has the machine to itself; a question does not wait for it. */
const REST_MS = 15_000;

/** Thrown for a question that was called off or replaced by another. */
export class QuestionLeftError extends Error {
  override readonly name = 'QuestionLeftError';
}

export interface ExplorerClient {
  open(source: AuditSource, paths: readonly string[], index: string): void;
  /** Lets go of the files. */
  release(source: AuditSource): void;
  /** @throws {QuestionLeftError} */
  ask<Ask extends Question['ask']>(
    source: AuditSource,
    question: Extract<Question, { ask: Ask }>,
  ): Promise<Answers[Ask]>;
  cancel(source: AuditSource): void;
  grew(): void;
  stop(): void;
}

/** This process's end of the explorer's thread; begins it again if it dies. */
export function createExplorer(deps: {
  readonly workerFile: string;
  readonly onCounted: (counted: Extract<FromExplorer, { type: 'counted' }>) => void;
}): ExplorerClient {
  const open = new Map<AuditSource, Extract<ToExplorer, { type: 'open' }>>();
  const waiting = new Map<
    number,
    { resolve: (value: never) => void; reject: (error: Error) => void }
  >();
  let requests = 0;
  let stopped = false;
  let worker: Worker | null = null;
  let rest: NodeJS.Timeout | null = null;

  function start(): Worker {
    const own = new Worker(deps.workerFile);
    own.on('message', hear);
    // The exit that follows says all there is to do.
    own.on('error', () => undefined);
    own.on('exit', () => {
      for (const { reject } of waiting.values()) reject(new Error('the explorer stopped'));
      waiting.clear();
      worker = null;
      if (stopped) return;
      setTimeout(() => {
        if (stopped) return;
        begin();
      }, RESTART_MS);
    });
    return own;
  }

  function hear(message: FromExplorer): void {
    if (message.type === 'counted') {
      deps.onCounted(message);
      return;
    }
    const own = waiting.get(message.request);
    waiting.delete(message.request);
    if (message.type === 'answer') own?.resolve(message.value as never);
    else own?.reject(new (message.cancelled ? QuestionLeftError : Error)(message.message));
  }

  /** The thread, begun where there is none yet, with what is open. */
  function begin(): Worker {
    if (rest) clearTimeout(rest);
    rest = null;
    if (worker) return worker;
    worker = start();
    for (const message of open.values()) worker.postMessage(message);
    return worker;
  }

  /** Tells the thread, if there is one: what begins later is told all it needs. */
  const post = (message: ToExplorer): void => worker?.postMessage(message);

  return {
    open(source, paths, index) {
      const message = { type: 'open', source, paths, index } as const;
      open.set(source, message);
      if (worker) post(message);
      else rest ??= setTimeout(begin, REST_MS);
    },
    release(source) {
      open.delete(source);
      post({ type: 'release', source });
    },
    ask(source, question) {
      requests += 1;
      const request = requests;
      return new Promise((resolve, reject) => {
        waiting.set(request, { resolve, reject });
        begin().postMessage({ type: 'question', request, source, question } satisfies ToExplorer);
      });
    },
    cancel: (source) => post({ type: 'cancel', source }),
    grew: () => post({ type: 'grew' }),
    stop() {
      stopped = true;
      if (rest) clearTimeout(rest);
      void worker?.terminate();
    },
  };
}

/** A page with the events before it that no disk has taken yet. @param ahead newest first */
export function withHeld(
  page: AuditPage,
  ahead: readonly LogEvent[],
  offset: number,
  limit: number,
): AuditPage {
  if (ahead.length === 0) return page;
  const events = [...ahead.slice(offset, offset + limit), ...page.events].slice(0, limit);
  // The schema's events are mutable by type; nobody changes them.
  return { ...page, total: page.total + ahead.length, events: events as AuditPage['events'] };
}
