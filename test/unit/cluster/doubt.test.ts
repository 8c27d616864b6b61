import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { takeTurns } from '../../../src/gateway/cluster/acting';
import type { Leases } from '../../../src/gateway/cluster/leases';
import { createClusterLog, NoQuorumError } from '../../../src/gateway/cluster/log';
import type { Fact } from '../../../src/gateway/facts';
import type { GatewayLog, Proposed } from '../../../src/gateway/log';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { MemoryStream } from './memoryStream';

const { privateKey: key } = generateKeyPairSync('ed25519');
const drill: Fact = { type: 'terminal.reported', data: { kind: 'drill', detail: 'x' } };

let stream: MemoryStream;
let end: ReturnType<MemoryStream['end']>;
let log: GatewayLog;
/** How far the clock that never jumps was put on. */
let later = 0;

beforeEach(async () => {
  stream = new MemoryStream();
  end = stream.end();
  later = 0;
  log = await createClusterLog({
    ...{ store: new SqliteEventStore(':memory:', sha256), stream: end, sha256, key },
    ...{ origin: 'test', checkpointEvery: 1_000, random: randomBytes, clock: Date.now },
    ...{ uptime: () => performance.now() + later, signs: () => false, retryMs: 1 },
  });
});
afterEach(async () => {
  end.cutOff = false;
  end.wake();
  await log.stop();
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    end.wake();
    await new Promise((go) => setImmediate(go));
  }
}

const health = (holds: (storeError: string | null) => boolean) =>
  new Promise<void>((told) => {
    const leave = log.onHealth(({ storeError }) => {
      if (!holds(storeError)) return;
      leave();
      told();
    });
  });

describe('a gateway that is cut off from the log', () => {
  it('says so though it has nothing to say to it, and when it is over', async () => {
    const deaf = health((error) => error !== null);
    end.cutOff = true;
    await deaf;
    expect(log.health()).toMatchObject({ unsavedEvents: 0 });
    const heard = health((error) => error === null);
    end.cutOff = false;
    await heard;
  });

  it.each([
    ['is not carried out when it is back, if the log never had it', 'lost'],
    ['is carried out all the same, if the log had it', 'kept, then cut off'],
  ] as const)('an order of a while ago %s', async (_, fate) => {
    const heard: Proposed[] = [];
    end.fates.push(fate);
    log.propose(
      () => [drill],
      (outcome) => heard.push(outcome),
    );
    await until(() => end.fates.length === 0);
    end.cutOff = true;
    later = 3_000;
    // Tried again meanwhile, and given up: nothing is said before the log tells which of the two it has.
    const tried = health((error) => error !== null);
    await tried;
    expect(heard).toEqual([]);
    end.cutOff = false;
    await until(() => heard.length > 0);
    const types = (await log.read(1, 10)).map(({ type }) => type);
    expect(types).toEqual(fate === 'lost' ? [] : ['terminal.reported']);
    expect(heard).toHaveLength(1);
    if (fate === 'lost') expect(heard[0]).toMatchObject({ error: expect.any(NoQuorumError) });
    else expect(heard[0]).toMatchObject({ ok: true });
  });

  it('is no way to end it: what goes wrong with who asked is a warning', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    log.propose(
      () => [drill],
      () => {
        throw new Error('whoever asked');
      },
    );
    await until(() => log.savedHead().seq === 1);
    expect(warned).toHaveBeenCalledOnce();
    log.append(drill);
    await until(() => log.savedHead().seq === 2);
    warned.mockRestore();
  });
});

describe('a log that stands still', () => {
  it('is said to, where it refuses what is next for long, and no more once it takes it', async () => {
    const told: (string | null)[] = [];
    log.onHealth(({ storeError }) => told.push(storeError));
    end.fates.push('moved on');
    log.append(drill);
    await until(() => log.savedHead().seq === 1);
    expect(told).toEqual([]);
    const refused = health((error) => error !== null);
    end.fates = Array.from({ length: 10_000 }, () => 'moved on');
    log.append(drill);
    await until(() => end.fates.length < 9_990);
    expect(told).toEqual([]);
    later += 3_000;
    await refused;
    expect(told[0]).toMatch(/^the replicated log takes nothing after its 1: /);
    end.fates = [];
    await until(() => log.health().storeError === null && log.savedHead().seq === 2);
  });

  it('refuses meanwhile in words what the log must take first, also what it was already asked to take', async () => {
    end.fates = Array.from({ length: 10_000 }, () => 'moved on');
    const heard: Proposed[] = [];
    const ask = () =>
      log.propose(
        () => [drill],
        (outcome) => heard.push(outcome),
      );
    ask();
    await until(() => end.fates.length < 9_999);
    ask();
    later += 3_000;
    await until(() => heard.length === 2);
    const refused = { ok: false, error: expect.any(NoQuorumError) };
    expect(heard).toMatchObject([refused, refused]);
    end.fates = [];
    log.append(drill);
    await until(() => log.savedHead().seq === 1 && log.health().unsavedEvents === 0);
    expect(heard).toHaveLength(2);
  });

  it('is said to, where it has more and nothing of it comes, by who has nothing to say to it', async () => {
    end.held = true;
    const behind = health((error) => error !== null);
    stream.texts.push('a text that is passed over');
    const looked = new Promise<void>((done) => {
      const { last } = end;
      end.last = async () => {
        setImmediate(done);
        return last();
      };
    });
    await looked;
    expect(log.health().storeError).toBeNull();
    later += 3_000;
    await behind;
    expect(log.health().storeError).toMatch(/goes on to its 1, and what it has after its 0/);
    const over = health((error) => error === null);
    end.held = false;
    end.wake();
    await over;
  });
});

it('a turn that cannot begin is given up once, for another gateway to take', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
  const released = vi.fn();
  const leases = {
    hold(_: string, onChange: (change: { held: boolean; holder: string; token: number }) => void) {
      let token: number | null = 1;
      queueMicrotask(() => onChange({ held: true, holder: 'norte', token: 1 }));
      return {
        token: () => token,
        async release() {
          token = null;
          released();
        },
      };
    },
  } as unknown as Leases;
  const begin = vi.fn(() => {
    throw new Error('its disk takes nothing');
  });
  const turns = takeTurns({ log, leases, node: 'norte', begin });
  await until(() => released.mock.calls.length > 0);
  await log.settled();
  for (let round = 0; round < 50; round += 1) await new Promise((go) => setImmediate(go));
  expect(turns.acting()).toBe(false);
  expect(begin).toHaveBeenCalledOnce();
  expect((await log.read(1, 10)).map(({ type }) => type)).toEqual(['gateway.acting']);
  await turns.stop();
  warned.mockRestore();
});
