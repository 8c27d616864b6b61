import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '../../src/gateway/engines/paper/market';
import { whyNoSlowDisk } from '../support/slowDisk';
import {
  blockedAt,
  blockedFaults,
  commandFaults,
  copyFaults,
  flatFaults,
  headOf,
  leaseFaults,
  ledgerFaults,
  lostFaults,
  modeAt,
  ownershipFaults,
  readChain,
  readLedger,
  saidOnceFaults,
  slowFaults,
  type Told,
  turnFaults,
} from './checker';
import { type Client, COMMANDS } from './client';
import { BREAKS, type Break, type Broken, breakIt, type How, keepOldData } from './clusterBreaks';
import { type ClusterDesk, NODES, openClusterDesk, type Venue } from './clusterDesk';
import type { Running } from './processes';
import { describeStream } from './streams';

export interface ClusterReport {
  /** As many as were asked for, and all of them run. */
  readonly rounds: number;
  readonly seed: number;
  /** How often each kind of break came. */
  readonly broken: Partial<Record<Break, number>>;
  /** Kinds that cannot be had on this machine, and why. */
  readonly leftOut: readonly string[];
  readonly accepted: number;
  readonly rejected: number;
  readonly events: number;
  readonly fills: number;
  /** How often servers did not become whole by themselves, and were started again. */
  readonly restarted: number;
  /** How often a gateway began to act for all. */
  readonly turns: number;
  /** Tokens of leases that were seen at the servers. */
  readonly tokens: number;
  /** Time from a kill amid what is broken until an engine is blocked whose gateway stands, ms, sorted. */
  readonly blockedMs: readonly number[];
  /** The same for engines whose gateway was killed before. */
  readonly movedMs: readonly number[];
  /** The same for engines whose gateway stands and has a slow disk of its own. */
  readonly onSlowMs: readonly number[];
  /** Time from healing until all is whole again, ms, sorted. */
  readonly wholeMs: readonly number[];
  /** Time from the kill that ends a round to its `kill.flat`, ms, sorted. */
  readonly flatMs: readonly number[];
  readonly faults: readonly string[];
}

type Counts = { -readonly [Key in keyof ClusterReport]: ClusterReport[Key] } & {
  blockedMs: number[];
  movedMs: number[];
  onSlowMs: number[];
  wholeMs: number[];
  flatMs: number[];
  faults: string[];
};

const ROUNDS_PER_DESK = 20;
/** Longest moment between giving commands and breaking, ms: the length of a kill chain. */
const MOMENT_MS = 150;
/** From then to the kill: in it falls all of a fail-over. */
const UNTIL_KILL_MS = 1_500;
/** How long something stays broken, ms: a server's leader is missed after 4 to 9 s. */
const BROKEN_MS = 7_000;
const FROZEN_MS = 2_500;
/** What a slow disk takes for a write. */
const WRITE_MIN_MS = 20;
const WRITE_MAX_MS = 200;
const TRADES_WITHIN_MS = 2_000;
const TRADE_BYTES = 300;
const BLOCKED_WITHIN_MS = 15_000;
const OUTCOME_WITHIN_MS = 45_000;
const WHOLE_WITHIN_MS = 60_000;
const LOOK_MS = 20;
const HEALTH_WITHIN_MS = 2_000;

/** What rounds are like, whichever desk they are of. */
interface Plan {
  readonly random: () => number;
  readonly kinds: readonly Break[];
  /** Each kind in turn and by itself, with a kill each time, instead of by chance. */
  readonly inTurn: boolean;
  readonly killBelowMs: number;
  readonly report: Counts;
  readonly say: (text: string) => void;
}

/**
 * Breaks servers, gateways, terminals and what is between them, with commands under way.
 *
 * @param options.killBelowMs what P99 of a kill amid a failure must stay below
 * @param options.inTurn each kind of break in turn, instead of by chance
 * @throws never for a fault
 */
