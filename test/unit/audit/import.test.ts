import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/vigia';
import { archivesOf, closeYears, verifyArchives } from '../../../src/node/audit/archives';
import { openSource } from '../../../src/node/audit/source';
import { importRecord } from '../../../src/node/export/importRecord';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { BEGAN, deskChain, newRecord, type TestRecord, writeRecord } from '../../support/record';

const COUNT = 5_000;
const DAY = 86_400_000;
let record: TestRecord;
let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  record = newRecord(COUNT);
  folder = record.folder;
  mkdirSync(at('stick'));
  copyFileSync(record.path, at('stick/audit.db'));
});
afterEach(() => {
  chmodSync(at('stick'), 0o755);
  record.remove();
});

function imported(
  path: string,
  {
    signal = new AbortController().signal,
    onProgress = (_: { done: number; of: number }): void => undefined,
    hash = sha256,
  } = {},
) {
  return importRecord(path, at('in/audit.db'), hash, signal, onProgress);
}

/** Each file of a folder as it is, to the byte and the instant. */
const stateOf = (path: string) =>
  readdirSync(path)
    .sort()
    .map((name) => {
      const { mtimeMs, mode } = statSync(join(path, name));
      return { name, mtimeMs, mode, sha256: sha256(readFileSync(join(path, name), 'latin1')) };
    });

const hashes = (path: string): string[] => {
  const source = openSource([...archivesOf(path), path]);
  const rows = source.rows(0, COUNT * 2);
  source.close();
  return rows.map(({ hash }) => hash);
};

describe('a mirror from elsewhere', () => {
  it('is read where nothing can be written, and nothing is left beside it', async () => {
    chmodSync(at('stick'), 0o555);
    const before = stateOf(at('stick'));
    expect((await imported(at('stick/audit.db'))).findings).toMatchObject({
      ...{ damage: [], events: COUNT, signedTo: COUNT },
    });
    expect(hashes(at('in/audit.db'))).toEqual(record.chain.map(({ event }) => event.hash));
    const said: string[] = [];
    const print = (line: string): void => void said.push(line);
    expect(await run(['verify', at('stick/audit.db')], print)).toBe(0);
    expect(await run(['compare', at('stick/audit.db'), at('stick/audit.db')], print)).toBe(0);
    expect(said).toContain(`same: events 1 to ${COUNT}`);
    expect(stateOf(at('stick'))).toEqual(before);
    expect(readdirSync(at('in')).filter((name) => !name.startsWith('audit.db'))).toEqual([]);
  });

  it('has what its own process had not yet put into its file', async () => {
    const more = deskChain(COUNT + 3, record.key).slice(COUNT);
    const store = new SqliteEventStore(at('audit.db'), sha256);
    store.insert(more);
    // As it is while that process runs, and as it is copied from a machine that died.
    expect((await imported(at('audit.db'))).findings.events).toBe(COUNT + 3);
    for (const suffix of ['', '-wal']) {
      copyFileSync(at(`audit.db${suffix}`), at(`stick/audit.db${suffix}`));
    }
    store.close();
    const before = stateOf(at('stick'));
    expect((await imported(at('stick/audit.db'))).findings.events).toBe(COUNT + 3);
    expect(stateOf(at('stick'))).toEqual(before);
  });

  it('comes with the archives of its closed years', async () => {
    const path = at('stick/years.db');
    const chain = deskChain(900, record.key, '', (index) => BEGAN + index * DAY);
    writeRecord(path, chain, record.key, []);
    closeYears(path, verifyArchives(archivesOf(path), sha256).base, BEGAN + 900 * DAY, sha256);
    const before = stateOf(at('stick'));
    expect(archivesOf(path).length).toBeGreaterThan(0);
    expect((await imported(path)).findings).toMatchObject({ damage: [], events: 900, first: 1 });
    expect(hashes(at('in/audit.db'))).toEqual(chain.map(({ event }) => event.hash));
    expect(stateOf(at('stick'))).toEqual(before);
  });

  it('says how far it is, and leaves nothing when it is called off', async () => {
    const told: { done: number; of: number }[] = [];
    await imported(at('stick/audit.db'), { onProgress: (progress) => told.push({ ...progress }) });
    expect(told).toContainEqual({ done: 2_000, of: COUNT });
    expect(told.every(({ done }, index) => index === 0 || done > 0)).toBe(true);
    for (const stop of [1, 2, 3]) {
      const controller = new AbortController();
      let count = 0;
      const onProgress = (): void => {
        count += 1;
        if (count === stop) controller.abort(new Error('called off'));
      };
      await expect(
        imported(at('stick/audit.db'), { signal: controller.signal, onProgress }),
      ).rejects.toThrow();
      expect(readdirSync(at('in'))).toEqual([]);
    }
  });

  it('leaves nothing when the disk fills meanwhile', async () => {
    let set = false;
    const hash = (text: string): string => {
      if (!set && existsSync(at('in/audit.db'))) {
        set = true;
        const other = new Database(at('in/audit.db'));
        other.exec(
          "CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.seq > 3000 BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
        );
        other.close();
      }
      return sha256(text);
    };
    await expect(imported(at('stick/audit.db'), { hash })).rejects.toThrow(/full/);
    expect(set).toBe(true);
    expect(readdirSync(at('in'))).toEqual([]);
  });
});
