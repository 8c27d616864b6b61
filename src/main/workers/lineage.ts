import { parentPort, workerData } from 'node:worker_threads';
import { sha256 } from '../../node/sha256';
import { createLineageCore } from '../lineage/core';
import type { FromLineage, ToLineage } from '../lineage/messages';

/** The lineage's own thread: a large graph is read and put together beside everything else. */
const port = parentPort;
if (!port) throw new Error('the lineage runs as a worker');
const paths = workerData as { mirror: string; trades: string };
const core = createLineageCore({ ...paths, sha256 });
let indexing = false;

function answer(question: ToLineage): unknown {
  switch (question.name) {
    case 'lineage.part':
      return core.part(question.args.known, question.args.part, question.args.at);
    case 'lineage.trades':
      return core.trades(question.args.model, question.args.day, question.args.at);
    case 'lineage.find':
      return core.find(question.args.trade, question.args.at);
    case 'lineage.events':
      return core.events(question.args.id, question.args.at);
    case 'openlineage':
      return core.openLineage(question.args.producer, question.args.at);
    case 'index':
      return core.indexAll();
    case 'year':
      return core.year(question.args.year, question.args.drop);
  }
}

/** Goes on with the index between questions: each is answered by what has been read until then. */
async function goOn(): Promise<void> {
  if (indexing) return;
  indexing = true;
  // What keeps it from going on the next part of the graph says.
  await core.indexAll().catch(() => undefined);
  indexing = false;
}

port.on('message', async (question: ToLineage) => {
  const { request } = question;
  let reply: FromLineage;
  try {
    reply = { request, ok: true, answer: await answer(question) };
  } catch (error) {
    reply = { request, ok: false, message: (error as Error).message };
  }
  port.postMessage(reply);
  void goOn();
});
