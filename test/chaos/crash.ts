import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '../../src/gateway/engines/paper/market';
import {
  commandFaults,
  flatFaults,
  killedFaults,
  ledgerFaults,
  mirrorFaults,
  readChain,
  readLedger,
} from './checker';
import { type Client, COMMANDS, openClient } from './client';
import { type Desk, MODELS, openDesk, PAPER, VENUE } from './desk';
import type { Running } from './processes';
import type { Trouble } from './proxy';

export interface CrashReport {
  readonly rounds: number;
  readonly seed: number;
  /** kill -9 by program. */
  readonly killed: Record<Victim, number>;
  readonly troubles: Record<Trouble['kind'] | 'cut', number>;
  readonly accepted: number;
  readonly rejected: number;
  readonly events: number;
  readonly fills: number;
  /** Time from the kill that ends a round to its `kill.flat`, ms, sorted. */
  readonly flatMs: readonly number[];
  /** What broke an invariant; none is the only good answer. */
  readonly faults: readonly string[];
}

type Victim = 'gateway' | 'venue' | 'paper' | 'terminal';
const VICTIMS: readonly Victim[] = ['gateway', 'venue', 'paper', 'terminal'];

/** A desk's log is begun anew after so many rounds: its whole is verified at every start. */
const ROUNDS_PER_DESK = 25;
/** Longest moment between giving commands and killing, ms: the length of a kill chain. */
const MOMENT_MS = 120;
const TRADES_WITHIN_MS = 2_000;
/** What a few lines of the ledger take. */
const TRADE_BYTES = 300;
const OUTCOME_WITHIN_MS = 30_000;
/** Engines come back within their own backoff, 10 s at the most, and their chain with them. */
export const FLAT_WITHIN_MS = 30_000;

/** Kills programs of a desk at random moments while commands are under way. @throws never for a fault */
export async function crashRounds(options: {
  readonly rounds: number;
  readonly seed: number;
  readonly say: (text: string) => void;
}): Promise<CrashReport> {
  const { rounds, seed, say } = options;
  const random = seededRandom(seed);
  const report = {
    killed: { gateway: 0, venue: 0, paper: 0, terminal: 0 },
    troubles: { none: 0, refuse: 0, delay: 0, halve: 0, reorder: 0, stall: 0, cut: 0 },
    ...{ accepted: 0, rejected: 0, events: 0, fills: 0 },
    flatMs: [] as number[],
    faults: [] as string[],
  };
  for (let done = 0; done < rounds; done += ROUNDS_PER_DESK) {
    const count = Math.min(ROUNDS_PER_DESK, rounds - done);
    const folder = mkdtempSync(join(tmpdir(), 'vigia-chaos-'));
    const found = await deskRounds({ count, first: done, random, report, folder, say });
    report.faults.push(...found.map((fault) => `desk at round ${done}: ${fault}`));
    // What broke is kept, to be looked at.
    if (found.length === 0) rmSync(folder, { recursive: true, force: true });
    else say(`kept: ${folder}`);
    say(`rounds ${done + count} of ${rounds}, ${report.faults.length} faults`);
  }
  report.flatMs.sort((a, b) => a - b);
  return { rounds, seed, ...report };
}

interface Running4 {
  readonly desk: Desk;
  readonly client: Client;
  readonly random: () => number;
  readonly up: Record<Victim, Running>;
}
type Mutable = Omit<CrashReport, 'rounds' | 'seed' | 'flatMs' | 'faults'> & {
  accepted: number;
  rejected: number;
  events: number;
  fills: number;
  flatMs: number[];
};

async function deskRounds(options: {
  readonly count: number;
  readonly first: number;
  readonly random: () => number;
  readonly report: Mutable;
  readonly folder: string;
  readonly say: (text: string) => void;
}): Promise<string[]> {
  const { random, report } = options;
  const desk = await openDesk(random, options.folder);
  const client = openClient([desk.proxy.port], desk.token);
  try {
    const up = {
      gateway: await desk.gateway(),
      venue: await desk.venue(options.first),
      paper: await desk.paper(options.first),
      terminal: await desk.terminal(),
    };
    const all = { desk, client, random, up };
    await client.until(() => isConnected(client), OUTCOME_WITHIN_MS, 'the engines');
    for (let round = 0; round < options.count; round += 1) {
      try {
        await oneRound(all, report);
      } catch (error) {
        return [
          `round ${options.first + round}: ${(error as Error).message}`,
          ...check(desk, client),
        ];
      }
      const faults = check(desk, client);
      if (faults.length > 0)
        return faults.map((fault) => `round ${options.first + round}: ${fault}`);
    }
    return await settle(all, report);
  } finally {
    client.close();
    await desk.close();
  }
}

