import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '../../src/gateway/engines/paper/market';
import { newDataDir, openGateway, quietPolicies } from '../support/desk';
import { FakeEngine } from '../support/fakeEngine';
import { TestTerminal } from '../support/testTerminal';
import { readChain } from './checker';
import { COMMANDS } from './client';

export interface ClockReport {
  readonly jumps: number;
  readonly seed: number;
  /** Time from a kill to its `kill.flat` with the clock jumping meanwhile, ms, sorted. */
  readonly flatMs: readonly number[];
  readonly faults: readonly string[];
}

const FLAT_WITHIN_MS = 5_000;
const DAY_MS = 86_400_000;
/** Facts of a kill: requested, blocked, halted, cancelled, flattened, read back, read back, flat. */
const FACTS_OF_A_KILL = 8;
/** The gateway begins anew after so many kills, on the same log. */
const KILLS_PER_LIFE = 20;

/** Kills while the gateway's wall clock jumps by up to a day, back and forth. */
export async function clockRounds(options: {
  readonly jumps: number;
  readonly seed: number;
}): Promise<ClockReport> {
  const { jumps, seed } = options;
  const random = seededRandom(seed);
  const dir = newDataDir();
  const flatMs: number[] = [];
  const faults: string[] = [];
  let offset = 0;
  const clock = () => Date.now() + offset;
  for (let done = 0; done < jumps; done += KILLS_PER_LIFE) {
    const gateway = await openGateway(dir.path, 'paper', 0, { clock, policies: quietPolicies });
    const engine = new FakeEngine('e1', 0);
    await engine.connect(gateway.port);
    const terminal = await TestTerminal.open(gateway.port);
    for (let kill = done; kill < Math.min(jumps, done + KILLS_PER_LIFE); kill += 1) {
      await terminal.give('resume', COMMANDS.resume);
      engine.quantity = 1_000;
      engine.behaviour = random() < 0.3 ? 'drops_on_flatten' : 'honest';
      const by = (random() < 0.6 ? -1 : 1) * Math.round(1_000 + random() ** 4 * DAY_MS);
      let left = 1 + Math.floor(random() * FACTS_OF_A_KILL);
      const from = performance.now();
      const id = randomUUID();
      const forget = gateway.log.onRecorded(({ commandId }) => {
        if (commandId === id) left -= 1;
        if (commandId === id && left === 0) offset += by;
      });
      terminal.kill({}, id);
      const flat = () =>
        terminal.events.some(({ type, commandId }) => type === 'kill.flat' && commandId === id);
      // The connection that the engine drops comes back by this.
      const back = setInterval(() => {
        if (!gateway.log.state().engines.e1?.connected) void engine.connect(gateway.port);
      }, 20);
      const late = new AbortController();
      const inTime = await Promise.race([
        terminal.until(flat).then(() => true),
        wait(FLAT_WITHIN_MS, false, { signal: late.signal }).catch(() => false),
      ]);
      late.abort();
      forget();
      clearInterval(back);
      if (!inTime) {
        faults.push(`kill ${kill}: not flat within ${FLAT_WITHIN_MS} ms of a jump by ${by} ms`);
        break;
      }
      flatMs.push(performance.now() - from);
      if (engine.quantity !== 0) faults.push(`kill ${kill}: flat, and ${engine.quantity} is held`);
    }
    terminal.socket.terminate();
    engine.disconnect();
    await gateway.stop();
  }
  try {
    readChain(join(dir.path, 'log.db'));
  } catch (error) {
    faults.push((error as Error).message);
  }
  dir.remove();
  flatMs.sort((a, b) => a - b);
  return { jumps, seed, flatMs, faults };
}
