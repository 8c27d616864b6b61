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

/** `VIGIA_CRASH_ROUNDS=100` for the whole measure; fewer by default, to keep the suite short. */
const ROUNDS = Number(process.env.VIGIA_CRASH_ROUNDS ?? 4);
/** What the log has before the first start, and what it grows by while the terminal follows. */
const EVENTS = 10_000;
const GROWTH = { events: 5, everyMs: 10 };

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

test('kill -9 of the terminal while it takes the log: whole, nothing lost, nothing twice', async () => {
  test.setTimeout(60_000 + ROUNDS * 10_000);
  const desk = await openDesk();
  const { log } = desk.gateway();
  let made = 0;
  const grow = (count: number) => {
    const reports = Array.from({ length: count }, (_, index) => ({
      type: 'terminal.reported' as const,
      data: { kind: 'hotkey_proven', detail: `${made + index}` },
    }));
    made += count;
    log.append(...reports);
  };
  while (made < EVENTS) grow(1_000);
  const growing = setInterval(() => grow(GROWTH.events), GROWTH.everyMs);
  const config = desk.config();
  chmodSync(dirname(config), 0o755);
  const userData = newUserData();
  const mirror = join(userData, 'audit.db');
  const start = () => {
    const { executablePath, args, env } = launchOptions(userData, ['--config', config]);
    return spawn(executablePath, args, { env, stdio: 'ignore' });
  };
  let last = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const terminal = start();
    const exit = once(terminal, 'exit');
    // Now in the middle of the replay, now of what comes live behind it.
    while (onDisk(mirror) <= last + (round % 5) * 150) await turn();
    terminal.kill('SIGKILL');
    await exit;
    const store = new SqliteEventStore(mirror, sha256);
    const head = store.head();
    expect(store.verify()).toEqual({ ok: true, head });
    expect(head.seq).toBeGreaterThan(last);
    expect(head.hash).toBe(log.hashAt(head.seq));
    store.close();
    last = head.seq;
  }
  clearInterval(growing);
  const terminal = start();
  const exit = once(terminal, 'exit');
  while (onDisk(mirror) < made) await turn();
  terminal.kill('SIGTERM');
  await exit;
  const store = new SqliteEventStore(mirror, sha256);
  const head = store.head();
  expect(store.verify()).toEqual({ ok: true, head });
  expect(head.hash).toBe(log.hashAt(head.seq));
  store.close();
  forget(userData);
  await desk.close();
});
