// A gateway's log on a stream, and the bare stream beside it: `logWriter SERVERS REPLICAS NAME`. Takes orders on
// standard input and answers each with one line:
//   log COUNT FLYING    appends so many facts, of which so many are under way
//   bare                publishes the texts of the last `log` that the stream took, one after the other
// `<began> <ended> <events> <ms of each>`, the first two on CLOCK_MONOTONIC in ns.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { jetstream } from '@nats-io/jetstream';
import { createClusterLog } from '../../../src/gateway/cluster/log';
import { openStream } from '../../../src/gateway/cluster/stream';
import type { Fact } from '../../../src/gateway/facts';
import { pooledRandom } from '../../../src/node/random';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { connectTo } from '../../support/cluster';

const [servers = '', replicas = '1', name = ''] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
const connection = await connectTo(servers.split(','), 'writer');
const settings = { replicas: Number(replicas), publishWithinMs: 5_000, retryMs: 250 };
const stream = await openStream(connection, { name, ...settings });
const bareName = `${name}-bare`;
await openStream(connection, { name: bareName, ...settings });
const client = jetstream(connection);

/** What the stream took of this writer since the last order. */
let texts: string[] = [];
const log = await createClusterLog({
  store: new SqliteEventStore(join(folder, 'log.db'), sha256),
  stream: {
    ...stream,
    async publish(text, after) {
      const at = await stream.publish(text, after);
      texts.push(text);
      return at;
    },
  },
  ...{ sha256, clock: Date.now, uptime: () => performance.now(), random: pooledRandom() },
  key: generateKeyPairSync('ed25519').privateKey,
  ...{ origin: 'bench', checkpointEvery: 256, signs: () => false },
});

/** As long as what a gateway records most. */
const fact = (number: number): Fact => ({
  type: 'terminal.reported',
  actor: { id: 'ana', role: 'trading-lead', terminal: 'terminal-ana' },
  data: {
    kind: 'drill',
    detail: `${number} ${'el motor responde y nada queda abierto '.repeat(3)}`,
  },
});

async function append(count: number, flying: number): Promise<string> {
  texts = [];
  const began = process.hrtime.bigint();
  const times: number[] = [];
  const asked: number[] = [];
  await new Promise<void>((done) => {
    const leave = log.onSaved(look);
    function look(): void {
      const now = performance.now();
      const waiting = log.health().unsavedEvents;
      while (times.length < asked.length - waiting) {
        times.push(now - (asked[times.length] as number));
      }
      if (times.length === count) {
        leave();
        done();
        return;
      }
      while (asked.length < count && asked.length - times.length < flying) {
        asked.push(performance.now());
        log.append(fact(asked.length));
      }
    }
    look();
  });
  return report(began, count, times);
}

async function publishBare(): Promise<string> {
  const began = process.hrtime.bigint();
  const times: number[] = [];
  for (const text of texts) {
    const at = performance.now();
    await client.publish(`${bareName}.log`, text);
    times.push(performance.now() - at);
  }
  const events = texts.reduce((sum, text) => sum + JSON.parse(text).events.length, 0);
  return report(began, events, times);
}

function report(began: bigint, events: number, times: readonly number[]): string {
  const ms = times.map((time) => time.toFixed(3)).join();
  return `${began} ${process.hrtime.bigint()} ${events} ${ms}`;
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [order, count, flying] = line.split(' ');
  const done = order === 'bare' ? publishBare() : append(Number(count), Number(flying));
  void done.then((said) => process.stdout.write(`${said}\n`));
});
process.stdout.write('ready\n');
process.once('SIGTERM', () => {
  void log
    .stop()
    .then(() => connection.close())
    .then(() => rmSync(folder, { recursive: true, force: true }))
    .then(() => process.exit(0));
});