async function oneRound({ desk, client, random, up }: Running4, report: Mutable): Promise<void> {
  const { proxy } = desk;
  // Now and then the desk is left killed into the next round.
  if (random() < 0.8) {
    client.command('resume', COMMANDS.resume);
    await client.until(() => client.pending().length === 0, OUTCOME_WITHIN_MS, 'resume');
    if (random() < 0.9) await traded(desk.ledger);
  }
  const trouble = pickTrouble(random);
  report.troubles[trouble.kind] += 1;
  proxy.set(trouble);
  const commands = 1 + Math.floor(random() * 3);
  for (let count = 0; count < commands; count += 1) give(client, random);
  const moment = random() < 0.5 ? random() * 15 : random() * MOMENT_MS;
  await wait(moment);
  if (random() < 0.25) {
    report.troubles.cut += 1;
    proxy.cut();
  }
  const victims = pickVictims(random);
  await Promise.all(victims.map((victim) => up[victim].kill()));
  for (const victim of victims) report.killed[victim] += 1;
  if (random() < 0.3) give(client, random);
  await wait(random() * 60);
  for (const victim of victims) {
    const seed = Math.floor(random() * 1e6);
    up[victim] = await (victim === 'venue' || victim === 'paper'
      ? desk[victim](seed)
      : desk[victim]());
  }
  if (random() < 0.5) await wait(random() * 100);
  proxy.set({ kind: 'none' });
  await client.until(() => client.pending().length === 0, OUTCOME_WITHIN_MS, 'an outcome');
  // Whatever happened, the kill works.
  const from = performance.now();
  const id = client.command('kill', COMMANDS.kill);
  await client.until(() => isFlat(client, id), FLAT_WITHIN_MS, `kill ${id} is not flat`);
  report.flatMs.push(performance.now() - from);
}

function isConnected({ events }: Client): boolean {
  const since = events.map(({ type }) => type).lastIndexOf('gateway.started');
  const connected = events.slice(since).filter(({ type }) => type === 'engine.connected');
  return [VENUE, PAPER].every((id) => connected.some(({ data }) => data.engine === id));
}

/** The venue has traded, or has had the time to. */
async function traded(ledger: string): Promise<void> {
  const size = () => statSync(ledger).size;
  const from = size();
  const upTo = performance.now() + TRADES_WITHIN_MS;
  while (size() < from + TRADE_BYTES && performance.now() < upTo) await wait(5);
}

function isFlat(client: Client, id: string): boolean {
  return client.events.some(({ type, commandId }) => type === 'kill.flat' && commandId === id);
}

function give(client: Client, random: () => number): void {
  const pick = random();
  if (pick < 0.4) client.command('kill', COMMANDS.kill);
  else if (pick < 0.55) client.command('pause', COMMANDS.pause);
  else if (pick < 0.75) client.command('resume', COMMANDS.resume);
  else {
    const target = MODELS[random() < 0.5 ? 0 : 1];
    client.command('model.rollback', { target, reason: 'chaos', origin: 'panel' });
  }
}

function pickTrouble(random: () => number): Trouble {
  const pick = random();
  if (pick < 0.5) return { kind: 'none' };
  if (pick < 0.6) return { kind: 'refuse' };
  if (pick < 0.7) return { kind: 'delay', ms: 10 + random() * 300 };
  if (pick < 0.8) return { kind: 'halve', bytesPerTick: 40 + Math.floor(random() * 400) };
  if (pick < 0.9) return { kind: 'reorder', maxMs: 20 + random() * 300 };
  return { kind: 'stall' };
}

function pickVictims(random: () => number): Victim[] {
  const pick = random();
  const first = pick < 0.45 ? 'gateway' : pick < 0.7 ? 'venue' : pick < 0.8 ? 'paper' : 'terminal';
  const other = VICTIMS[Math.floor(random() * VICTIMS.length)] as Victim;
  return random() < 0.3 && other !== first ? [first, other] : [first];
}

function check(desk: Desk, client: Client): string[] {
  try {
    const log = readChain(desk.log);
    const ledger = readLedger(desk.ledger);
    return [
      ...commandFaults(log, client.outcomes),
      ...killedFaults(log),
      ...ledgerFaults(log, VENUE, ledger),
      ...flatFaults(log, new Map([[VENUE, ledger]])),
      ...mirrorFaults(log, readChain(desk.mirror)),
      ...desk.diverged,
      ...client.faults,
    ];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** The end of a desk: the mirror has all of the log, and the counts are taken. */
async function settle({ desk, client }: Running4, report: Mutable): Promise<string[]> {
  const log = readChain(desk.log);
  const upTo = performance.now() + OUTCOME_WITHIN_MS;
  while (readChain(desk.mirror).length < log.length && performance.now() < upTo) await wait(50);
  const mirror = readChain(desk.mirror);
  const short = log.length - mirror.length;
  report.events += log.length;
  report.fills += readLedger(desk.ledger).filter(({ what }) => what === 'fill').length;
  report.accepted += client.outcomes.filter(({ stage }) => stage === 'accepted').length;
  report.rejected += client.outcomes.filter(({ stage }) => stage === 'rejected').length;
  return short > 0 ? [`the mirror lacks ${short} events`] : check(desk, client);
}
