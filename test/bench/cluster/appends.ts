import { type NatsServers, startNats } from '../../support/nats';
import { median, percentile, print, round } from '../figure';
import { type Program, program, start } from '../process';

const RUNS = 5;
/** Facts of a run, all writers together, and of each writer under way at a time. */
const FACTS = 6_000;
const FLYING = 16;
/** Facts of a run in which each writer waits for each. */
const ALONE = 300;
const TARGET_RATIO = 0.6;

interface Measured {
  readonly perSecond: number;
  readonly ms: readonly number[];
}

/**
 * How fast facts are in the log, with one and with three gateways that write, beside bare publishes of the
 * same events: one in a message with as many under way, and in the very batches that the log made of them.
 */
export async function benchAppends(): Promise<void> {
  for (const replicas of [1, 3] as const) {
    const servers = await startNats({ servers: replicas, direct: true });
    for (const writers of [1, 3]) await measure(servers, replicas, writers);
    await servers.stop();
  }
}

async function measure(servers: NatsServers, replicas: number, writers: number): Promise<void> {
  const file = await program('logWriter');
  const args = [file, servers.addresses.join(), String(replicas), `W${writers}`];
  const all: Program[] = [];
  // One after the other: the first makes the streams.
  while (all.length < writers) {
    const writer = start(process.execPath, args);
    all.push(writer);
    await writer.line(/^ready/);
  }
  const append = (facts: number, flying: number) =>
    together(all, `log ${Math.round(facts / writers)} ${flying}`);

  const rates: { readonly ours: Measured; readonly each: Measured; readonly batches: Measured }[] =
    [];
  const single: { readonly ours: Measured; readonly bare: Measured }[] = [];
  // The first of each warms up.
  for (let run = 0; run <= RUNS; run += 1) {
    rates.push({
      ours: await append(FACTS, FLYING),
      each: await together(all, `events ${FLYING}`),
      batches: await together(all, 'batches'),
    });
    single.push({ ours: await append(ALONE, 1), bare: await together(all, 'events 1') });
  }
  for (const writer of all) await writer.end();

  const name = `cluster.append.r${replicas}.w${writers}`;
  const rate = (what: keyof (typeof rates)[number]) =>
    median(rates.slice(1).map((one) => one[what].perSecond));
  const ours = rate('ours');
  for (const [figure, floor, target] of [
    ['events_per_second', rate('each'), TARGET_RATIO],
    ['events_per_second_of_batches', rate('batches'), null],
  ] as const) {
    print({
      ...{ figure: `${name}.${figure}`, value: round(ours), unit: 'events/s', runs: RUNS },
      ...{ floor: round(floor), ratio: round(ours / floor) },
      target: target === null ? 'none' : `≥ ${target} × bare publishes, one for each event`,
      met: target === null || ours / floor >= target,
    });
  }
  const times = <Key extends string>(runs: readonly Readonly<Record<Key, Measured>>[], key: Key) =>
    runs.slice(1).flatMap((one) => one[key].ms);
  for (const fraction of [0.5, 0.99]) {
    const alone = percentile(times(single, 'ours'), fraction);
    const bare = percentile(times(single, 'bare'), fraction);
    const flying = percentile(times(rates, 'ours'), fraction);
    const beside = percentile(times(rates, 'each'), fraction);
    const common = { unit: 'ms', target: 'none', met: true, runs: RUNS };
    print({
      ...{ ...common, figure: `${name}.saved_p${fraction * 100}` },
      ...{ value: round(alone), floor: round(bare), ratio: round(alone / bare) },
    });
    print({
      ...{ ...common, figure: `${name}.saved_of_${FLYING}_p${fraction * 100}` },
      ...{ value: round(flying), floor: round(beside), ratio: round(flying / beside) },
    });
  }
}

/** All do the same at once: from the first that begins to the last that ends. */
async function together(writers: readonly Program[], order: string): Promise<Measured> {
  const answers = writers.map((writer) => writer.line(/^\d+ \d+ /));
  for (const writer of writers) writer.stdin.write(`${order}\n`);
  const said = (await Promise.all(answers)).map((line) => line.split(' '));
  const times = (at: number) => said.map((one) => Number(one[at]));
  const seconds = (Math.max(...times(1)) - Math.min(...times(0))) / 1e9;
  const events = times(2).reduce((sum, one) => sum + one, 0);
  const ms = said.flatMap((one) => (one[3] ? one[3].split(',').map(Number) : []));
  return { perSecond: events / seconds, ms };
}
