// A program of its own that takes a chain into a mirror, to be killed at any moment.
import { MirrorCore } from '../../../src/main/mirror/core';
import { sha256 } from '../../../src/node/sha256';
import { chainOf } from '../../bench/events';

const [path = '', count = '0'] = process.argv.slice(2);
const core = new MirrorCore({ path, sha256, clock: Date.now, onStatus: () => undefined });
const { head } = await core.open();
const events = chainOf(Number(count)).map(({ event }) => event);
process.stdout.write(`open ${head.seq}\n`);
for (let from = head.seq; from < events.length; from += 7) {
  core.take(events.slice(from, from + 7));
  core.flush();
}
process.stdout.write('done\n');
core.close();