export async function clusterRounds(options: {
  readonly rounds: number;
  readonly seed: number;
  readonly say: (text: string) => void;
  readonly killBelowMs: number;
  readonly inTurn?: boolean;
}): Promise<ClusterReport> {
  const { rounds, seed, say, killBelowMs, inTurn = false } = options;
  const random = seededRandom(seed);
  const noSlowDisk = await whyNoSlowDisk();
  const leftOut = BREAKS.filter((kind) => noSlowDisk !== null && kind.endsWith('slow disk'));
  const kinds = BREAKS.filter((kind) => !leftOut.includes(kind));
  for (const kind of leftOut) say(`${kind}: left out: ${noSlowDisk}`);
  const report: Counts = {
    ...{ rounds: 0, seed, accepted: 0, rejected: 0, events: 0, fills: 0 },
    ...{ turns: 0, tokens: 0, restarted: 0 },
    broken: Object.fromEntries(kinds.map((kind) => [kind, 0])),
    leftOut: leftOut.map((kind) => `${kind}: ${noSlowDisk}`),
    ...{ blockedMs: [], movedMs: [], onSlowMs: [], wholeMs: [], flatMs: [], faults: [] },
  };
  const plan = { random, kinds, inTurn, killBelowMs, report, say };
  while (report.rounds < rounds) {
    const first = report.rounds;
    const last = Math.min(first + ROUNDS_PER_DESK, rounds);
    const home = mkdtempSync(join(tmpdir(), 'vigia-chaos-'));
    const kept = await deskRounds({ ...plan, first, last, home });
    if (kept) say(`kept: ${home}`);
    else rmSync(home, { recursive: true, force: true });
    say(`rounds ${report.rounds} of ${rounds}, ${report.faults.length} faults`);
  }
  for (const samples of ['blockedMs', 'movedMs', 'onSlowMs', 'wholeMs', 'flatMs'] as const) {
    report[samples].sort((a, b) => a - b);
  }
  report.faults.push(
    ...slowFaults('a kill amid it', report.blockedMs, killBelowMs),
    ...slowFaults('a kill amid it, from a gateway that is gone', report.movedMs, killBelowMs),
  );
  return report;
}

interface Round extends Plan {
  readonly desk: ClusterDesk;
  /** What was done in it, for who looks at a fault. */
  readonly note: (text: string) => void;
  /** Says and notes what is no fault by itself and is to be looked at: the desk's files are kept. */
  readonly keep: (text: string) => void;
  terminal: Running;
}

/**
 * Rounds from `first` until before `last`; a desk that shows a fault is given up.
 *
 * @returns whether its files are kept, to be looked at with what was noted
 */
async function deskRounds(
  options: Plan & { readonly first: number; readonly last: number; readonly home: string },
): Promise<boolean> {
  const { random, report, home, say } = options;
  const notes: string[] = [];
  const from = performance.now();
  const note = (text: string) => {
    notes.push(`${Math.round(performance.now() - from)} ms: ${text}`);
  };
  let kept = false;
  const keep = (text: string) => {
    kept = true;
    say(text);
    note(text);
  };
  const desk = await openClusterDesk(Math.floor(random() * 1e6), home);
  try {
    const round: Round = {
      ...{ ...options, desk, note, keep },
      terminal: await desk.terminal(),
    };
    await whole(round);
    keepOldData(desk);
    for (let at = options.first; at < options.last; at += 1) {
      report.rounds += 1;
      note(`round ${at}`);
      const faults: string[] = [];
      try {
        await oneRound(round, at);
      } catch (error) {
        faults.push((error as Error).message);
      }
      faults.push(...check(desk));
      const told = faults.map((fault) => `round ${at}: ${fault}`);
      report.faults.push(...told);
      for (const one of told) keep(one);
      if (faults.length > 0) {
        for (const { name, front } of desk.nodes) {
          note(`${name}: ${await healthAt(front.port)}`);
        }
        for (const one of await describeStream(desk.servers.addresses, 'VIGIA')) note(one);
        break;
      }
      if (at === options.last - 1) count(desk, report);
    }
    for (const { name, running } of desk.nodes) note(`${name}: ${running()?.said()}`);
    for (const { id, running } of desk.venues) note(`${id}: ${running.said()}`);
    for (const [at, name] of desk.servers.names.entries()) {
      note(`${name}: ${desk.servers.said(at)}`);
    }
    if (kept) writeFileSync(join(home, 'notes.txt'), notes.join('\n'));
    return kept;
  } finally {
    await desk.close();
  }
}

