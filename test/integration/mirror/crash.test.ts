import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { chainOf } from '../../bench/events';

/** `VIGIA_CRASH_ROUNDS=100` for the whole measure; fewer by default, to keep the suite short. */
const ROUNDS = Number(process.env.VIGIA_CRASH_ROUNDS ?? 10);
/** Batches a round lets through before the kill: never the same number, never all of them. */
const batchesBefore = (round: number): number => 1 + ((round * 13) % 37);
/** More than every round together can take, so that each dies in the middle of its work. */
const COUNT = 600 * (ROUNDS + 1);

describe('the mirror', () => {
  it(`is whole after kill -9 in the middle of taking events, ${ROUNDS} times`, async () => {
    const lib = resolve(import.meta.dirname, '../../../scripts/lib/bundle.mjs');
    const { bundle } = (await import(lib)) as { bundle(entry: string, name: string): string };
    const program = bundle(resolve(import.meta.dirname, 'ingest.ts'), 'mirror-ingest');
    const folder = mkdtempSync(join(tmpdir(), 'vigia-crash-'));
    const path = join(folder, 'audit.db');
    let interrupted = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const saved = await ingest(program, path, batchesBefore(round));
      const store = new SqliteEventStore(path, sha256);
      expect(store.verify()).toEqual({ ok: true, head: store.head() });
      // What was said to be on disk is there; what came after may be.
      expect(store.head().seq).toBeGreaterThanOrEqual(saved);
      if (store.head().seq < COUNT) interrupted += 1;
      store.close();
    }
    expect(interrupted).toBe(ROUNDS);
    await ingest(program, path, null);
    const store = new SqliteEventStore(path, sha256);
    expect(store.verify()).toMatchObject({ ok: true, head: { seq: COUNT } });
    const events = await store.read(1, COUNT + 1);
    expect(events).toEqual(chainOf(COUNT).map(({ event }) => event));
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);
});

/** Runs the program until it has said `batches` sequences, or to its end. @returns the last one. */
async function ingest(program: string, path: string, batches: number | null): Promise<number> {
  const child = spawn(process.execPath, [program, path, String(COUNT)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  let saved = 0;
  let heard = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    saved = Number(line);
    heard += 1;
    if (heard === batches) child.kill('SIGKILL');
  }
  const [code, signal] = await exit;
  expect({ code, signal }).toEqual(
    batches === null ? { code: 0, signal: null } : { code: null, signal: 'SIGKILL' },
  );
  return saved;
}
