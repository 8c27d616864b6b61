import { parentPort, workerData } from 'node:worker_threads';
import { sha256 } from '../../node/sha256';
import { MirrorCore } from '../mirror/core';
import type { FromMirror, ToMirror } from '../mirror/messages';

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
    case 'held':
      return post({ type: 'held', request: message.request, events: core.held() });
    case 'close':
      clearInterval(retry);
      core.flush();
      core.close();
      post({ type: 'closed' });
      port.close();
  }
});
