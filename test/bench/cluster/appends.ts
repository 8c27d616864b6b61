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

/** How fast facts are in the log, with one and with three gateways that write, beside bare publishes of the same bytes. */
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
  const bare = () => together(all, 'bare');

  const rates: { readonly ours: Measured; readonly floor: Measured }[] = [];
  const single: typeof rates = [];
  // The first of each warms up.
  for (let run = 0; run <= RUNS; run += 1) {
    rates.push({ ours: await append(FACTS, FLYING), floor: await bare() });
    single.push({ ours: await append(ALONE, 1), floor: await bare() });
  }
  for (const writer of all) await writer.end();

  const name = `cluster.append.r${replicas}.w${writers}`;
  const ours = median(rates.slice(1).map((one) => one.ours.perSecond));
  const floor = median(rates.slice(1).map((one) => one.floor.perSecond));
  print({
    ...{ figure: `${name}.events_per_second`, value: round(ours), unit: 'events/s', runs: RUNS },
    ...{ floor: round(floor), ratio: round(ours / floor) },
    target: `≥ ${TARGET_RATIO} × bare publishes of the same bytes`,
    met: ours / floor >= TARGET_RATIO,
  });
  for (const fraction of [0.5, 0.99]) {
    const of = (what: keyof (typeof rates)[number], runs: typeof rates) =>
      percentile(
        runs.slice(1).flatMap((one) => one[what].ms),
        fraction,
      );
    const beside = of('floor', single);
    const common = { unit: 'ms', target: 'none', met: true, runs: RUNS };
    print({
      ...{ ...common, figure: `${name}.saved_p${fraction * 100}` },
      ...{ value: round(of('ours', single)), floor: round(beside) },
      ratio: round(of('ours', single) / beside),
    });
    print({
      ...{ ...common, figure: `${name}.saved_of_${FLYING}_p${fraction * 100}` },
      ...{ value: round(of('ours', rates)), floor: null, ratio: null },
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
