import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fenced } from '../../../src/gateway/cluster/acting';
import { createClusterLog } from '../../../src/gateway/cluster/log';
import type { EngineHub, EngineListener } from '../../../src/gateway/engineHub';
import type { Fact } from '../../../src/gateway/facts';
import { createKillDriver } from '../../../src/gateway/killDriver';
import { keepKills } from '../../../src/gateway/killLatch';
import type { GatewayLog } from '../../../src/gateway/log';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { quickPolicy } from '../../support/desk';
import { MemoryStream } from './memoryStream';

const { privateKey: key } = generateKeyPairSync('ed25519');
const actor = { id: 'ana', role: 'trading-lead', terminal: null };

interface Member {
  readonly log: GatewayLog;
  readonly end: ReturnType<MemoryStream['end']>;
}

let folder: string;
let stream: MemoryStream;
let north: Member;
let south: Member;

async function open(): Promise<Member> {
  const end = stream.end();
  const store = new SqliteEventStore(':memory:', sha256);
  const log = await createClusterLog({
    ...{ store, stream: end, sha256, key, origin: 'test', checkpointEvery: 1_000 },
    ...{ random: randomBytes, clock: Date.now, uptime: () => performance.now() },
    ...{ signs: () => false, retryMs: 1, catchUpMs: 100 },
  });
  return { log, end };
}

/** Until both have all, and the same. */
async function agree(): Promise<void> {
  south.end.cutOff = false;
  const same = () => south.log.savedHead().hash === north.log.savedHead().hash;
  const unsaved = () => south.log.health().unsavedEvents + north.log.health().unsavedEvents;
  while (!same() || unsaved() > 0) {
    south.end.wake();
    await new Promise((go) => setImmediate(go));
  }
}

