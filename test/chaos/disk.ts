import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '../../src/gateway/engines/paper/market';
import {
  commandFaults,
  heldAt,
  killedFaults,
  ledgerFaults,
  readChain,
  readLedger,
} from './checker';
import { COMMANDS, openClient } from './client';
import { openDesk, VENUE } from './desk';

export interface DiskReport {
  readonly rounds: number;
  readonly seed: number;
  /** Kills that the gateway said it could not save yet. */
  readonly unsaved: number;
  /** Gateways killed with their disk full. */
  readonly killed: number;
  readonly faults: readonly string[];
}

const SIZE = '6m';
const WITHIN_MS = 20_000;

/** Why a small disk cannot be had here; null when it can. */
export function whyNoDisk(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return 'only root can mount a small disk';
  }
  const folder = mkdtempSync(join(tmpdir(), 'vigia-disk-'));
  try {
    mount(folder);
    unmount(folder);
    return null;
  } catch {
    return 'this machine does not let a small disk be mounted';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Kills with the gateway's disk full, half of them with the gateway killed before there is room. */
export async function diskRounds(options: {
  readonly rounds: number;
  readonly seed: number;
}): Promise<DiskReport> {
  const { rounds, seed } = options;
  const random = seededRandom(seed);
  const report = { unsaved: 0, killed: 0, faults: [] as string[] };
  for (let round = 0; round < rounds; round += 1) {
    const folder = mkdtempSync(join(tmpdir(), 'vigia-disk-'));
    const data = join(folder, 'gateway');
    mkdirSync(data);
    mount(data);
    try {
      const faults = await oneDisk({ folder, data, random, report, dies: round % 2 === 1 });
      report.faults.push(...faults.map((fault) => `disk ${round}: ${fault}`));
    } finally {
      unmount(data);
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return { rounds, seed, ...report };
}

async function oneDisk(options: {
  readonly folder: string;
  readonly data: string;
  readonly random: () => number;
  readonly dies: boolean;
  readonly report: { unsaved: number; killed: number };
}): Promise<string[]> {
  const { folder, data, report } = options;
  const desk = await openDesk(options.random, folder);
  const client = openClient([desk.proxy.port], desk.token);
  const faults: string[] = [];
  try {
    const gateway = await desk.gateway();
    await desk.venue(1);
    const trades = () => readLedger(desk.ledger).filter(({ what }) => what === 'fill').length;
    const upTo = performance.now() + WITHIN_MS;
    while (trades() < 3 && performance.now() < upTo) await wait(20);
    const filler = fill(data);
    const id = client.command('kill', COMMANDS.kill);
    await client.until(() => client.isDone(id), WITHIN_MS, 'a kill on a full disk');
    const held = heldAt(readLedger(desk.ledger), Date.now());
    if (held.position !== 0) faults.push(`done, and ${held.position} is held`);
    report.unsaved += client.outcomes.filter(({ unsaved }) => unsaved).length;
    if (options.dies) {
      report.killed += 1;
      await gateway.kill();
      // It may not start without any room; it must not start in another mode.
      await desk.gateway().catch(() => undefined);
      await wait(300);
      rmSync(filler);
      if (!(await isListening(desk.proxy.port, desk.token))) await desk.gateway();
    } else {
      rmSync(filler);
    }
    const isFlat = () =>
      client.events.some(({ type, commandId }) => type === 'kill.flat' && commandId === id);
    await client.until(isFlat, WITHIN_MS, 'the kill in the log once there is room');
  } catch (error) {
    faults.push((error as Error).message);
  } finally {
    client.close();
    await desk.close();
  }
  const log = readChain(desk.log);
  return [
    ...faults,
    ...commandFaults(log, client.outcomes),
    ...killedFaults(log),
    ...ledgerFaults(log, VENUE, readLedger(desk.ledger)),
  ];
}

async function isListening(port: number, token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  return fetch(`http://127.0.0.1:${port}/health`, { headers }).then(
    () => true,
    () => false,
  );
}

/** Takes every byte that is left. @returns the file to remove for room again */
function fill(folder: string): string {
  const path = join(folder, 'filler');
  const file = openSync(path, 'w');
  for (const bytes of [65_536, 4_096, 512, 1]) {
    const block = Buffer.alloc(bytes);
    try {
      for (;;) writeSync(file, block);
    } catch {
      // Full for blocks of that size.
    }
  }
  closeSync(file);
  return path;
}

function mount(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder], {
    stdio: 'ignore',
  });
}

function unmount(folder: string): void {
  execFileSync('umount', ['--lazy', folder], { stdio: 'ignore' });
}
