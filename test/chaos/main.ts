// The long form: every group, one after the other; a line of JSON for each on standard output.
import { parseArgs } from 'node:util';
import { WHY_NO_NATS } from '../support/nats';
import { clockRounds } from './clock';
import { clusterRounds } from './cluster';
import { corruptRounds } from './corrupt';
import { crashRounds } from './crash';
import { diskRounds, whyNoDisk } from './disk';
import { fuzzFrames, fuzzIpc } from './fuzz';
import { soak } from './soak';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '500' },
    soak: { type: 'string', default: '5m' },
  },
});
const seed = Number(values.seed);
const rounds = Number(values.rounds);
const say = (text: string) => process.stderr.write(`${text}\n`);

interface Report {
  readonly faults: readonly string[];
}

const groups: Record<string, () => Promise<Report | null>> = {
  crash: () => crashRounds({ rounds, seed, say }),
  cluster: async () => {
    if (WHY_NO_NATS === null) return clusterRounds({ rounds: Math.ceil(rounds / 2.5), seed, say });
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
  soak: () => soak(secondsOf(values.soak), say),
};

/** @param text as `90s`, `5m` or `2h` */
function secondsOf(text: string): number {
  const [, count, unit] = /^(\d+)([smh])$/.exec(text) ?? [];
  if (count === undefined) throw new Error(`--soak ${text}: a number and s, m or h, as 2h`);
  return Number(count) * { s: 1, m: 60, h: 3_600 }[unit as 's' | 'm' | 'h'];
}

/** Samples as their middle, tail and worst. */
function brief(key: string, value: unknown): unknown {
  if (!key.endsWith('Ms') || !Array.isArray(value)) return value;
  const at = (fraction: number) =>
    Math.round(value[Math.max(0, Math.ceil(fraction * value.length) - 1)] ?? 0);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

const interrupted = () => process.exit(1);
process.once('SIGINT', interrupted).once('SIGTERM', interrupted);

let faults = 0;
for (const name of positionals.length > 0 ? positionals : Object.keys(groups)) {
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
