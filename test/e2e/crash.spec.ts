import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import Database from 'better-sqlite3';
import { sha256 } from '../../src/node/sha256';
import { SqliteEventStore } from '../../src/node/sqliteEventStore';
import { forget, launchOptions, newUserData } from './app';
import { openDesk } from './desk';

const EVENTS = 40_000;
const ROUNDS = 4;

/** The last sequence on the terminal's disk, read as another program would. */
function onDisk(path: string): number {
  if (!existsSync(path)) return 0;
  const database = new Database(path, { readonly: true });
  try {
    return (database.prepare('SELECT max(seq) FROM events').pluck().get() as number | null) ?? 0;
  } catch {
    // It is being made just now.
    return 0;
  } finally {
    database.close();
  }
}

const turn = () => new Promise((later) => setImmediate(later));

test('kill -9 of the terminal while it takes a long log: whole, nothing lost, nothing twice', async () => {
  const desk = await openDesk();
  const { log } = desk.gateway();
  for (let made = 0; made < EVENTS; made += 1_000) {
    log.append(
      ...Array.from({ length: 1_000 }, (_, index) => ({
        type: 'terminal.reported' as const,
        data: { kind: 'hotkey_proven', detail: `${made + index}` },
      })),
    );
  }
  const config = desk.config();
  chmodSync(dirname(config), 0o755);
  const userData = newUserData();
  const mirror = join(userData, 'audit.db');
  const start = () => {
    const { executablePath, args, env } = launchOptions(userData, ['--config', config]);
    return spawn(executablePath, args, { env, stdio: 'ignore' });
  };
  let last = 0;
  let interrupted = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const terminal = start();
    const exit = once(terminal, 'exit');
    while (onDisk(mirror) <= last + round * 500) await turn();
    terminal.kill('SIGKILL');
    await exit;
    const store = new SqliteEventStore(mirror, sha256);
    expect(store.verify()).toEqual({ ok: true, head: store.head() });
    expect(store.head().seq).toBeGreaterThan(last);
    if (store.head().seq < EVENTS) interrupted += 1;
    last = store.head().seq;
    store.close();
    if (last >= EVENTS) break;
  }
  expect(interrupted).toBeGreaterThan(0);
  const terminal = start();
  while (onDisk(mirror) < EVENTS) await turn();
  const exit = once(terminal, 'exit');
  terminal.kill('SIGTERM');
  await exit;
  const store = new SqliteEventStore(mirror, sha256);
  const { seq } = store.head();
  expect(store.verify()).toMatchObject({ ok: true });
  expect(store.hashAt(seq)).toBe(log.hashAt(seq));
  store.close();
  forget(userData);
  await desk.close();
});
