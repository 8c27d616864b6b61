import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import type { SealedEvent } from '../../../src/shared/log/chain';
import { seal } from '../../../src/shared/log/chain';
import type { LogPosition } from '../../../src/shared/log/event';
import { EMPTY_LOG } from '../../../src/shared/log/event';
import { SequenceConflictError } from '../../../src/shared/log/store';

let folder: string;
let file: string;
const open = () => new SqliteEventStore(file, sha256);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-store-'));
  file = join(folder, 'log.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function sealed(count: number, from: LogPosition = EMPTY_LOG): SealedEvent[] {
  let position = from;
  return Array.from({ length: count }, (_, index) => {
    const one = seal(
      {
        id: `id-${from.seq + index + 1}`,
        ts: 1_700_000_000_000 + index,
        type: 'terminal.reported',
        actor: { id: 'ana', role: 'trader', terminal: 't1' },
        commandId: index % 2 === 0 ? `command-${index}` : null,
        reason: 'prueba «ñ»',
        data: { kind: 'hotkey_proven', detail: String(index) },
      },
      position,
      sha256,
    );
    position = one.event;
    return one;
  });
}

describe('SQLite event store', () => {
  it('gives back, after it was closed, the very events that were appended', async () => {
    const events = sealed(25);
    const store = open();
    await store.append(events, 0);
    store.close();
    const again = open();
    expect(await again.read(1, 100)).toEqual(events.map(({ event }) => event));
    expect(again.verify()).toEqual({ ok: true, head: again.head() });
    expect(again.head()).toEqual({ seq: 25, hash: events[24]?.event.hash });
    again.close();
  });

  it('writes all or nothing, and only where the writer thought the log stood', async () => {
    const store = open();
    const events = sealed(4);
    await store.append(events.slice(0, 2), 0);
    await expect(store.append(events.slice(2), 1)).rejects.toThrow(SequenceConflictError);
    await expect(store.append(events.slice(0, 1), 0)).rejects.toThrow(SequenceConflictError);
    const [third] = events.slice(2);
    await expect(store.append([third, third] as SealedEvent[], 2)).rejects.toThrow();
    expect(store.head().seq).toBe(2);
    expect(await store.read(1, 10)).toHaveLength(2);
    store.close();
  });

  it('is durable: WAL with synchronous=FULL', () => {
    const store = open();
    expect(store.database.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(store.database.pragma('synchronous', { simple: true })).toBe(2);
    store.close();
  });

  it('tells listeners in order, until they leave', async () => {
    const store = open();
    const events = sealed(3);
    const heard: number[] = [];
    const leave = store.onAppend((some) => heard.push(...some.map(({ seq }) => seq)));
    await store.append(events.slice(0, 2), 0);
    leave();
    await store.append(events.slice(2), 2);
    expect(heard).toEqual([1, 2]);
    store.close();
  });

  it('finds any change to any column, and names the first event that does not hold', async () => {
    const store = open();
    await store.append(sealed(12), 0);
    const columns = [
      'id',
      'ts',
      'type',
      'actor',
      'command_id',
      'hash',
      'prev_hash',
      'body',
    ] as const;
    const change = fc.tuple(fc.constantFrom(...columns), fc.integer({ min: 1, max: 12 }), fc.nat());
    fc.assert(
      fc.property(change, ([column, seq, at]) => {
        store.database.exec('SAVEPOINT damage');
        const old = store.database
          .prepare(`SELECT ${column} AS v FROM events WHERE seq=?`)
          .get(seq);
        const value = flipBit((old as { v: string | number | null }).v, at);
        store.database.prepare(`UPDATE events SET ${column}=? WHERE seq=?`).run(value, seq);
        const found = store.verify();
        store.database.exec('ROLLBACK TO damage; RELEASE damage');
        expect(found).toMatchObject({ ok: false, seq });
      }),
      { numRuns: 300 },
    );
    expect(store.verify().ok).toBe(true);
    store.close();
  });

  it('finds a missing event and names its number', async () => {
    const store = open();
    await store.append(sealed(6), 0);
    store.database.exec('DELETE FROM events WHERE seq=4');
    expect(store.verify()).toMatchObject({ ok: false, seq: 4, fault: { kind: 'gap' } });
    store.close();
  });
});

/** The value with one bit of it changed; a missing text becomes a text. */
function flipBit(value: string | number | null, at: number): string | number {
  if (value === null) return 'x';
  if (typeof value === 'number') return value ^ 1 || value + 1;
  const index = at % value.length;
  const flipped = String.fromCharCode(value.charCodeAt(index) ^ 1);
  return value.slice(0, index) + flipped + value.slice(index + 1);
}
