import { describe, expect, it } from 'vitest';
import { WHY_NO_NATS } from '../support/nats';
import { clockRounds } from './clock';
import { clusterRounds } from './cluster';
import { BREAKS } from './clusterBreaks';
import { corruptRounds } from './corrupt';
import { crashRounds } from './crash';
import { diskRounds, whyNoDisk } from './disk';
import { fuzzFrames, fuzzIpc } from './fuzz';

/** `npm run chaos` is the whole measure; this is its short form. */
const ROUNDS = Number(process.env.VIGIA_CHAOS ?? 10);
const SEED = Number(process.env.VIGIA_CHAOS_SEED ?? 7);
/** Each kind of break once, unless it is told otherwise. */
const CLUSTER_ROUNDS = Number(process.env.VIGIA_CHAOS ?? BREAKS.length);
/** `npm run chaos` asks for 1 s: there are few kills here, of which the slowest counts, on a machine with other work. */
const KILL_BELOW_MS = 5_000;
const noDisk = whyNoDisk();
const noNats = WHY_NO_NATS === null ? '' : ` (skipped: ${WHY_NO_NATS})`;

describe(`whatever breaks (seed ${SEED})`, () => {
  it(`kill -9 of gateway, engines and terminal with commands under way, ${ROUNDS} times`, async () => {
    const report = await crashRounds({ rounds: ROUNDS, seed: SEED, say: () => undefined });
    expect(report.faults).toEqual([]);
    expect(report.flatMs).toHaveLength(ROUNDS);
  }, 300_000);

  it.skipIf(WHY_NO_NATS !== null)(
    `of three servers and gateways, and what is between them, ${CLUSTER_ROUNDS} times${noNats}`,
    async () => {
      const say = () => undefined;
      const report = await clusterRounds({
        ...{ rounds: CLUSTER_ROUNDS, seed: SEED, say },
        ...{ inTurn: true, killBelowMs: KILL_BELOW_MS },
      });
      expect(report.faults).toEqual([]);
      expect(report.flatMs).toHaveLength(CLUSTER_ROUNDS);
      expect(report.tokens).toBeGreaterThan(0);
      if (CLUSTER_ROUNDS >= BREAKS.length) expect(Object.values(report.broken)).not.toContain(0);
    },
    600_000,
  );

  it('a kill is flat while the wall clock jumps', async () => {
    const report = await clockRounds({ jumps: 20, seed: SEED });
    expect(report.faults).toEqual([]);
    expect(report.flatMs).toHaveLength(20);
  }, 60_000);

  it.skipIf(noDisk !== null)(
    `a full disk, and a death on it${noDisk === null ? '' : ` (skipped: ${noDisk})`}`,
    async () => {
      const report = await diskRounds({ rounds: 2, seed: SEED });
      expect(report).toMatchObject({ faults: [], killed: 1 });
      expect(report.unsaved).toBeGreaterThan(0);
    },
    60_000,
  );

  it('a damaged log is never served, and a damaged mirror is taken anew', async () => {
    const report = await corruptRounds({ rounds: 3, seed: SEED });
    expect(report.faults).toEqual([]);
  }, 60_000);

  it('mutated frames and IPC messages', async () => {
    const frames = await fuzzFrames(10_000, SEED);
    expect(frames.faults).toEqual([]);
    const ipc = await fuzzIpc(10_000, SEED);
    expect(ipc.faults).toEqual([]);
    expect(ipc.taken).toBeGreaterThan(500);
  }, 60_000);
});
