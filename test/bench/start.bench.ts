import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, print, round } from './figure';
import { floorApp, openDisplay, startElectron, TERMINAL } from './process';

const RUNS = 11;
const TARGET_RATIO = 2.0;

const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
const display = await openDisplay();
const floorFolder = await floorApp(join(folder, 'floor'));

/** Milliseconds from the process's start to the word that its window takes input. */
async function started(
  app: string,
  args: readonly string[],
  env: object,
  ready: RegExp,
): Promise<number> {
  const at = performance.now();
  const running = startElectron(app, display, args, env);
  await running.line(ready);
  const took = performance.now() - at;
  await running.end();
  return took;
}

const own = ['--user-data-dir', join(folder, 'terminal')];
const bare = ['--user-data-dir', join(folder, 'floor-data')];
const terminal = () => started(TERMINAL, own, {}, /ready panel/);
const floor = () => started(floorFolder, bare, { FLOOR_SHORTCUT: 'Control+Shift+J' }, /^ready$/);

// The first of each makes its folder and fills the disk's cache: what a desk sees is the second.
await terminal();
await floor();
const ours: number[] = [];
const floors: number[] = [];
for (let run = 0; run < RUNS; run += 1) {
  ours.push(await terminal());
  floors.push(await floor());
  process.stderr.write(`start: ${run + 1} of ${RUNS}\n`);
}
const value = median(ours);
const beside = median(floors);
print({
  figure: 'start.to_panel_interactive',
  value: round(value),
  unit: 'ms',
  floor: round(beside),
  ratio: round(value / beside),
  target: `≤ ${TARGET_RATIO} × a bare Electron window`,
  met: value / beside <= TARGET_RATIO,
  runs: RUNS,
});
display.close();
rmSync(folder, { recursive: true, force: true });