async function oneRound(round: Round, at: number): Promise<void> {
  const { desk, random, report, note, kinds: all, inTurn } = round;
  const [ana, luis] = desk.clients as [Client, Client];
  // Now and then the desk is left killed into the next round.
  if (random() < 0.85) {
    const id = ana.command('resume', COMMANDS.resume);
    await ana.until(() => ana.pending().length === 0, OUTCOME_WITHIN_MS, 'resume');
    const resumed = ana.outcomes.some((one) => one.id === id && one.stage === 'accepted');
    // A kill that finds an engine stopped shows nothing of it.
    if (resumed)
      await look(
        () => modesOf(desk).every((mode) => mode === 'normal'),
        WHOLE_WITHIN_MS,
        () => `resume ${id}: ${modesOf(desk)}`,
      );
    if (random() < 0.9) await traded(desk.venues);
  }
  const commands = Math.floor(random() * 3);
  for (let count = 0; count < commands; count += 1) {
    give(desk.clients[count % 2] as Client, random);
  }
  await wait(random() * MOMENT_MS);

  const pick = () => all[Math.floor(random() * all.length)] as Break;
  const kinds = inTurn
    ? [all[at % all.length] as Break]
    : [pick(), ...(random() < 0.2 ? [pick()] : [])];
  const broken: Broken[] = [];
  for (const [count, kind] of kinds.entries()) {
    const how: How = {
      target: Math.floor(random() * NODES.length),
      way: random() < 0.5 ? 'onward' : 'back',
      writeMs: Math.round(WRITE_MIN_MS + random() * (WRITE_MAX_MS - WRITE_MIN_MS)),
    };
    // One place is broken once.
    if (count > 0 && kind.split(' ')[0] === kinds[0]?.split(' ')[0]) continue;
    note(`${kind} ${JSON.stringify(how)}`);
    report.broken[kind] = (report.broken[kind] ?? 0) + 1;
    broken.push(await breakIt(desk, kind, how));
    if (kind === 'terminal killed') {
      await round.terminal.kill();
      round.terminal = await desk.terminal();
    }
  }
  const since = performance.now();
  const frozen = kinds.includes('server frozen');
  const brokenFor = random() * (frozen ? FROZEN_MS : BROKEN_MS);
  // Half of the kills come while the first engines look for another gateway.
  const untilKill = random() * (random() < 0.5 ? MOMENT_MS : UNTIL_KILL_MS);
  await wait(Math.min(untilKill, brokenFor));
  if (inTurn || random() < 0.8) {
    await killAmid(round, broken, desk.clients[at % desk.clients.length] as Client);
  }
  if (random() < 0.4) give(luis, random);
  await wait(Math.max(0, brokenFor - (performance.now() - since)));

  note('healing');
  const healed = performance.now();
  for (const one of broken) await one.heal();
  await whole(round);
  report.wholeMs.push(performance.now() - healed);
  note(`whole after ${Math.round(performance.now() - healed)} ms`);
  // Whatever happened, the kill works.
  const from = performance.now();
  const id = luis.command('kill', COMMANDS.kill);
  note(`kill ${id}`);
  const isFlat = () =>
    luis.events.some(({ type, commandId }) => type === 'kill.flat' && commandId === id);
  await luis.until(isFlat, OUTCOME_WITHIN_MS, `kill ${id} is not flat`);
  report.flatMs.push(performance.now() - from);
  await whole(round);
}

/**
 * A kill at every gateway under one id, and how soon each engine that can be reached is blocked.
 *
 * Apart is counted who is at a gateway with a slow disk of its own: it waits for each write of its copy, with
 * all that it does, until its engines find it silent and go elsewhere.
 */
async function killAmid(
  { desk, report, note, keep, killBelowMs }: Round,
  broken: readonly Broken[],
  giver: Client,
): Promise<void> {
  const mute = broken.map((one) => one.mute).find((name) => name !== null);
  const asked = desk.venues.flatMap((venue) => {
    const node = nodeOf(desk, venue.id);
    const moves = broken.some(({ gone }) => gone === node);
    // Who comes from a gateway that is gone may knock first at one that does not answer.
    if (node === mute || (moves && mute)) return [];
    if (moves) return [{ venue, into: report.movedMs }];
    const onSlow = broken.some(({ slow }) => slow === node);
    return [{ venue, into: onSlow ? report.onSlowMs : report.blockedMs }];
  });
  const since = Date.now();
  const id = giver.killEverywhere();
  note(`kill everywhere ${id} by ${giver === desk.clients[0] ? 'ana' : 'luis'}`);
  for (const { venue, into } of asked) {
    if (modeAt(readLedger(venue.ledger), since) === 'killed') continue;
    const at = () => blockedAt(readLedger(venue.ledger), since);
    await look(() => at() !== null, BLOCKED_WITHIN_MS, `kill ${id}: ${venue.id} is not blocked`);
    const took = (at() ?? 0) - since;
    const text = `${id}: ${venue.id} blocked in ${took} ms`;
    if (took < killBelowMs) note(text);
    else keep(text);
    into.push(took);
  }
}

/** All stand and agree: servers, gateways and their copies, terminals and their mirrors, engines. */
async function whole({ desk, note, report }: Round): Promise<void> {
  const { clients, nodes, mirror, servers } = desk;
  await servers.ready().catch(async (error: Error) => {
    note(error.message);
    report.restarted += 1;
    // As an operator does with a server whose copy stays behind.
    for (const index of servers.names.keys()) {
      await servers.kill(index);
      await servers.start(index);
      await servers.ready().catch(() => undefined);
    }
    // What stays behind all the same gets everything from the others, from an empty folder.
    for (const index of servers.names.keys()) {
      if (
        await servers.ready().then(
          () => true,
          () => false,
        )
      )
        return;
      await servers.kill(index);
      rmSync(servers.folders[index] as string, { recursive: true, force: true });
      await servers.start(index);
    }
    await servers.ready();
  });
  note('the servers are ready');
  for (const client of clients) {
    await client.until(() => client.pending().length === 0, OUTCOME_WITHIN_MS, 'an outcome');
  }
  const connected = () => desk.venues.every(({ id }) => nodeOf(desk, id) !== null);
  await look(connected, WHOLE_WITHIN_MS, 'the engines');
  const heads = () =>
    [
      ...nodes.map(({ copy }) => headOf(copy)),
      headOf(mirror),
      ...clients.map(({ events }) => events.at(-1)?.hash ?? ''),
    ] as const;
  const same = () => new Set(heads()).size === 1;
  await look(same, WHOLE_WITHIN_MS, () => `the copies do not agree: ${heads().join(' ')}`);
  note('whole');
}

