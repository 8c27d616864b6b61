import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startNats } from '../../support/nats';
import { TestTerminal } from '../../support/testTerminal';
import { percentile, print, round } from '../figure';
import { type Program, program, start } from '../process';
import { startGateways } from './gateways';

const RUNS = 60;
const ENGINES = 3;
const TARGET_RATIO = 2;

interface Desk {
  readonly terminals: readonly TestTerminal[];
  readonly fleet: Program;
  readonly ms: number[];
}

/** A kill given at one of three gateways, each with an engine, beside one given at a gateway with three. */
export async function benchKill(folder: string): Promise<void> {
  const servers = await startNats({ servers: 3, direct: true });
  const several = await startGateways(join(folder, 'several'), servers, ENGINES);
  mkdirSync(join(folder, 'single'));
  const single = start(process.execPath, [await program('crowdGateway'), join(folder, 'single')]);
  const cluster = await desk(several.map(({ port }) => port));
  const alone = await desk([Number(await single.line(/^\d+$/))]);

  for (let run = 0; run < RUNS; run += 1) {
    const order = run % 2 === 0 ? [cluster, alone] : [alone, cluster];
    for (const one of order) await kill(one, run);
    await Promise.all(order.map((one) => resume(one, run)));
  }
  for (const fraction of [0.5, 0.99]) {
    const value = percentile(cluster.ms, fraction);
    const floor = percentile(alone.ms, fraction);
    const tail = fraction === 0.99;
    print({
      ...{ figure: `cluster.kill_to_last_engine_blocked_p${fraction * 100}`, unit: 'ms' },
      ...{ value: round(value), floor: round(floor), ratio: round(value / floor), runs: RUNS },
      target: tail ? `≤ ${TARGET_RATIO} × one gateway with the same engines` : 'none',
      met: !tail || value / floor <= TARGET_RATIO,
    });
  }
  for (const { terminals, fleet } of [cluster, alone]) {
    for (const { socket } of terminals) socket.terminate();
    await fleet.end();
  }
  for (const gateway of [single, ...several.map((one) => one.program)]) await gateway.end();
  await servers.stop();
}

async function desk(ports: readonly number[]): Promise<Desk> {
  const fleet = start(process.execPath, [
    await program('fleet'),
    ...[ports.join(), String(ENGINES), '10'],
  ]);
  await fleet.line(/^ready/);
  const terminals = await Promise.all(ports.map((port) => TestTerminal.open(port)));
  const one = { terminals, fleet, ms: [] };
  await everywhere(one, ({ ops }) => {
    const engines = Object.values(ops.engines);
    return engines.length === ENGINES && engines.every(({ connected }) => connected);
  });
  // Of several, one acts: without it a kill is carried out all the same, but no resume.
  if (ports.length > 1) await everywhere(one, ({ ops }) => ops.acting !== null);
  return one;
}

const terminalOf = ({ terminals }: Desk, run: number) =>
  terminals[run % terminals.length] as TestTerminal;

async function kill(desk: Desk, run: number): Promise<void> {
  const blocked = desk.fleet.line(/^killed /);
  const at = process.hrtime.bigint();
  terminalOf(desk, run).kill();
  desk.ms.push(Number(BigInt((await blocked).split(' ')[1] ?? '0') - at) / 1e6);
}

async function resume(desk: Desk, run: number): Promise<void> {
  await everywhere(desk, ({ ops }) => ops.desk.mode === 'killed' && ops.kills[0]?.flatAt != null);
  terminalOf(desk, run).command('resume', RESUME);
  await everywhere(
    desk,
    ({ ops }) =>
      ops.desk.mode === 'normal' &&
      Object.values(ops.engines).every(({ confirmedMode }) => confirmedMode === 'normal'),
  );
}

function everywhere({ terminals }: Desk, holds: (terminal: TestTerminal) => boolean) {
  return Promise.all(terminals.map((terminal) => terminal.until(() => holds(terminal))));
}

/** What a terminal says that resumes the desk. */
export const RESUME = {
  ...{ scope: { kind: 'all' }, reason: 'bench', confirmation: 'CONFIRM_RESUME', origin: 'cli' },
  checklist: { causeUnderstood: true, positionsReviewed: true, teamNotified: true },
};
