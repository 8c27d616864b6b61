import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { TestTerminal } from '../support/testTerminal';
import { startDesk } from './desk';
import { percentile, print, round } from './figure';
import { floorApp, openDisplay, program, start, startElectron, TERMINAL } from './process';

const RUNS = 200;
const MESSAGES_PER_SECOND = 5_000;
/** The rule's dead time is 0.4 s; the second press comes a moment after it, as a hurried hand's does. */
const BETWEEN_PRESSES_MS = 450;
/** After firing, the key counts again once it was left alone for 1.5 s. */
const REST_MS = 1_550;
const TARGET_MS = 100;
const TARGET_RATIO = 6;

const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
const display = await openDisplay();
const desk = await startDesk(folder, MESSAGES_PER_SECOND);
const watcher = await TestTerminal.open(desk.port, desk.token);
const terminal = startElectron(TERMINAL, display, [
  ...['--config', desk.config, '--user-data-dir', join(folder, 'terminal')],
]);
await terminal.line(/ready panel/);
await watcher.until(
  () => watcher.events.filter(({ type }) => type === 'session.opened').length >= 2,
);

const floorServer = start(process.execPath, [
  await program('floorServer'),
  join(folder, 'floor.db'),
]);
const floorUrl = `ws://127.0.0.1:${await floorServer.line(/^\d+$/)}`;
const floorEngine = start(process.execPath, [await program('floorEngine'), floorUrl]);
await floorEngine.line(/^ready/);
const floor = startElectron(
  await floorApp(join(folder, 'floor')),
  display,
  ['--user-data-dir', join(folder, 'floor-data')],
  { FLOOR_SHORTCUT: 'Control+Shift+J', FLOOR_URL: floorUrl },
);
await floor.line(/^ready/);

// One xdotool that reads its orders: its own start is not part of a key press.
const keyboard = start('xdotool', ['-'], { DISPLAY: display.name });
const press = (key: string): bigint => {
  const at = process.hrtime.bigint();
  keyboard.stdin.write(`key --delay 0 ctrl+shift+${key}\n`);
  return at;
};
const since = (pressedAt: bigint, line: string): number =>
  Number(BigInt(line.split(' ')[1] ?? '0') - pressedAt) / 1e6;

const ours: number[] = [];
const floors: number[] = [];
for (let run = 0; run < RUNS; run += 1) {
  press('k');
  await wait(BETWEEN_PRESSES_MS);
  const blocked = desk.engine.line(/^killed /);
  ours.push(since(press('k'), await blocked));
  await watcher.until(
    () => watcher.ops.kills[0]?.flatAt != null && watcher.ops.desk.mode === 'killed',
  );
  await wait(REST_MS / 2);
  const read = floorEngine.line(/^killed /);
  floors.push(since(press('j'), await read));
  await wait(REST_MS / 2);
  const resumed = desk.engine.line(/^normal /);
  watcher.command('resume', {
    scope: { kind: 'all' },
    reason: 'bench',
    confirmation: 'CONFIRM_RESUME',
    checklist: { causeUnderstood: true, positionsReviewed: true, teamNotified: true },
    origin: 'cli',
  });
  await resumed;
  if (run % 20 === 19) process.stderr.write(`kill: ${run + 1} of ${RUNS}\n`);
}

for (const fraction of [0.5, 0.99] as const) {
  const value = percentile(ours, fraction);
  const beside = percentile(floors, fraction);
  const tail = fraction === 0.99;
  print({
    figure: `kill.key_to_block_p${fraction * 100}`,
    value: round(value),
    unit: 'ms',
    floor: round(beside),
    ratio: round(value / beside),
    target: tail ? `≤ ${TARGET_MS} ms and ≤ ${TARGET_RATIO} × the floor` : 'none',
    met: !tail || (value <= TARGET_MS && value / beside <= TARGET_RATIO),
    runs: RUNS,
  });
}
watcher.socket.terminate();
for (const one of [keyboard, floor, floorEngine, floorServer, terminal]) await one.end();
await desk.end();
display.close();
rmSync(folder, { recursive: true, force: true });
