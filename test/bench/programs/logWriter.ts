// A gateway's log on a stream, and the bare stream beside it: `logWriter SERVERS REPLICAS NAME`. Takes orders on
// standard input and answers each with one line:
//   log COUNT FLYING    appends so many facts, of which so many are under way
//   batches             publishes the texts of the last `log` that the stream took, one after the other
//   events FLYING       publishes its events, one in each message, of which so many are under way
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

const eventsOf = (text: string): readonly unknown[] => JSON.parse(text).events;

function publishBatches(): Promise<string> {
  const events = texts.reduce((sum, text) => sum + eventsOf(text).length, 0);
  return publishBare(texts, 1, events);
}

function publishEvents(flying: number): Promise<string> {
  const each = texts.flatMap((text) => eventsOf(text).map((event) => JSON.stringify(event)));
  return publishBare(each, flying, each.length);
}

async function publishBare(
  all: readonly string[],
  flying: number,
  events: number,
): Promise<string> {
  const began = process.hrtime.bigint();
  const times: number[] = [];
  const next = all.values();
  async function line(): Promise<void> {
    for (const text of next) {
      const at = performance.now();
      await client.publish(`${bareName}.log`, text);
      times.push(performance.now() - at);
    }
  }
  await Promise.all(Array.from({ length: flying }, line));
  return report(began, events, times);
}

function report(began: bigint, events: number, times: readonly number[]): string {
  const ms = times.map((time) => time.toFixed(3)).join();
  return `${began} ${process.hrtime.bigint()} ${events} ${ms}`;
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [order, ...numbers] = line.split(' ');
  const [first = 0, second = 0] = numbers.map(Number);
  const orders: Readonly<Record<string, () => Promise<string>>> = {
    log: () => append(first, second),
    batches: publishBatches,
    events: () => publishEvents(first),
  };
  void orders[order ?? '']?.().then((said) => process.stdout.write(`${said}\n`));
});
process.stdout.write('ready\n');
process.once('SIGTERM', () => {
  void log
    .stop()
    .then(() => connection.close())
    .then(() => rmSync(folder, { recursive: true, force: true }))
    .then(() => process.exit(0));
});
