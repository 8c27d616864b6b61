import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { print, round } from './figure';
import { program, start } from './process';

const TERMINALS = 500;
const ENGINES = 50;
const RUNS = 5;
/** Items a second of one engine: what it has on a busy day, and a flood. */
const LOADS = { busy: 10, flood: 200 } as const;
const SETTLE_MS = 3_000;
const KILL_TARGET_MS = { busy: 500, flood: 1_500 } as const;
const MEMORY_TARGET_MIB = 1_024;

const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
const node = process.execPath;

for (const load of ['busy', 'flood'] as const) {
  const gateway = start(node, [await program('crowdGateway'), mkdtempSync(join(folder, load))]);
  const port = await gateway.line(/^\d+$/);
  const fleetArgs = [port, String(ENGINES), String(LOADS[load])];
  const fleet = start(node, [await program('fleet'), ...fleetArgs]);
  await fleet.line(/^ready/);
  const crowd = start(node, [await program('crowd'), port, String(TERMINALS)]);
  await crowd.line(/^there/);
  await wait(SETTLE_MS);
  const url = `http://127.0.0.1:${port}`;
  const post = (path: string, body: object) =>
    fetch(`${url}/operations/${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer desk', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.split(' ').at(-1) ?? 0);
  };
  const kills: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const blocked = fleet.line(/^killed /);
    const at = process.hrtime.bigint();
    await post('kill-switch', { reason: 'bench', wait_for_proof: false });
    kills.push(Number(BigInt((await blocked).split(' ')[1] ?? '0') - at) / 1e6);
    await wait(1_000);
    await post('resume', { reason: 'bench', confirmation_code: 'CONFIRM_RESUME' });
    await wait(1_000);
  }
  crowd.stdin.write('\n');
  const [, open = '0', , flat = '0'] = (await crowd.line(/^state /)).split(' ');
  const sent = await metric('vigia_telemetry_items_total');
  const dropped = await metric('vigia_telemetry_dropped_total');
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8');
  const memory = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1_024;
  const worst = Math.max(...kills);
  const figure = { floor: null, ratio: null, runs: RUNS };
  print({
    ...{ ...figure, figure: `gateway.${load}.kill_to_last_engine_blocked_max`, unit: 'ms' },
    value: round(worst),
    target: `≤ ${KILL_TARGET_MS[load]} ms with ${TERMINALS} terminals, ${ENGINES} engines`,
    met: worst <= KILL_TARGET_MS[load],
  });
  print({
    ...{ ...figure, figure: `gateway.${load}.sockets_kept`, unit: 'of 1000' },
    value: Number(open),
    target: 'all',
    met: Number(open) === 2 * TERMINALS,
  });
  print({
    ...{ ...figure, figure: `gateway.${load}.terminals_told_flat`, unit: `of ${RUNS * TERMINALS}` },
    value: Number(flat),
    target: 'each terminal of each kill, within its second',
    met: Number(flat) >= RUNS * TERMINALS,
  });
  print({
    ...{ ...figure, figure: `gateway.${load}.telemetry_left_out`, unit: '%' },
    value: round((100 * dropped) / Math.max(1, sent + dropped)),
    target: load === 'busy' ? '0' : 'as much as it must',
    met: load === 'flood' || dropped === 0,
  });
  print({
    ...{ ...figure, figure: `gateway.${load}.memory_peak`, unit: 'MiB' },
    value: round(memory),
    target: `≤ ${MEMORY_TARGET_MIB}`,
    met: memory <= MEMORY_TARGET_MIB,
  });
  for (const one of [crowd, fleet, gateway]) await one.end();
}
rmSync(folder, { recursive: true, force: true });
