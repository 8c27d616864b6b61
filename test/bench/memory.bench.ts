import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startDesk } from './desk';
import { median, print, round } from './figure';
import { floorApp, openDisplay, type Program, startElectron, TERMINAL } from './process';

const RUNS = 3;
/** Long enough for the first collections and for the figures to come in. */
const SETTLE_MS = 15_000;
const TARGET_RATIO = 1.8;

/** Proportional set size of a process and all it started, MiB: shared pages are counted once. */
function pss(root: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It ended between the listing and the reading.
    }
  }
  const isOurs = (pid: number): boolean =>
    pid === root || (parents.has(pid) && isOurs(parents.get(pid) as number));
  return [...parents.keys()].filter(isOurs).reduce((sum, pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      return sum + Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024;
    } catch {
      return sum;
    }
  }, 0);
}

const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
const display = await openDisplay();
const desk = await startDesk(folder, 5);
const floorFolder = await floorApp(join(folder, 'floor'));

async function weigh(running: Program, ready: RegExp): Promise<number> {
  await running.line(ready);
  await wait(SETTLE_MS);
  const size = pss(running.pid);
  await running.end();
  return size;
}

const data = (name: string) => ['--user-data-dir', join(folder, name)];
const weighed = { joined: [] as number[], alone: [] as number[], floor: [] as number[] };
for (let run = 0; run < RUNS; run += 1) {
  const joined = startElectron(TERMINAL, display, ['--config', desk.config, ...data('joined')]);
  weighed.joined.push(await weigh(joined, /ready panel/));
  weighed.alone.push(await weigh(startElectron(TERMINAL, display, data('alone')), /ready panel/));
  const env = { FLOOR_SHORTCUT: 'Control+Shift+J' };
  weighed.floor.push(
    await weigh(startElectron(floorFolder, display, data('bare'), env), /^ready$/),
  );
  process.stderr.write(`memory: ${run + 1} of ${RUNS}\n`);
}
const beside = median(weighed.floor);
const figures = [
  ['memory.terminal_pss', weighed.joined, true],
  ['memory.with_own_gateway_and_engine_pss', weighed.alone, false],
] as const;
for (const [figure, samples, held] of figures) {
  const value = median(samples);
  print({
    figure,
    value: round(value),
    unit: 'MiB',
    floor: round(beside),
    ratio: round(value / beside),
    target: held ? `≤ ${TARGET_RATIO} × a bare Electron window` : 'none',
    met: !held || value / beside <= TARGET_RATIO,
    runs: RUNS,
  });
}
await desk.end();
display.close();
rmSync(folder, { recursive: true, force: true });
