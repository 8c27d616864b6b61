import { join } from 'node:path';
import { z } from 'zod';
import { seededRandom } from '../../src/gateway/engines/paper/market';
import type { Caller } from '../../src/main/ipc/sender';
import { type CallSource, type IpcHandlers, serveCalls } from '../../src/main/ipc/serve';
import { type IpcCall, ipcCalls } from '../../src/shared/ipc/contract';
import { ENGINE_SUBPROTOCOL, PATHS, TERMINAL_SUBPROTOCOL } from '../../src/shared/protocol/wire';
import { newDataDir, openGateway } from '../support/desk';
import { FakeEngine } from '../support/fakeEngine';
import { bombard, HOSTILE } from '../support/fuzz';
import { TestTerminal } from '../support/testTerminal';
import { readChain } from './checker';

export interface FuzzReport {
  readonly sent: number;
  readonly seed: number;
  /** Of IPC messages: those that fit their schema and reached a handler. */
  readonly taken: number;
  readonly faults: readonly string[];
}

/** Damaged frames at the three sockets of a gateway, which must live, keep its log and still kill. */
export async function fuzzFrames(frames: number, seed: number): Promise<FuzzReport> {
  const random = seededRandom(seed);
  const dir = newDataDir();
  const gateway = await openGateway(dir.path);
  const faults: string[] = [];
  let sent = 0;
  const sockets = [
    { path: PATHS.control, protocol: TERMINAL_SUBPROTOCOL, token: 'ana' },
    { path: PATHS.telemetry, protocol: TERMINAL_SUBPROTOCOL, token: 'ana' },
    { path: PATHS.engine, protocol: ENGINE_SUBPROTOCOL, token: 'engine-token' },
  ];
  for (const where of sockets) {
    const watcher = await TestTerminal.open(gateway.port);
    const engine = new FakeEngine(`honest${where.path}`, 50);
    await engine.connect(gateway.port);
    sent += await bombard(gateway.port, where, Math.ceil(frames / sockets.length), random);
    const already = watcher.ops.kills.length;
    watcher.kill({ scope: { kind: 'engines', engines: [engine.id] } });
    await watcher.until(() => watcher.ops.kills.length > already && engine.quantity === 0);
    watcher.socket.terminate();
    engine.disconnect();
  }
  await gateway.stop();
  try {
    readChain(join(dir.path, 'log.db'));
  } catch (error) {
    faults.push((error as Error).message);
  }
  dir.remove();
  return { sent, seed, taken: 0, faults };
}

/** Values that an argument is replaced by. */
const ODD: readonly unknown[] = [
  ...HOSTILE,
  ...[null, undefined, true, '', 0, -1, 1e308, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53],
  ...[[], {}, [[[[]]]], { kind: 'all' }, { kind: 'engines', engines: ['e'] }, 'CONFIRM_RESUME'],
  ...['x'.repeat(10_000), { __proto__: { on: true } }, JSON.parse('{"__proto__":{"on":true}}')],
  ...['panel', 'kill', '018f0000-0000-7000-8000-000000000001', new Date(0), new Map(), 7n],
];

/**
 * Mutated calls at every channel of the IPC contract, by our own page and by strangers. A handler must
 * see nothing but what its schema lets through, a stranger nothing at all, and nobody an exception.
 */
export async function fuzzIpc(messages: number, seed: number): Promise<FuzzReport> {
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const listeners = new Map<string, (caller: Caller, args: unknown) => unknown>();
  const source: CallSource = {
    handle: (channel, listener) => void listeners.set(channel, listener),
  };
  const faults: string[] = [];
  const channels = Object.keys(ipcCalls) as IpcCall[];
  let taken = 0;
  let stranger = false;
  const handler = (channel: IpcCall) => (args: unknown) => {
    taken += 1;
    if (stranger) faults.push(`${channel}: a stranger reached its handler`);
    if (!ipcCalls[channel].args.safeParse(args).success) {
      faults.push(`${channel}: its handler got what does not fit`);
    }
    return null;
  };
  const handlers = Object.fromEntries(channels.map((channel) => [channel, handler(channel)]));
  const own = { root: 'file:///app/renderer/', contentsIds: () => [7] };
  serveCalls(source, handlers as unknown as IpcHandlers, own, (channel, error) => {
    faults.push(`${channel}: ${(error as Error).message}`);
  });
  const ours = { sender: { id: 7 }, senderFrame: { url: `${own.root}panel.html`, parent: null } };
  const strangers: Caller[] = [
    { ...ours, sender: { id: 8 } },
    { ...ours, senderFrame: { url: 'https://evil.example/', parent: null } },
    { ...ours, senderFrame: null },
  ];
  const samples = new Map(channels.map((channel) => [channel, sampleOf(ipcCalls[channel].args)]));
  for (let sent = 0; sent < messages; sent += 1) {
    const channel = pick(channels);
    stranger = random() < 0.1;
    const args = mutated(samples.get(channel), random, pick);
    try {
      const answer = await listeners.get(channel)?.(stranger ? pick(strangers) : ours, args);
      if (typeof (answer as { ok?: unknown })?.ok !== 'boolean')
        faults.push(`${channel}: no result`);
    } catch (error) {
      faults.push(`${channel}: threw ${(error as Error).message}`);
    }
    if (faults.length > 20) break;
  }
  return { sent: messages, seed, taken, faults };
}

/** One member, or all, replaced, left out or added. */
function mutated(
  sample: unknown,
  random: () => number,
  pick: <T>(items: readonly T[]) => T,
): unknown {
  if (random() < 0.1) return pick(ODD);
  if (random() < 0.1) return sample;
  if (Array.isArray(sample)) {
    return sample.map((one) => (random() < 0.5 ? mutated(one, random, pick) : one));
  }
  if (typeof sample !== 'object' || sample === null) return pick(ODD);
  const members = Object.entries(sample);
  const at = Math.floor(random() * (members.length + 1));
  if (at === members.length)
    return { ...sample, [pick(['extra', '__proto__', 'kind'])]: pick(ODD) };
  const [key, value] = members[at] as [string, unknown];
  if (random() < 0.2) return Object.fromEntries(members.filter(([name]) => name !== key));
  return { ...sample, [key]: mutated(value, random, pick) };
}

/** A value near to what a schema takes, made of its JSON Schema. */
function sampleOf(schema: z.ZodType): unknown {
  return ofJson(z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }));
}

interface JsonSchema {
  readonly type?: string | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly anyOf?: readonly JsonSchema[] | undefined;
  readonly oneOf?: readonly JsonSchema[] | undefined;
  readonly allOf?: readonly JsonSchema[] | undefined;
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly items?: JsonSchema | undefined;
  readonly minimum?: number | undefined;
  readonly format?: string | undefined;
  readonly minLength?: number | undefined;
}

function ofJson(given: unknown): unknown {
  const schema = (given ?? {}) as JsonSchema;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const choice = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choice) return ofJson(choice[0]);
  switch (schema.type) {
    case 'object': {
      const members = Object.entries(schema.properties ?? {});
      return Object.fromEntries(members.map(([key, one]) => [key, ofJson(one)]));
    }
    case 'array':
      return [ofJson(schema.items)];
    case 'string':
      if (schema.format === 'uuid') return '018f0000-0000-7000-8000-000000000001';
      return 'x'.repeat(Math.max(1, schema.minLength ?? 1));
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return true;
    default:
      return null;
  }
}
