import { setImmediate as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { CollectError } from '../../node/reports/collect';
import { sha256 } from '../../node/sha256';
import type { Deletion } from '../../shared/retention/retention';
import { MirrorCore } from '../mirror/core';
import type { FromMirror, ReportRequest, ToMirror } from '../mirror/messages';

/** The audit mirror's own thread: SQLite never holds up the hotkey, the windows or the link. */
const RETRY_MS = 1_000;
/** Written at once when so many wait; fewer are written when no more messages do. */
const FLUSH_AT = 4_096;
const port = parentPort;
if (!port) throw new Error('the mirror runs as a worker');
const post = (message: FromMirror): void => port.postMessage(message);

const core = new MirrorCore({
  path: (workerData as { path: string }).path,
  sha256,
  clock: Date.now,
  onStatus: (status) => post({ type: 'status', status }),
  onBadCheckpoint: (cause) => post({ type: 'checkpoint.bad', cause }),
});

post({ type: 'opened', ...(await core.open()) });

const retry = setInterval(() => {
  if (core.hasPending()) core.flush();
}, RETRY_MS);

const reports = new Map<number, AbortController>();

/** What comes in while a report is worked out is taken and written between its pages. */
async function report(request: number, query: ReportRequest): Promise<void> {
  const cancel = new AbortController();
  reports.set(request, cancel);
  try {
    const collected = await core.report(query, () => pause(), {
      signal: cancel.signal,
      onProgress: (done, of) => post({ type: 'report.progress', request, done, of }),
    });
    post({ type: 'report', request, collected });
  } catch (error) {
    const code = error instanceof CollectError ? error.code : 'failed';
    post({ type: 'report.failed', request, code, message: (error as Error).message });
  } finally {
    reports.delete(request);
  }
}

/** What kept an archive from being deleted; null when it is. */
function drop(deletion: Deletion): string | null {
  try {
    core.drop(deletion);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

let flushing = false;

/** Frames that came together are written together. */
function flushSoon(waiting: number): void {
  if (waiting >= FLUSH_AT) {
    core.flush();
  } else if (!flushing) {
    flushing = true;
    setImmediate(() => {
      flushing = false;
      core.flush();
    });
  }
}

port.on('message', async (message: ToMirror) => {
  switch (message.type) {
    case 'append':
      return flushSoon(core.take(message.events));
    case 'checkpoint':
      core.checkpoint(message.note);
      return flushSoon(0);
    case 'quarantine':
      return post({ type: 'opened', ...(await core.quarantine(message.cause)) });
    case 'drop':
      return post({ type: 'dropped', request: message.request, problem: drop(message.deletion) });
    case 'held':
      return post({ type: 'held', request: message.request, events: core.held() });
    case 'report':
      return report(message.request, message.query);
    case 'report.cancel':
      return reports.get(message.request)?.abort();
    case 'close':
      for (const one of reports.values()) one.abort();
      clearInterval(retry);
      core.flush();
      core.close();
      post({ type: 'closed' });
      port.close();
  }
});
