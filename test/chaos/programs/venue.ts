// An engine with an account on disk, as a program to be killed at any moment.
import { createEngineLink } from '../../../src/gateway/engines/client/link';
import { seededRandom } from '../../../src/gateway/engines/paper/market';
import { openVenue } from '../venue';

const [gateway = '', token = '', id = '', path = '', seed = '1'] = process.argv.slice(2);
const random = seededRandom(Number(seed));
const client = createEngineLink({
  ...{ gateway, token, random },
  uptime: () => performance.now(),
  say: (text) => process.stderr.write(`${id}: ${text}\n`),
  onRefused: () => process.exit(3),
});
const venue = openVenue({ id, path, random, send: client.send, telemetry: client.telemetry });
setInterval(venue.trade, 25);
setInterval(venue.report, 500);
client.attach(venue.engine);
process.stdout.write('venue: open\n');