async function typesOf(): Promise<string[]> {
  return (await north.log.read(1, 1_000)).map(({ type }) => type);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-turns-'));
  stream = new MemoryStream();
  north = await open();
  south = await open();
});
afterEach(async () => {
  await agree();
  await Promise.all([north.log.stop(), south.log.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const kill = (commandId: string): Fact => ({
  ...{ type: 'kill.requested', actor, commandId, reason: 'prueba' },
  data: {
    ...{ scope: { kind: 'all' }, closePositions: true, notifyTeam: true, origin: 'panel' },
    ...{ targets: [], drill: false, ageMs: 0 },
  },
});

const absent = {
  ...{ accept() {}, relay() {}, listen() {}, stop() {} },
  ...{ floor: () => 'normal' as const, reported: () => null },
};

/** The south acts, and has an engine. */
async function begin(): Promise<void> {
  south.log.append(
    {
      type: 'engine.registered',
      data: {
        ...{ engine: 'e1', name: 'e1', kind: 'fake', environment: 'paper' },
        ...{ instruments: [], software: 'test' },
      },
    },
    {
      type: 'engine.connected',
      data: {
        ...{ engine: 'e1', session: 's1', reportedMode: 'normal', appliedMode: 'normal' },
        ...{ selfPausedAt: null, clockOffsetMs: 0, node: 'sur' },
      },
    },
    { type: 'gateway.acting', data: { node: 'sur', token: 1 } },
  );
  await agree();
}

describe('a gateway that is cut off and comes back', () => {
  it('does not say what its turn had come to once another has begun one', async () => {
    const connected: Fact = {
      type: 'engine.connected',
      data: {
        ...{ engine: 'e1', session: 's1', reportedMode: 'normal', appliedMode: 'normal' },
        ...{ selfPausedAt: null, clockOffsetMs: 0, node: 'sur' },
      },
    };
    south.log.append(
      {
        type: 'engine.registered',
        data: {
          ...{ engine: 'e1', name: 'e1', kind: 'fake', environment: 'paper' },
          ...{ instruments: [], software: 'test' },
        },
      },
      connected,
      { type: 'gateway.acting', data: { node: 'sur', token: 1 } },
    );
    await agree();
    const hub: EngineHub = {
      ...{ accept() {}, relay() {}, listen() {}, stop() {} },
      ...{
        isConnected: () => false,
        floor: () => 'normal',
        send: () => false,
        reported: () => null,
        logOf: () => south.log,
      },
    };
    const times = quickPolicy.kill;
    const turn = () => fenced(south.log, 1);
    const driver = createKillDriver({ log: south.log, hub, times, clock: Date.now, turn });
    south.end.cutOff = true;
    const about = { commandId: 'k1' };
    const items = [{ kind: 'engine', id: 'e1', outcome: 'done' } as const];
    const settled = (step: 'block' | 'cancel' | 'flatten'): Fact => ({
      ...{ type: 'kill.step_settled', ...about },
      data: { engine: 'e1', step, round: 1, opId: step, items },
    });
    const readBack: Fact = {
      ...{ type: 'kill.read_back', ...about },
      data: {
        ...{ engine: 'e1', round: 1, sweepAgain: false, asOf: Date.now() },
        ...{ positions: [], workingOrders: [], telemetrySeq: 1 },
      },
    };
    south.log.append(kill('k1'));
    for (const fact of [settled('block'), settled('cancel'), settled('flatten')]) {
      south.log.append(fact);
    }
    south.log.append(readBack);
    south.log.append(readBack);
    // Here it is said already; the desk has not heard it.
    expect(south.log.state().kills[0]?.flatAt).not.toBeNull();
    north.log.append({ type: 'gateway.acting', data: { node: 'norte', token: 2 } });
    await north.log.settled();
    await agree();
    const types = await typesOf();
    expect(types.filter((type) => type === 'kill.read_back')).toHaveLength(2);
    expect(types).not.toContain('kill.flat');
    expect(types).not.toContain('kill.halted');
    expect(north.log.state().kills[0]).toMatchObject({ haltedAt: null, flatAt: null });
    driver.stop();
  });

  it('proves nothing by what it read back of an engine that was lost to the desk since', async () => {
    await begin();
    let listener: EngineListener = {};
    const readBack = { positions: [], workingOrders: [], asOf: Date.now(), telemetrySeq: 1 };
    const listen = (one: EngineListener) => {
      listener = one;
    };
    const hub: EngineHub = {
      ...{ ...absent, isConnected: () => true, logOf: () => south.log, listen },
      send(engine, order) {
        if (order.type !== 'op') return true;
        const { opId, operation } = order;
        const held = operation.op === 'read_back' && { readBack };
        queueMicrotask(() => {
          listener.update?.(engine, {
            ...{ type: 'op.update', opId, state: 'settled', items: [], ...held },
          });
        });
        return true;
      },
    };
    const { log } = south;
    const times = quickPolicy.kill;
    const driver = createKillDriver({ log, hub, times, clock: Date.now, turn: () => null });
    south.end.cutOff = true;
    log.append(kill('k1'));
    while (log.state().chains.e1?.phase !== 'flat') await new Promise((go) => setImmediate(go));
    driver.stop();
    north.log.append({
      type: 'engine.lost',
      data: { engine: 'e1', cause: 'silent', lastHeardAt: Date.now(), positions: null },
    });
    await north.log.settled();
    await agree();
    expect(await typesOf()).not.toContain('kill.read_back');
    expect(north.log.state().chains.e1).toMatchObject({ phase: 'reading_back', readBacks: 0 });
  });

  it('does not kill again by its latch what the others have resumed meanwhile', async () => {
    south.end.cutOff = true;
    north.log.append(kill('k1'), {
      ...{ type: 'ops.resumed', actor, commandId: 'r1', reason: 'ya' },
      data: {
        ...{ scope: { kind: 'all' }, to: 'normal', approvedBy: ['ana'], flat: true },
        stoppedBecause: null,
      },
    });
    const path = join(folder, 'latch.json');
    const { type: _, ...latched } = kill('k1');
    writeFileSync(path, JSON.stringify([{ seq: 9, ...latched }]));
    // With nobody to ask it is killed, to be safe.
    expect(keepKills(path, south.log)).toHaveLength(1);
    expect(south.log.state().desk.mode).toBe('killed');
    await agree();
    expect(await typesOf()).toEqual(['kill.requested', 'ops.resumed']);
    expect(south.log.state().desk.mode).toBe('normal');
  });

  it('has one outcome of a command that both refused for want of an answer, or that the others took', async () => {
    const refused = (commandId: string): Fact => ({
      ...{ type: 'command.rejected', actor, commandId },
      data: { name: 'pause', code: 'unavailable', message: 'the log takes nothing now' },
    });
    south.end.cutOff = true;
    south.log.append(refused('c1'), refused('c2'), refused('c3'));
    north.log.append(refused('c1'), {
      ...{ type: 'terminal.reported', actor, commandId: 'c2' },
      data: { kind: 'drill', detail: 'x' },
    });
    await north.log.settled();
    await agree();
    const outcomes = (await north.log.read(1, 10)).map(({ type, commandId }) => [commandId, type]);
    expect(outcomes).toEqual([
      ['c1', 'command.rejected'],
      ['c2', 'terminal.reported'],
      ['c3', 'command.rejected'],
    ]);
  });
});
