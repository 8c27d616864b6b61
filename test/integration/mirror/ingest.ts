// A program of its own that takes a chain into a mirror, to be killed at any moment. It says each
// sequence it has on disk, so that whoever kills it knows what must be there afterwards.
import { MirrorCore } from '../../../src/main/mirror/core';
import { sha256 } from '../../../src/node/sha256';
import { chainOf } from '../../bench/events';

const BATCH = 7;
const [path = '', count = '0'] = process.argv.slice(2);
const core = new MirrorCore({
  path,
  sha256,
  clock: Date.now,
  onStatus: () => undefined,
  onBadCheckpoint: () => undefined,
});
const { head } = await core.open();
const events = chainOf(Number(count)).map(({ event }) => event);
for (let from = head.seq; from < events.length; from += BATCH) {
  core.take(events.slice(from, from + BATCH));
  core.flush();
  process.stdout.write(`${Math.min(from + BATCH, events.length)}\n`);
}
core.close();
