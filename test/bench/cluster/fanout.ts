import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNats } from '../../support/nats';
import { print, round } from '../figure';
import { type Program, program, start } from '../process';
import { type MeasuredGateway, startGateways } from './gateways';

const TERMINALS = 500;
const ENGINES = 50;
/** Items a second of one engine: five times those of a busy day. */
const RATE = 200;
/** Seconds of the fleet's own telemetry before what is measured, and of it. */
const SETTLE_S = 2;
const WINDOW_S = 8;
/** Of /proc/PID/stat: Linux on every machine that it runs on. */
const TICKS_PER_SECOND = 100;

interface Measured {
  readonly itemsPerSecond: number;
  readonly sentPerSecond: number;
  readonly leftOut: number;
  /** Percent of one core, each. */
  readonly cpu: readonly number[];
}

/** The same engines and terminals on one, two and three gateways. */
export async function benchFanout(folder: string): Promise<void> {
  let alone: number | null = null;
  for (const count of [1, 2, 3]) {
    const { itemsPerSecond, sentPerSecond, leftOut, cpu } = await measure(folder, count);
    const total = cpu.reduce((sum, one) => sum + one, 0);
    alone ??= total;
    const common = { target: 'none', met: true, runs: 1 };
    const due = sentPerSecond * TERMINALS;
    print({
      ...{ ...common, figure: `cluster.fanout.g${count}.items_delivered`, unit: 'items/s' },
      ...{ value: round(itemsPerSecond), floor: round(due), ratio: round(itemsPerSecond / due) },
      target: 'all that engines sent, to each terminal',
      met: leftOut === 0,
    });
    print({
      ...{
        ...common,
        figure: `cluster.fanout.g${count}.cpu_most_of_a_gateway`,
        unit: '% of a core',
      },
      ...{ value: round(Math.max(...cpu)), floor: null, ratio: null },
    });
    print({
      ...{ ...common, figure: `cluster.fanout.g${count}.cpu_of_all`, unit: '% of a core' },
      ...{ value: round(total), floor: round(alone), ratio: round(total / alone) },
    });
  }
}

async function measure(folder: string, count: number): Promise<Measured> {
  const servers = await startNats({ servers: 3, direct: true });
  const gateways = await startGateways(join(folder, `fanout-${count}`), servers, count);
  const ports = gateways.map(({ port }) => port).join();
  const node = process.execPath;
  const fleet = start(node, [await program('fleet'), ports, String(ENGINES), String(RATE)]);
  await fleet.line(/^ready/);
  const crowd = start(node, [await program('crowd'), ports, String(TERMINALS)]);
  await crowd.line(/^there/);
  await sent(fleet, SETTLE_S);

  const began = performance.now();
  const before = await Promise.all(gateways.map(read));
  await sent(fleet, WINDOW_S);
  const after = await Promise.all(gateways.map(read));
  const seconds = (performance.now() - began) / 1_000;
  for (const one of [crowd, fleet, ...gateways.map((gateway) => gateway.program)]) await one.end();
  await servers.stop();
  const difference = (of: 'items' | 'dropped' | 'ticks') =>
    after.map((now, at) => now[of] - (before[at]?.[of] ?? 0));
  const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);
  return {
    itemsPerSecond: sum(difference('items')) / seconds,
    sentPerSecond: (ENGINES * RATE * WINDOW_S) / seconds,
    leftOut: sum(difference('dropped')),
    cpu: difference('ticks').map((ticks) => (100 * ticks) / TICKS_PER_SECOND / seconds),
  };
}

/** Resolves when the fleet has sent what it sends in so many seconds. */
async function sent(fleet: Program, seconds: number): Promise<void> {
  fleet.stdin.write(`${ENGINES * RATE * seconds}\n`);
  await fleet.line(/^sent/);
}

async function read({ port, program: { pid } }: MeasuredGateway) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const metric = (name: string) => {
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.split(' ').at(-1) ?? 0);
  };
  // After the program's name, which may hold anything but a closing bracket: state, …, utime, stime.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return {
    items: metric('vigia_telemetry_items_total'),
    dropped: metric('vigia_telemetry_dropped_total'),
    ticks: Number(fields[11]) + Number(fields[12]),
  };
}
