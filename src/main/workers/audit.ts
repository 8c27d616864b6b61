import { parentPort } from 'node:worker_threads';
import { CancelledError, Explorer } from '../../node/audit/explorer';
import type { AuditSource } from '../../shared/audit/query';
import type { Answers, FromExplorer, Question, ToExplorer } from '../audit/messages';

/**
 * The explorer's own thread: it reads the mirror's file, keeps the index beside it and answers the
 * audit view. The mirror's thread is not held up by a question, nor this one by what comes in.
 */
const TELL_EVERY_MS = 200;
const port = parentPort;
if (!port) throw new Error('the explorer runs as a worker');
const post = (message: FromExplorer): void => port.postMessage(message);
const breathe = (): Promise<void> => new Promise((breathed) => setImmediate(breathed));

const explorers = new Map<AuditSource, Explorer>();
/** Counts up with each cancellation: a question of before it is no longer wanted. */
const left = new Map<AuditSource, number>();
let working = false;

/** Counts and indexes on while there is something to do, a little at a time. */
async function workOn(): Promise<void> {
  if (working) return;
  working = true;
  let toldAt = 0;
  for (let more = true; more; ) {
    more = false;
    await breathe();
    for (const [source, explorer] of explorers) {
      try {
        const counted = explorer.countOn();
        if (counted && (counted.counted || performance.now() - toldAt >= TELL_EVERY_MS)) {
          toldAt = performance.now();
          post({ type: 'counted', source, ...counted });
        }
        if (explorer.follow() || counted?.counted === false) more = true;
      } catch {
        // A full disk, or a file that was just set aside: tried again with the next news.
      }
    }
  }
  working = false;
}

async function answer(source: AuditSource, question: Question): Promise<Answers[keyof Answers]> {
  const explorer = explorers.get(source);
  if (!explorer) throw new Error('the record is not open');
  switch (question.ask) {
    case 'page': {
      const started = performance.now();
      const mine = left.get(source) ?? 0;
      const page = await explorer.page(question, () => (left.get(source) ?? 0) !== mine);
      return { ...page, tookMs: performance.now() - started };
    }
    case 'values':
      return explorer.values();
    case 'story':
      return explorer.story(question.command);
    case 'past': {
      const ops = await explorer.past(question.at);
      if (ops === null) return null;
      return { seq: ops.seq, ts: ops.ts, ops, positions: explorer.positionsThen(ops) };
    }
  }
}

port.on('message', async (message: ToExplorer) => {
  switch (message.type) {
    case 'open': {
      explorers.get(message.source)?.close();
      explorers.delete(message.source);
      try {
        explorers.set(message.source, new Explorer(message.paths, message.index, breathe));
      } catch {
        // Nothing to be read there yet, or no room for an index: questions are told so.
      }
      return void workOn();
    }
    case 'release':
      explorers.get(message.source)?.close();
      explorers.delete(message.source);
      return;
    case 'cancel':
      left.set(message.source, (left.get(message.source) ?? 0) + 1);
      explorers.get(message.source)?.cancel();
      return;
    case 'grew':
      return void workOn();
    case 'question': {
      const { request, source, question } = message;
      try {
        post({ type: 'answer', request, value: await answer(source, question) });
      } catch (error) {
        const cancelled = error instanceof CancelledError;
        post({ type: 'failed', request, message: (error as Error).message, cancelled });
      }
      return void workOn();
    }
  }
});
