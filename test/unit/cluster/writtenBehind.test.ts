import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { openCopy } from '../../../src/gateway/cluster/copy';
import { createClusterLog } from '../../../src/gateway/cluster/log';
import type { Fact } from '../../../src/gateway/facts';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { type SealedEvent, seal } from '../../../src/shared/log/chain';
import { EMPTY_LOG, type LogPosition } from '../../../src/shared/log/event';
import { MemoryStream } from './memoryStream';

const { privateKey: key } = generateKeyPairSync('ed25519');

function chain(count: number): readonly SealedEvent[] {
  let head: LogPosition = EMPTY_LOG;
  return Array.from({ length: count }, (_, at) => {
    const actor = { id: 'gateway', role: 'gateway', terminal: null };
    const draft = { id: `id-${at}`, ts: at, type: 'x', actor, commandId: null, reason: null };
    const sealed = seal({ ...draft, data: {} }, head, sha256);
    head = { seq: sealed.event.seq, hash: sealed.event.hash };
    return sealed;
  });
}

function open(retryMs = 1) {
  const store = new SqliteEventStore(':memory:', sha256);
  const told: (string | null)[] = [];
  const copy = openCopy(store, {
    ...{ uptime: () => performance.now(), retryMs },
    told: (fault) => told.push(fault),
  });
  /** As a full disk: SQLite takes no further page. */
  const full = (is: boolean) =>
    is
      ? store.database.exec(
          "CREATE TRIGGER no BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END",
        )
      : store.database.exec('DROP TRIGGER no');
  return { store, copy, told, full };
}

it('what waits to be written is read as what is written, in pages of any length', async () => {
  const { store, copy } = open();
  const events = chain(10);
  copy.add(events.slice(0, 4), 1);
  await vi.waitUntil(() => store.head().seq === 4);
  copy.add(events.slice(4, 7), 2);
  copy.add(events.slice(7), 3);
  expect(store.head().seq).toBe(4);
  expect(copy.head()).toEqual({ seq: 10, hash: events[9]?.event.hash });
  for (const { event } of events) expect(copy.hashAt(event.seq)).toBe(event.hash);
  expect(copy.hashAt(11)).toBeNull();
  for (let from = 1; from <= 11; from += 1) {
    for (let limit = 1; limit <= 11; limit += 1) {
      const read = await copy.read(from, limit);
      expect(read).toEqual(events.slice(from - 1, from - 1 + limit).map(({ event }) => event));
    }
  }
  // The file is written while a page is read: nothing is left out between the two.
  const reading = copy.read(1, 10);
  copy.putCheckpoint({ seq: 10, note: 'of what the file has' });
  expect(store.head().seq).toBe(10);
  expect((await reading).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  copy.close();
});

it('a file that takes nothing is told of, keeps what waits, and takes it when it can', async () => {
  const { store, copy, told, full } = open();
  const events = chain(6);
  full(true);
  expect(copy.add(events.slice(0, 3), 1)).toBe(true);
  await vi.waitUntil(() => told.length > 0);
  expect(told).toEqual(['this gateway’s copy of the log takes nothing: disk full']);
  expect(copy.add(events.slice(3), 2)).toBe(false);
  expect(copy.head().seq).toBe(3);
  expect((await copy.read(1, 10)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  copy.putCheckpoint({ seq: 3, note: 'of what the file has not' });
  expect(copy.lastCheckpoint()).toBeNull();
  expect(copy.place()).toBe(0);
  full(false);
  await vi.waitUntil(() => told.at(-1) === null);
  expect(store.head().seq).toBe(3);
  expect(copy.add(events.slice(3), 2)).toBe(true);
  copy.close();
});

it('what is closed is written, with its place', () => {
  const { store, copy } = open();
  const closed = vi.spyOn(store, 'close').mockReturnValue(undefined);
  copy.add(chain(2), 7);
  copy.close();
  expect(store.head().seq).toBe(2);
  expect(store.database.prepare('SELECT at FROM place').pluck().get()).toBe(7);
  closed.mockRestore();
  store.close();
});

it('a long time apart is sealed anew once for what comes together, not once for each message', async () => {
  const stream = new MemoryStream();
  let hashed = 0;
  const counting = (text: string) => {
    hashed += 1;
    return sha256(text);
  };
  const openLog = (end: ReturnType<MemoryStream['end']>, hash: typeof sha256) =>
    createClusterLog({
      ...{ store: new SqliteEventStore(':memory:', sha256), stream: end, sha256: hash, key },
      ...{ origin: 'test', checkpointEvery: 1_000, random: randomBytes, clock: Date.now },
      ...{ uptime: () => performance.now(), signs: () => false, retryMs: 1 },
    });
  const [apart, other] = [stream.end(), stream.end()];
  const [cutOff, going] = [await openLog(apart, counting), await openLog(other, sha256)];
  const drill: Fact = { type: 'terminal.reported', data: { kind: 'drill', detail: 'x' } };
  apart.cutOff = true;
  const [own, messages] = [300, 200];
  for (let at = 0; at < own; at += 1) cutOff.append(drill);
  for (let at = 1; at <= messages; at += 1) {
    going.append(drill);
    await vi.waitUntil(() => going.savedHead().seq === at, { interval: 0 });
  }
  expect(stream.texts).toHaveLength(messages);
  hashed = 0;
  apart.cutOff = false;
  apart.wake();
  await vi.waitUntil(() => cutOff.savedHead().seq === own + messages, { timeout: 10_000 });
  // Once to read each, and the own ones a few times, where it was once for each message.
  expect(hashed).toBeLessThan(messages + 5 * own);
  await cutOff.stop();
  await going.stop();
});

it('a disk that is slow has a fifth of the time', () => {
  vi.useFakeTimers();
  const store = new SqliteEventStore(':memory:', sha256);
  let now = 0;
  const write = store.append.bind(store);
  vi.spyOn(store, 'append').mockImplementation((events, expected) => {
    now += 100;
    return write(events, expected);
  });
  const copy = openCopy(store, { uptime: () => now, retryMs: 1, told: () => undefined });
  const events = chain(3);
  const add = (at: number) => copy.add(events.slice(at, at + 1), at + 1);
  add(0);
  vi.advanceTimersByTime(5);
  expect(store.head().seq).toBe(1);
  add(1);
  vi.advanceTimersByTime(399);
  add(2);
  expect(store.head().seq).toBe(1);
  vi.advanceTimersByTime(1);
  expect(store.head().seq).toBe(3);
  copy.close();
  vi.useRealTimers();
});
