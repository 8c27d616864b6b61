import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditIndex } from '../../../src/node/audit/auditIndex';
import { CancelledError, Explorer } from '../../../src/node/audit/explorer';
import { openSource } from '../../../src/node/audit/source';
import { verifyIndex } from '../../../src/node/audit/verifyIndex';
import { runThrough } from '../../../src/node/audit/verifyLog';
import { sha256 } from '../../../src/node/sha256';
import { NewerFileError, SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { type AuditFilterInput, auditFilterSchema, matches } from '../../../src/shared/audit/query';
import { foldOps } from '../../../src/shared/ops/fold';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import {
  BEGAN,
  commandOf,
  deskChain,
  newRecord,
  type TestRecord,
  writeRecord,
} from '../../support/record';

const COUNT = 3_000;
let record: TestRecord;
let explorer: Explorer;
const breathe = () => new Promise<void>((breathed) => setImmediate(breathed));
const never = () => false;

beforeAll(() => {
  record = newRecord(COUNT);
  explorer = new Explorer([record.path], join(record.folder, 'audit-index.db'), breathe);
  while (explorer.follow());
});
afterAll(() => {
  explorer.close();
  record.remove();
});

/** What fits, by the events themselves. */
function expected(filter: AuditFilterInput): number[] {
  const whole = auditFilterSchema.parse(filter);
  return record.chain
    .map(({ event }) => event)
    .filter((event) => matches(whole, event))
    .map(({ seq }) => seq)
    .reverse();
}

async function found(filter: AuditFilterInput, offset = 0, limit = COUNT): Promise<number[]> {
  const page = await explorer.page(
    { filter: auditFilterSchema.parse(filter), offset, limit },
    never,
  );
  return page.events.map(({ seq }) => seq);
}

const filters = fc.record(
  {
    types: fc.subarray(['engine.lost', 'alert.raised', 'kill.halted', 'nothing.such'], {
      maxLength: 2,
    }),
    actor: fc.constantFrom('ana', 'gateway', 'nobody'),
    role: fc.constantFrom('trading-lead', 'gateway'),
    model: fc.constantFrom('ppo_v0', 'ppo_v1'),
    engine: fc.constantFrom('paper-0', 'paper-1', 'paper-2'),
    incident: fc.constantFrom('inc-0', 'inc-2'),
    command: fc.constantFrom(commandOf(1), commandOf(4), 'none'),
    from: fc.integer({ min: 0, max: COUNT }).map((s) => BEGAN + s * 1_000),
    to: fc.integer({ min: 0, max: COUNT }).map((s) => BEGAN + s * 1_000),
    text: fc.constantFrom(
      'perdida',
      'PÉRDIDA',
      'paper-1',
      'conex',
      'rm -rf',
      'img',
      'nada de eso',
      '"*(',
    ),
  },
  { requiredKeys: [] },
);

describe('the explorer', () => {
  it('finds by any filter what the events themselves say, in pages of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        filters,
        fc.nat(200),
        fc.integer({ min: 1, max: 300 }),
        async (filter, at, size) => {
          const all = expected(filter);
          expect(await found(filter, at, size)).toEqual(all.slice(at, at + size));
          while (explorer.countOn());
          const page = await explorer.page(
            { filter: auditFilterSchema.parse(filter), offset: 0, limit: 1 },
            never,
          );
          expect(page).toMatchObject({ total: all.length, counted: true });
        },
      ),
      { numRuns: 250 },
    );
  });

  it('folds accents and case, and takes what a person types for words and never for a query', async () => {
    expect(await found({ text: 'PERDIDA' })).toEqual(await found({ text: 'pérdida' }));
    for (const text of ['"', 'a OR b', 'NEAR(a b)', 'text:x', '-x', '^', '*', 'a" OR "b', "';--"]) {
      await expect(found({ text })).resolves.toBeDefined();
    }
  });

  it('offers the values there are, the most frequent first', () => {
    const values = explorer.values();
    expect(values.actor).toEqual(['gateway', 'ana']);
    expect(new Set(values.engine)).toEqual(new Set(['paper-0', 'paper-1']));
    expect(values.incident).toContain('inc-2');
  });

  it('finds words on both sides of where one table of them ends, with time and value', async () => {
    const { path, folder, key, remove } = newRecord(1);
    rmSync(path);
    const after = { seq: 262_000, hash: '1'.repeat(64) };
    const chain = deskChain(600, key, '', undefined, after);
    writeRecord(path, chain, key, []);
    const own = new Explorer([path], join(folder, 'words.db'), breathe);
    const filter = auditFilterSchema.parse({
      ...{ text: 'perdi', engine: 'paper-0' },
      ...{ from: BEGAN + 20_000, to: BEGAN + 500_000 },
    });
    const wanted = chain
      .filter(({ event }) => matches(filter, event))
      .map(({ event }) => event.seq);
    const page = await own.page({ filter, offset: 0, limit: 500 }, never);
    expect(page.events.map(({ seq }) => seq)).toEqual(wanted.reverse());
    expect(wanted.at(-1)).toBeLessThan(262_144);
    expect(wanted[0]).toBeGreaterThan(262_144);
    own.close();
    const source = openSource([path]);
    expect(runThrough(verifyIndex(join(folder, 'words.db'), source))).toBeNull();
    source.close();
    remove();
  });

  it('goes on with a question when the log grows, and gives it up when told to', async () => {
    const grown = newRecord(300);
    const own = new Explorer([grown.path], join(grown.folder, 'i.db'), breathe);
    const filter = auditFilterSchema.parse({ types: ['engine.lost'] });
    const first = await own.page({ filter, offset: 0, limit: 5 }, never);
    const store = new SqliteEventStore(grown.path, sha256);
    store.insert(deskChain(360, grown.key).slice(300));
    store.close();
    const second = await own.page({ filter, offset: 0, limit: 5 }, never);
    expect(second.total).toBe(first.total + 10);
    expect(second.events[0]?.seq).toBe(355);
    const other = auditFilterSchema.parse({ text: 'motor' });
    await expect(
      own.page({ filter: other, offset: 0, limit: 100_000 }, () => true),
    ).rejects.toThrow(CancelledError);
    own.close();
    grown.remove();
  });

  it('gives the state as the log had it after any event, and at any time', async () => {
    let state = INITIAL_OPS_STATE;
    for (const { event } of record.chain) {
      state = foldOps(state, event);
      if (event.seq % 531 === 0) {
        expect(await explorer.past({ seq: event.seq })).toEqual(state);
        expect(await explorer.past({ ts: event.ts })).toMatchObject({ seq: event.seq });
        expect(await explorer.past({ ts: event.ts + 999 })).toMatchObject({ seq: event.seq });
      }
    }
    expect(await explorer.past({ ts: BEGAN - 1 })).toBeNull();
  });
});

