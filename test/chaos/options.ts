import { parseArgs } from 'node:util';

/** What `npm run chaos` was asked for. */
export interface ChaosOptions {
  /** As named; none means all. */
  readonly groups: readonly string[];
  readonly seed: number;
  /** Of the groups that go by rounds. */
  readonly rounds: { readonly crash: number; readonly cluster: number };
  readonly soakS: number;
}

/** Rounds where none were asked for: a round of `cluster` takes about ten times as long as one of `crash`. */
const CRASH_ROUNDS = 500;
const CLUSTER_ROUNDS = 200;

/** @param args after the program's name. @throws what is wrong with them */
export function chaosOptions(args: readonly string[]): ChaosOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      rounds: { type: 'string' },
      soak: { type: 'string', default: '5m' },
    },
  });
  const rounds = values.rounds === undefined ? null : countOf('rounds', values.rounds);
  return {
    groups: positionals,
    seed: countOf('seed', values.seed),
    rounds: { crash: rounds ?? CRASH_ROUNDS, cluster: rounds ?? CLUSTER_ROUNDS },
    soakS: secondsOf(values.soak),
  };
}

function countOf(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} ${text}: a whole number`);
  return Number(text);
}

/** @param text as `90s`, `5m` or `2h` */
function secondsOf(text: string): number {
  const [, count, unit] = /^(\d+)([smh])$/.exec(text) ?? [];
  if (count === undefined) throw new Error(`--soak ${text}: a number and s, m or h, as 2h`);
  return Number(count) * { s: 1, m: 60, h: 3_600 }[unit as 's' | 'm' | 'h'];
}
