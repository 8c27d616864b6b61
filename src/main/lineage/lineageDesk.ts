import { Worker } from 'node:worker_threads';
import type { TradesOfYear } from '../../node/tradeIndex';
import type { IpcArgs, IpcResult } from '../../shared/ipc/contract';
import type { FromLineage, LineageQuestion, ToLineage } from './messages';

export interface LineageDesk {
  part(args: IpcArgs<'lineage.part'>): Promise<IpcResult<'lineage.part'>>;
  trades(args: IpcArgs<'lineage.trades'>): Promise<IpcResult<'lineage.trades'>>;
  find(args: IpcArgs<'lineage.find'>): Promise<IpcResult<'lineage.find'>>;
  events(args: IpcArgs<'lineage.events'>): Promise<IpcResult<'lineage.events'>>;
  openLineage(producer: string, at: number | null): Promise<string>;
  /** Brings the trades' index up to the log: what events that were deleted said is not in it then. */
  index(): Promise<void>;
  /** The trades of a year in the index, deleted from it thereafter if so asked. */
  tradesOf(year: number, drop: boolean): Promise<TradesOfYear>;
  stop(): void;
}

/** This process's end of the lineage's thread, which is begun by the first question. */
export function createLineageDesk(deps: {
  readonly workerFile: string;
  /** The mirror's file, and that of the index of its trades. */
  readonly mirror: string;
  readonly trades: string;
}): LineageDesk {
  let worker: Worker | null = null;
  let requests = 0;
  const waiting = new Map<
    number,
    { resolve: (answer: unknown) => void; reject: (error: Error) => void }
  >();

  function start(): Worker {
    const { mirror, trades } = deps;
    const own = new Worker(deps.workerFile, { workerData: { mirror, trades } });
    own.on('message', (reply: FromLineage) => {
      const asked = waiting.get(reply.request);
      waiting.delete(reply.request);
      if (reply.ok) asked?.resolve(reply.answer);
      else asked?.reject(new Error(reply.message));
    });
    // The exit that follows is what is acted on; the next question begins it again.
    own.on('error', () => undefined);
    own.on('exit', () => {
      if (worker === own) worker = null;
      for (const { reject } of waiting.values()) reject(new Error('the lineage stopped'));
      waiting.clear();
    });
    return own;
  }

  function ask<Answer>(name: ToLineage['name'], args: unknown): Promise<Answer> {
    worker ??= start();
    const own = worker;
    requests += 1;
    const request = requests;
    return new Promise((resolve, reject) => {
      waiting.set(request, { resolve: resolve as (answer: unknown) => void, reject });
      own.postMessage({ request, name, args } as ToLineage);
    });
  }

  const asking =
    <Name extends LineageQuestion, Answer>(name: Name) =>
    (args: IpcArgs<Name>): Promise<Answer> =>
      ask(name, args);

  return {
    part: asking('lineage.part'),
    trades: asking('lineage.trades'),
    find: asking('lineage.find'),
    events: asking('lineage.events'),
    openLineage: (producer, at) => ask('openlineage', { producer, at }),
    index: () => ask('index', null),
    tradesOf: (year, drop) => ask('year', { year, drop }),
    stop() {
      void worker?.terminate();
    },
  };
}