describe('the index', () => {
  it('is thrown away and made anew when it is damaged, of another log or of another form', () => {
    const path = join(record.folder, 'again.db');
    const source = openSource([record.path]);
    const filled = () => {
      const index = new AuditIndex(path, source);
      while (index.follow(1_000) > 0);
      return index;
    };
    filled().close();
    const kept = new AuditIndex(path, source);
    expect(kept.indexed().seq).toBe(COUNT);
    kept.close();
    for (const sql of [
      "UPDATE meta SET value = '99' WHERE key = 'format'",
      `UPDATE meta SET value = '{"seq":10,"hash":"${'0'.repeat(64)}"}' WHERE key = 'indexed'`,
    ]) {
      const database = new Database(path);
      database.exec(sql);
      database.close();
      const index = new AuditIndex(path, source);
      expect(index.indexed().seq).toBe(0);
      index.close();
      filled().close();
    }
    source.close();
  });

  it('is found to have a state of the desk that the log does not lead to', () => {
    const path = join(record.folder, 'folds.db');
    const source = openSource([record.path]);
    const index = new AuditIndex(path, source);
    while (index.follow(1_000) > 0);
    const put = index.database.prepare('INSERT OR REPLACE INTO folds (seq, state) VALUES (?, ?)');
    const states = [40, 90].map((seq) => {
      const state = index.foldAt(seq);
      if (!state) throw new Error('no state');
      return { seq, state };
    });
    const keep = () => {
      for (const { seq, state } of states) put.run(seq, JSON.stringify(state));
    };
    const found = () => runThrough(verifyIndex(path, source));
    keep();
    expect(found()).toBeNull();
    const [, later] = states;
    if (!later) throw new Error('no state');
    // As a state has it that was read back and folded on: the same, in another order.
    put.run(90, JSON.stringify(Object.fromEntries(Object.entries(later.state).reverse())));
    expect(found()).toBeNull();
    for (const text of [
      JSON.stringify({ ...later.state, desk: { ...later.state.desk, mode: 'killed' } }),
      JSON.stringify(later.state).slice(1),
      '',
    ]) {
      put.run(90, text);
      expect(found(), text.slice(0, 80)).toMatchObject({ kind: 'index', seq: 90 });
    }
    keep();
    put.run(99_999_999, JSON.stringify(later.state));
    expect(found()).toMatchObject({ kind: 'index', seq: 99_999_999 });
    index.close();
    source.close();
  });

  it('is found to say something else than the log, and where', () => {
    const path = join(record.folder, 'checked.db');
    const source = openSource([record.path]);
    const index = new AuditIndex(path, source);
    while (index.follow(1_000) > 0);
    index.close();
    expect(runThrough(verifyIndex(path, source))).toBeNull();
    const damages: readonly [string, number | null][] = [
      ['UPDATE times SET ts = ts + 1 WHERE seq = 77', 77],
      [
        'DELETE FROM marks WHERE seq = 78 AND term = (SELECT max(term) FROM marks WHERE seq = 78)',
        null,
      ],
      [
        'UPDATE marks SET seq = 99999999 WHERE seq = 79 AND term = (SELECT min(term) FROM marks WHERE seq = 79)',
        99_999_999,
      ],
      ["UPDATE terms SET value = 'eva' WHERE value = 'ana'", 2],
      ['UPDATE terms SET n = n + 1 WHERE id = 2', null],
      ['UPDATE spans SET high = high + 1 WHERE span = 0', 0],
      ["INSERT INTO words_0 (rowid, text) VALUES (80, 'intruso')", 80],
      ['DELETE FROM times WHERE seq = 81', 81],
    ];
    for (const [sql, seq] of damages) {
      const database = new Database(path);
      database.exec('BEGIN');
      database.exec(sql);
      database.exec('COMMIT');
      database.close();
      const damage = runThrough(verifyIndex(path, source));
      expect(damage, sql).toMatchObject({ kind: 'index' });
      if (seq !== null) expect(damage?.seq, sql).toBe(seq);
      const again = new Database(path);
      again.exec(
        'DROP TABLE words_0; DROP TABLE marks; DROP TABLE times; DROP TABLE terms; DROP TABLE spans; DELETE FROM meta; DROP TABLE folds',
      );
      again.close();
      const anew = new AuditIndex(path, source);
      while (anew.follow(1_000) > 0);
      anew.close();
    }
    source.close();
  });
});

describe('a file of a later version', () => {
  it('is not opened and not changed', () => {
    const path = join(record.folder, 'later.db');
    const store = new SqliteEventStore(path, sha256);
    store.database.pragma('user_version = 2');
    store.close();
    expect(() => new SqliteEventStore(path, sha256)).toThrow(NewerFileError);
    expect(() => openSource([path])).toThrow(NewerFileError);
  });

  it('of the version before loses only indexes that another file has now', async () => {
    const path = join(record.folder, 'before.db');
    const store = new SqliteEventStore(path, sha256);
    store.insert(record.chain.slice(0, 50));
    store.database.exec('CREATE INDEX events_type ON events (type, seq); PRAGMA user_version = 0');
    store.close();
    const again = new SqliteEventStore(path, sha256);
    expect(again.verify()).toMatchObject({ ok: true, head: { seq: 50 } });
    expect(
      again.database.prepare("SELECT name FROM sqlite_master WHERE name = 'events_type'").get(),
    ).toBeUndefined();
    again.close();
  });
});
