import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { chainOf } from '../../bench/events';

const COUNT = 3_000;
/** `VIGIA_CRASH_ROUNDS=100` for the whole measure; fewer by default, to keep the suite short. */
const ROUNDS = Number(process.env.VIGIA_CRASH_ROUNDS ?? 10);

describe('the mirror', () => {
  it(`is whole after kill -9 in the middle of taking events, ${ROUNDS} times`, async () => {
    const lib = resolve(import.meta.dirname, '../../../scripts/lib/bundle.mjs');
    const { bundle } = (await import(lib)) as { bundle(entry: string, name: string): string };
    const program = bundle(resolve(import.meta.dirname, 'ingest.ts'), 'mirror-ingest');
    const folder = mkdtempSync(join(tmpdir(), 'vigia-crash-'));
    const path = join(folder, 'audit.db');
    let last = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const child = spawn(process.execPath, [program, path, String(COUNT)]);
      await once(child.stdout, 'data');
      // A moment later each round, so that death meets every part of the work.
      await new Promise((later) => setTimeout(later, (round * 5) % 60));
      child.kill('SIGKILL');
      await once(child, 'exit');
      const store = new SqliteEventStore(path, sha256);
      expect(store.verify()).toEqual({ ok: true, head: store.head() });
      expect(store.head().seq).toBeGreaterThanOrEqual(last);
      last = store.head().seq;
      store.close();
    }
    const child = spawn(process.execPath, [program, path, String(COUNT)]);
    child.stdout.resume();
    await once(child, 'exit');
    const store = new SqliteEventStore(path, sha256);
    expect(store.verify()).toMatchObject({ ok: true, head: { seq: COUNT } });
    const events = await store.read(1, COUNT + 1);
    expect(events).toEqual(chainOf(COUNT).map(({ event }) => event));
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);
});
