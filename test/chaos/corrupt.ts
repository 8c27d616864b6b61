import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { seededRandom } from '../../src/gateway/engines/paper/market';
import { mirrorFaults, readChain, type Told } from './checker';
import { COMMANDS, openClient } from './client';
import { type Desk, openDesk } from './desk';

export interface CorruptReport {
  readonly rounds: number;
  readonly seed: number;
  /** The gateway refused to start on what does not verify. */
  readonly refused: number;
  /** The damage was where nothing is. */
  readonly unharmed: number;
  /** A damaged WAL: SQLite takes it up to there, and a terminal whose mirror is longer says so. */
  readonly shortened: number;
  /** Mirrors set aside and taken anew, and mirrors that had nothing wrong. */
  readonly setAside: number;
  readonly mirrorUnharmed: number;
  readonly faults: readonly string[];
}

const WITHIN_MS = 20_000;
type Counts = { -readonly [Key in keyof CorruptReport]: CorruptReport[Key] };

/** Damages log or mirror, or their WAL, after a kill -9, and starts their owner on it. */
export async function corruptRounds(options: {
  readonly rounds: number;
  readonly seed: number;
}): Promise<CorruptReport> {
  const { rounds, seed } = options;
  const random = seededRandom(seed);
  const none = { refused: 0, unharmed: 0, shortened: 0, setAside: 0, mirrorUnharmed: 0 };
  const report: Counts = { rounds, seed, ...none, faults: [] };
  for (let round = 0; round < rounds; round += 1) {
    const folder = mkdtempSync(join(tmpdir(), 'vigia-corrupt-'));
    const faults = await oneDamage(folder, random, report);
    report.faults = [...report.faults, ...faults.map((fault) => `damage ${round}: ${fault}`)];
    rmSync(folder, { recursive: true, force: true });
  }
  return report;
}

async function oneDamage(folder: string, random: () => number, report: Counts): Promise<string[]> {
  const desk = await openDesk(random, folder);
  const client = openClient([desk.proxy.port], desk.token);
  try {
    const gateway = await desk.gateway();
    const terminal = await desk.terminal();
    for (let count = 0; count < 5; count += 1) {
      client.command(
        count % 2 === 0 ? 'kill' : 'resume',
        COMMANDS[count % 2 === 0 ? 'kill' : 'resume'],
      );
      await client.until(() => client.pending().length === 0, WITHIN_MS, 'an outcome');
    }
    await caughtUp(desk);
    await Promise.all([gateway.kill(), terminal.kill()]);
    const before = readCopy(desk.log, folder);
    const pick = random();
    const isMirror = pick < 0.5;
    const path = isMirror ? desk.mirror : desk.log;
    const inWal = random() < 0.5;
    if (!inWal) intoOneFile(path);
    damage(inWal ? `${path}-wal` : path, random);
    return isMirror
      ? await startMirror(desk, report)
      : await startLog(desk, client.close, before, report);
  } catch (error) {
    return [(error as Error).message];
  } finally {
    client.close();
    await desk.close();
  }
}

/** The chain as it was, read from a copy: reading a WAL database changes its files. */
function readCopy(path: string, folder: string): Told[] {
  const copy = join(folder, 'copy.db');
  for (const suffix of ['', '-wal']) {
    if (existsSync(path + suffix)) cpSync(path + suffix, copy + suffix);
  }
  return readChain(copy);
}

/** Moves what is in the WAL into the file itself, as time would. */
function intoOneFile(path: string): void {
  const database = new Database(path);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}

/** Some bytes changed, a block of nothing, or the end cut off. */
function damage(path: string, random: () => number): void {
  const bytes = readFileSync(path);
  const at = Math.floor(random() * bytes.length);
  const how = random();
  if (how < 0.5) {
    for (let count = 0; count < 8; count += 1) {
      const place = (at + Math.floor(random() * 64)) % Math.max(1, bytes.length);
      bytes[place] = (bytes[place] ?? 0) ^ (1 + Math.floor(random() * 255));
    }
  } else if (how < 0.75) bytes.fill(0, at, at + 512);
  writeFileSync(path, how < 0.75 ? bytes : bytes.subarray(0, at));
}

/** A log that was damaged is refused, or what is served of it holds and is its beginning. */
async function startLog(
  desk: Desk,
  stopAsking: () => void,
  before: readonly Told[],
  report: Counts,
): Promise<string[]> {
  stopAsking();
  try {
    await desk.gateway();
  } catch (error) {
    report.refused += 1;
    const said = /does not verify|malformed|not a database|disk image|corrupt/.test(String(error));
    return said ? [] : [`it ended without saying why: ${(error as Error).message}`];
  }
  const log = readChain(desk.log);
  const same = log.findIndex(({ hash }, index) => hash !== before[index]?.hash);
  const kept = same === -1 ? log.length : same;
  if (kept >= before.length) {
    report.unharmed += 1;
    return [];
  }
  report.shortened += 1;
  const modes = log.filter(({ type }) => type === 'kill.requested' || type === 'ops.resumed');
  if (modes.at(-1)?.type !== 'kill.requested') return ['killed, and starts in another mode'];
  // What the mirror has beyond that is another history now: it is kept aside, and said.
  await desk.terminal();
  await caughtUp(desk);
  const mirrored = quarantined(desk).length > 0;
  return mirrored ? mirrorFaults(readChain(desk.log), readChain(desk.mirror)) : ['nobody noticed'];
}

/** A mirror that was damaged is set aside, and all of the log taken anew. */
async function startMirror(desk: Desk, report: Counts): Promise<string[]> {
  await desk.gateway();
  await desk.terminal();
  await caughtUp(desk);
  if (quarantined(desk).length > 0) report.setAside += 1;
  else report.mirrorUnharmed += 1;
  return mirrorFaults(readChain(desk.log), readChain(desk.mirror));
}

async function caughtUp(desk: Desk): Promise<void> {
  const upTo = performance.now() + WITHIN_MS;
  const last = (path: string) => {
    try {
      return readChain(path).at(-1)?.hash;
    } catch {
      // It is being set aside just now.
      return undefined;
    }
  };
  while (performance.now() < upTo) {
    const head = last(desk.log);
    if (head !== undefined && head === last(desk.mirror)) return;
    await wait(50);
  }
  throw new Error('the mirror does not come to the end of the log');
}

function quarantined({ mirror }: Desk): string[] {
  return readdirSync(dirname(mirror)).filter((name) => name.startsWith('audit-quarantine-'));
}
