import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MirrorCore } from '../../../src/main/mirror/core';
import type { MirrorStatus } from '../../../src/main/mirror/messages';
import { sha256 } from '../../../src/node/sha256';
import { LOG_FORM } from '../../../src/shared/version';
import { chainOf } from '../../bench/events';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-mirror-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = () => join(folder, 'audit.db');
const copies = () => readdirSync(folder).filter((name) => name.startsWith('audit-before-'));
const form = (file = path()) => {
  const database = new Database(file, { readonly: true });
  const found = database.pragma('user_version', { simple: true });
  database.close();
  return found;
};

async function mirror() {
  const said: MirrorStatus[] = [];
  const core = new MirrorCore({
    path: path(),
    sha256,
    clock: () => 1_700_000_000_000,
    onStatus: (status) => said.push(status),
    onBadCheckpoint: () => undefined,
  });
  const opened = await core.open();
  return { core, opened, status: () => said.at(-1) as MirrorStatus };
}

/** A mirror of `count` events whose file says it is of another form. */
async function made(count: number, version: number): Promise<void> {
  const { core } = await mirror();
  core.take(chainOf(count).map(({ event }) => event));
  core.flush();
  core.close();
  const database = new Database(path());
  database.pragma(`user_version = ${version}`);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}

it('a new mirror is of this version’s form, and there is nothing to copy', async () => {
  const { core } = await mirror();
  core.close();
  expect(form()).toBe(LOG_FORM);
  expect(copies()).toEqual([]);
});

it('an older mirror is copied whole before it is brought to this form, once', async () => {
  await made(50, 0);
  const { core, opened } = await mirror();
  core.close();
  expect(opened.head.seq).toBe(50);
  expect(form()).toBe(LOG_FORM);
  const [copy = ''] = copies();
  expect(statSync(join(folder, copy)).mode & 0o777).toBe(0o400);
  const database = new Database(join(folder, copy), { readonly: true });
  expect(database.prepare('SELECT count(*) AS n FROM events').get()).toEqual({ n: 50 });
  expect(database.pragma('user_version', { simple: true })).toBe(0);
  database.close();
  (await mirror()).core.close();
  expect(copies()).toHaveLength(1);
});

it('a newer mirror is refused and not a byte of it changes, whatever comes', async () => {
  await made(20, LOG_FORM + 1);
  const digest = () => createHash('sha256').update(readFileSync(path())).digest('hex');
  const before = digest();
  const { core, opened, status } = await mirror();
  expect(opened.head.seq).toBe(0);
  expect(status()).toMatchObject({ state: 'broken' });
  expect(status().problem).toContain('newer Vigía');
  expect(core.take(chainOf(5).map(({ event }) => event))).toBe(0);
  core.flush();
  await core.quarantine('another history');
  core.flush();
  core.close();
  expect(digest()).toBe(before);
  expect(readdirSync(folder).filter((name) => name.startsWith('audit-'))).toEqual([]);
});
