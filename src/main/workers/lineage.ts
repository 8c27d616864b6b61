import { parentPort, workerData } from 'node:worker_threads';
import { sha256 } from '../../node/sha256';
import { createLineageCore } from '../lineage/core';
import type { FromLineage, ToLineage } from '../lineage/messages';

/** The lineage's own thread: a large graph is read and put together beside everything else. */
const port = parentPort;
if (!port) throw new Error('the lineage runs as a worker');
const paths = workerData as { mirror: string; trades: string };
const core = createLineageCore({ ...paths, sha256 });

function answer(question: ToLineage): unknown {
  switch (question.name) {
    case 'lineage.part':
      return core.part(question.args.known, question.args.part, question.args.at);
    case 'lineage.trades':
      return core.trades(question.args.model, question.args.day);
    case 'lineage.find':
      return core.find(question.args.trade);
    case 'lineage.events':
      return core.events(question.args.id, question.args.at);
    case 'openlineage':
      return core.openLineage(question.args.producer, question.args.at);
  }
}

port.on('message', (question: ToLineage) => {
  const { request } = question;
  let reply: FromLineage;
  try {
    reply = { request, ok: true, answer: answer(question) };
  } catch (error) {
    reply = { request, ok: false, message: (error as Error).message };
  }
  port.postMessage(reply);
});