/** What a gateway says of its log. */
async function healthAt(port: number): Promise<string> {
  try {
    const signal = AbortSignal.timeout(HEALTH_WITHIN_MS);
    return await (await fetch(`http://127.0.0.1:${port}/health`, { signal })).text();
  } catch (error) {
    return (error as Error).message;
  }
}

/** The gateway that an engine is connected to, as the terminal has it that has heard most; null where it is lost. */
function nodeOf({ clients }: ClusterDesk, engine: string): string | null {
  const { events } = clients.reduce((a, b) => (b.events.length > a.events.length ? b : a));
  let node: string | null = null;
  for (const { type, data } of events) {
    if (type === 'engine.connected' && data.engine === engine) node = String(data.node);
    if (type === 'engine.lost' && data.engine === engine) node = null;
    if (type === 'gateway.started' && data.node === node) node = null;
  }
  return node;
}

/** The engines' modes, by their own ledgers. */
const modesOf = ({ venues }: ClusterDesk) =>
  venues.map(({ ledger }) => modeAt(readLedger(ledger), Date.now()));

/** Engines have traded, or have had the time to. */
async function traded(venues: readonly Venue[]): Promise<void> {
  const size = () => venues.reduce((sum, { ledger }) => sum + statSync(ledger).size, 0);
  const from = size();
  const until = performance.now() + TRADES_WITHIN_MS;
  while (size() < from + TRADE_BYTES * venues.length && performance.now() < until) {
    await wait(LOOK_MS);
  }
}

async function look(
  holds: () => boolean,
  withinMs: number,
  what: string | (() => string),
): Promise<void> {
  const until = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > until) {
      throw new Error(`${typeof what === 'string' ? what : what()}: not within ${withinMs} ms`);
    }
    await wait(LOOK_MS);
  }
}

function give(client: Client, random: () => number): void {
  const dice = random();
  if (dice < 0.25) client.command('kill', COMMANDS.kill);
  else if (dice < 0.65) client.command('pause', COMMANDS.pause);
  else client.command('resume', COMMANDS.resume);
}

function check(desk: ClusterDesk): string[] {
  const { clients, nodes, venues, mirror } = desk;
  try {
    const copies = new Map(nodes.map(({ name, copy }) => [name, readChain(copy)]));
    const log = [...copies.values()].reduce((a, b) => (b.length > a.length ? b : a));
    const all = new Map<string, readonly Pick<Told, 'seq' | 'hash'>[]>(copies);
    all.set('the terminal’s mirror', readChain(mirror));
    for (const [at, { events }] of clients.entries()) all.set(`terminal ${at}`, events);
    const ledgers = new Map(venues.map(({ id, ledger }) => [id, readLedger(ledger)]));
    const outcomes = clients.flatMap((client) => client.outcomes);
    return [
      ...copyFaults(all),
      ...commandFaults(log, outcomes),
      ...lostFaults(log, outcomes),
      ...turnFaults(log),
      ...ownershipFaults(log),
      ...leaseFaults(desk.leases.seen),
      ...saidOnceFaults(log),
      ...blockedFaults(log),
      ...[...ledgers].flatMap(([id, ledger]) => ledgerFaults(log, id, ledger)),
      ...flatFaults(log, ledgers),
      ...clients.flatMap(({ faults }) => faults),
      ...desk.diverged,
      ...desk.ended,
    ];
  } catch (error) {
    return [(error as Error).message];
  }
}

function count(desk: ClusterDesk, report: Counts): void {
  const [first] = desk.nodes;
  const log = first ? readChain(first.copy) : [];
  const outcomes = desk.clients.flatMap((client) => client.outcomes);
  report.events += log.length;
  const held = desk.leases.seen.filter(({ holder }) => holder !== null);
  report.tokens += held.length;
  report.turns += log.filter(({ type }) => type === 'gateway.acting').length;
  report.fills += desk.venues
    .flatMap(({ ledger }) => readLedger(ledger))
    .filter(({ what }) => what === 'fill').length;
  report.accepted += outcomes.filter(({ stage }) => stage === 'accepted').length;
  report.rejected += outcomes.filter(({ stage }) => stage === 'rejected').length;
}
