// The long form: every group, one after the other; a line of JSON for each on standard output.
import { WHY_NO_NATS } from '../support/nats';
import { percentile } from './checker';
import { clockRounds } from './clock';
import { clusterRounds } from './cluster';
import { corruptRounds } from './corrupt';
import { crashRounds } from './crash';
import { diskRounds, whyNoDisk } from './disk';
import { fuzzFrames, fuzzIpc } from './fuzz';
import { chaosOptions } from './options';
import { soak } from './soak';

const { groups: named, seed, rounds, soakS } = chaosOptions(process.argv.slice(2));
const say = (text: string) => process.stderr.write(`${text}\n`);

/** What P99 of a kill amid a failure must stay below. */
const KILL_BELOW_MS = 1_000;

interface Report {
  readonly faults: readonly string[];
}

const groups: Record<string, () => Promise<Report | null>> = {
  crash: () => crashRounds({ rounds: rounds.crash, seed, say }),
  cluster: async () => {
    if (WHY_NO_NATS === null) {
      const asked = { rounds: rounds.cluster, seed, say, killBelowMs: KILL_BELOW_MS };
      const { doubled, ...report } = await clusterRounds(asked);
      return { ...report, faults: [...report.faults, ...doubled] };
    }
    say(`cluster: skipped: ${WHY_NO_NATS}`);
    return null;
  },
  clock: () => clockRounds({ jumps: 500, seed }),
  disk: async () => {
    const why = whyNoDisk();
    if (why === null) return diskRounds({ rounds: 20, seed });
    say(`disk: skipped: ${why}`);
    return null;
  },
  corrupt: () => corruptRounds({ rounds: 60, seed }),
  frames: () => fuzzFrames(1_000_000, seed),
  ipc: () => fuzzIpc(1_000_000, seed),
  soak: () => soak(soakS, say),
};

/** Samples as their number, middle, tail and worst. */
function brief(key: string, value: unknown): unknown {
  if (!key.endsWith('Ms') || !Array.isArray(value)) return value;
  const at = (fraction: number) => Math.round(percentile(value, fraction));
  return { count: value.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

const interrupted = () => process.exit(1);
process.once('SIGINT', interrupted).once('SIGTERM', interrupted);

let faults = 0;
for (const name of named.length > 0 ? named : Object.keys(groups)) {
  const group = groups[name];
  if (!group) throw new Error(`there is no group ${name}: ${Object.keys(groups).join(', ')}`);
  say(`── ${name}, seed ${seed}`);
  const from = performance.now();
  const report = await group();
  if (report === null) continue;
  const tookS = Math.round((performance.now() - from) / 1_000);
  process.stdout.write(`${JSON.stringify({ group: name, tookS, ...report }, brief)}\n`);
  for (const fault of report.faults) say(`FAULT ${fault}`);
  faults += report.faults.length;
}
say(faults === 0 ? 'every invariant held' : `${faults} faults`);
process.exit(faults === 0 ? 0 : 1);
