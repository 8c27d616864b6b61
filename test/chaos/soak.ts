import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import WebSocket from 'ws';
import { addOperator } from '../../src/gateway/auth/operators';
import { seededRandom } from '../../src/gateway/engines/paper/market';
import { PATHS, TERMINAL_SUBPROTOCOL } from '../../src/shared/protocol/wire';
import { COMMANDS, openClient } from './client';
import { openDesk } from './desk';
import { program, type Running, run } from './processes';

/** One program under load. */
export interface Grown {
  readonly program: string;
  /** Least-squares slope of the resident set after the warm-up, KiB a minute. */
  readonly slopeKibPerMinute: number;
  readonly firstMib: number;
  readonly lastMib: number;
  readonly descriptorsFirst: number;
  readonly descriptorsLast: number;
}

export interface SoakReport {
  readonly seconds: number;
  /** Telemetry items that a terminal was sent a second. */
  readonly perSecond: number;
  /** Items that were left out for a reader that was slow. */
  readonly dropped: number;
  readonly grown: readonly Grown[];
  readonly faults: readonly string[];
}

const RATE = 5_000;
const ENGINES = 2;
const SAMPLE_MS = 1_000;
/** The first part of a run fills windows and heaps; what grows after it is a leak. */
const WARM_UP = 0.4;
/** Sockets that come and go with a session. */
const DESCRIPTORS_SLACK = 3;
const KILL_WITHIN_MS = 10_000;

/** Floods a gateway with telemetry for so long, a terminal reading all of it, and watches /proc. */
export async function soak(seconds: number, say: (text: string) => void): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-soak-'));
  // Its windows let go of what is old when it checks.
  const desk = await openDesk(seededRandom(1), folder, 1_000);
  const faults: string[] = [];
  const running = new Map<string, Running>();
  const gateway = await desk.gateway();
  running.set('gateway', gateway);
  running.set('terminal', await desk.terminal());
  const port = Number(/:(\d+)\s*$/.exec(gateway.line)?.[1]);
  for (let count = 1; count <= ENGINES; count += 1) {
    const id = `flood-${count}`;
    const account = { id, displayName: id, roles: ['engine' as const] };
    const token = await addOperator(join(folder, 'operators.yaml'), account);
    const args = [
      await program('test/bench/programs/engine.ts'),
      `ws://127.0.0.1:${port}`,
      token,
      id,
    ];
    running.set(id, await run([...args, String(RATE / ENGINES)], /./));
  }
  const client = openClient([desk.proxy.port], desk.token);
  const reader = readTelemetry(port, desk.token);
  const samples = new Map([...running.keys()].map((name) => [name, [] as Sample[]]));
  const from = performance.now();
  const elapsed = () => (performance.now() - from) / 1_000;
  for (let tick = 0; elapsed() < seconds; tick += 1) {
    await wait(SAMPLE_MS);
    for (const [name, { pid }] of running) samples.get(name)?.push(sampleOf(pid, elapsed()));
    if (tick % 60 === 59) say(`soak: ${Math.round(elapsed())} s, ${reader.items()} items`);
  }
  const perSecond = reader.items() / elapsed();
  // The history's own engine is not here: only those that are can be proven flat.
  const engines = [...running.keys()].filter((name) => name.startsWith('flood'));
  const id = client.command('kill', { ...COMMANDS.kill, scope: { kind: 'engines', engines } });
  const isFlat = () => client.isDone(id);
  await client.until(isFlat, KILL_WITHIN_MS, 'a kill under load').catch((error: Error) => {
    faults.push(error.message);
  });
  reader.close();
  client.close();
  await Promise.all([...running.values()].map((one) => one.kill()));
  await desk.close();
  rmSync(folder, { recursive: true, force: true });
  const grown = [...samples].map(([name, all]) => grownOf(name, all));
  for (const { program: name, descriptorsFirst, descriptorsLast } of grown) {
    if (descriptorsLast > descriptorsFirst + DESCRIPTORS_SLACK) {
      faults.push(`${name}: descriptors grew from ${descriptorsFirst} to ${descriptorsLast}`);
    }
  }
  return { seconds, perSecond, dropped: reader.dropped(), grown, faults };
}

interface Sample {
  readonly at: number;
  readonly kib: number;
  readonly descriptors: number;
}

function sampleOf(pid: number, at: number): Sample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
  return { at, kib, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

function grownOf(name: string, all: readonly Sample[]): Grown {
  const warm = all.slice(Math.floor(all.length * WARM_UP));
  const mean = (pick: (sample: Sample) => number) =>
    warm.reduce((sum, one) => sum + pick(one), 0) / warm.length;
  const at = mean((one) => one.at);
  const kib = mean((one) => one.kib);
  const over = warm.reduce((sum, one) => sum + (one.at - at) * (one.kib - kib), 0);
  const under = warm.reduce((sum, one) => sum + (one.at - at) ** 2, 0);
  const [first, last] = [warm[0] as Sample, warm.at(-1) as Sample];
  return {
    program: name,
    slopeKibPerMinute: Math.round((over / under) * 60),
    firstMib: Math.round(first.kib / 1_024),
    lastMib: Math.round(last.kib / 1_024),
    descriptorsFirst: first.descriptors,
    descriptorsLast: last.descriptors,
  };
}

/** A terminal's telemetry socket that counts what it is sent. */
function readTelemetry(port: number, token: string) {
  let items = 0;
  let dropped = 0;
  const headers = { authorization: `Bearer ${token}` };
  const url = `ws://127.0.0.1:${port}${PATHS.telemetry}`;
  const socket = new WebSocket(url, TERMINAL_SUBPROTOCOL, { headers });
  const terminal = { id: 'soak', name: 'soak', version: '1' };
  socket.on('open', () =>
    socket.send(JSON.stringify({ type: 'hello', terminal, time: Date.now() })),
  );
  socket.on('error', () => undefined);
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as {
      readonly batches?: { readonly items: unknown[] }[];
      readonly dropped?: number;
    };
    for (const batch of message.batches ?? []) items += batch.items.length;
    dropped += message.dropped ?? 0;
  });
  return { items: () => items, dropped: () => dropped, close: () => socket.terminate() };
}
