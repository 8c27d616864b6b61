import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { shareKills } from '../../../src/gateway/cluster/kills';
import { createClusterLog } from '../../../src/gateway/cluster/log';
import type { Fact } from '../../../src/gateway/facts';
import type { GatewayLog } from '../../../src/gateway/log';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import type { LogEvent } from '../../../src/shared/log/event';
import { MemoryStream } from './memoryStream';

const { privateKey: key } = generateKeyPairSync('ed25519');
/** The state keeps fewer. */
const MANY = 25;

interface Node {
  readonly log: GatewayLog;
  readonly end: ReturnType<MemoryStream['end']>;
  /** What it told, and whether the others hear it. */
  readonly told: LogEvent[];
  readonly hear: Set<(what: unknown) => void>;
  leave(): void;
  mute: boolean;
}

let stream: MemoryStream;
let nodes: Node[] = [];

beforeEach(() => {
  stream = new MemoryStream();
  nodes = [];
});
afterEach(async () => {
  for (const { end, leave, log } of nodes) {
    leave();
    end.cutOff = false;
    end.wake();
    await log.stop();
  }
});

async function open(latched: (log: GatewayLog) => readonly LogEvent[] = () => []): Promise<Node> {
  const end = stream.end();
  const log = await createClusterLog({
    ...{ store: new SqliteEventStore(':memory:', sha256), stream: end, sha256, key },
    ...{ origin: 'test', checkpointEvery: 1_000, random: randomBytes, clock: Date.now },
    ...{ uptime: () => performance.now(), signs: () => false, retryMs: 1 },
  });
  end.cutOff = true;
  const node: Node = { log, end, told: [], hear: new Set(), leave: () => undefined, mute: false };
  const peers = {
    kill(what: unknown) {
      node.told.push(what as LogEvent);
      if (node.mute) return;
      const text = JSON.stringify(what);
      for (const other of nodes) {
        if (other !== node)
          for (const hear of other.hear) queueMicrotask(() => hear(JSON.parse(text)));
      }
    },
    onKill: (listener: (what: unknown) => void) => void node.hear.add(listener),
  };
  nodes.push(node);
  node.leave = shareKills(log, peers, latched(log), 5);
  return node;
}

function give({ log }: Pick<Node, 'log'>, commandId: string): readonly LogEvent[] {
  const actor = { id: 'ana', role: 'trader', terminal: 't1' };
  const kill: Fact = {
    ...{ type: 'kill.requested', actor, commandId, reason: 'prueba' },
    data: {
      ...{ scope: { kind: 'all' }, closePositions: true, notifyTeam: true, origin: 'panel' },
      ...{ targets: [], drill: false, ageMs: 0 },
    },
  };
  return log.append(kill);
}

const idsIn = ({ log }: Node) => log.state().kills.map(({ commandId }) => commandId);

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    for (const { end } of nodes) end.wake();
    await new Promise((go) => setImmediate(go));
  }
}

it('a kill that the log does not take is at all gateways, as one event, and in it once', async () => {
  const [norte, centro, sur] = [await open(), await open(), await open()];
  const [event] = give(norte, 'k1');
  await until(() => nodes.every((one) => idsIn(one).includes('k1')));
  const heard: LogEvent[] = [];
  for (const { log } of [centro, sur]) log.onRecorded((one) => heard.push(one));
  for (const { end } of nodes) end.cutOff = false;
  await until(() => nodes.every(({ log }) => log.savedHead().seq === 1));
  const saved = await Promise.all(nodes.map(async ({ log }) => (await log.read(1, 10))[0]?.id));
  expect(saved).toEqual([event?.id, event?.id, event?.id]);
  // Whoever had it already does not hear of it as of another.
  expect(heard).toEqual([]);
});

it('is told again until it is in the log: who did not hear it at first hears it', async () => {
  const [norte, sur] = [await open(), await open()];
  norte.mute = true;
  give(norte, 'k1');
  await until(() => norte.told.length > 2);
  expect(idsIn(sur)).toEqual([]);
  norte.mute = false;
  await until(() => idsIn(sur).length === 1);
  for (const { end } of nodes) end.cutOff = false;
  await until(() => nodes.every(({ log }) => log.health().unsavedEvents === 0));
  await until(() => norte.log.savedHead().seq === 1);
  const told = norte.told.length;
  for (let turn = 0; turn < 50; turn += 1) await new Promise((go) => setImmediate(go));
  expect(norte.told.length - told).toBeLessThanOrEqual(1);
});

it('one that was latched by a former life is told too', async () => {
  const sur = await open();
  let given: readonly LogEvent[] = [];
  const norte = await open((log) => {
    given = give({ log }, 'k1');
    return given;
  });
  await until(() => idsIn(sur).length === 1);
  expect(norte.told[0]?.id).toBe(given[0]?.id);
});

it('more than the state keeps are each taken once, and end', async () => {
  const [norte, sur] = [await open(), await open()];
  const recorded: string[] = [];
  for (const { log } of nodes) log.onRecorded(({ commandId }) => recorded.push(commandId ?? ''));
  for (let count = 0; count < MANY; count += 1) give(norte, `k${count}`);
  await until(() => norte.told.length > 3 * MANY && sur.told.length > 3 * MANY);
  expect(recorded).toHaveLength(2 * MANY);
  for (const { end } of nodes) end.cutOff = false;
  await until(() => nodes.every(({ log }) => log.health().unsavedEvents === 0));
  await until(() => nodes.every(({ log }) => log.savedHead().seq === MANY));
});
