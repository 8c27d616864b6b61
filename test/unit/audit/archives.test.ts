import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/vigia';
import { MirrorCore } from '../../../src/main/mirror/core';
import type { MirrorStatus } from '../../../src/main/mirror/messages';
import { archivesOf, closeYears, verifyArchives } from '../../../src/node/audit/archives';
import { Explorer } from '../../../src/node/audit/explorer';
import { openSource } from '../../../src/node/audit/source';
import { collectReport } from '../../../src/node/reports/collect';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { auditFilterSchema } from '../../../src/shared/audit/query';
import type { SealedEvent } from '../../../src/shared/log/chain';
import { foldOps } from '../../../src/shared/ops/fold';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import { quickPolicies } from '../../support/desk';
import { deskChain, newRecord, noteOver, type TestRecord, writeRecord } from '../../support/record';
import { reportsPolicy } from '../../support/reports';

const DAY = 86_400_000;
/** 1 January 2024, 00:00 in Bogota. */
const NEW_YEAR = Date.parse('2024-01-01T05:00:00Z');
const NOW = NEW_YEAR + 3 * 366 * DAY;
const COUNT = 900;
let record: TestRecord;
let chain: readonly SealedEvent[];
let path: string;
let status: MirrorStatus | null;

beforeEach(() => {
  record = newRecord(1);
  path = join(record.folder, 'years.db');
  // Two events a day from the last days of 2023 on; the clock is set back once at a turn of the year.
  chain = deskChain(
    COUNT,
    record.key,
    '',
    (index) => NEW_YEAR - 10 * DAY + (index * DAY) / 2 - (index === 21 ? 2 * DAY : 0),
  );
  writeRecord(path, chain, record.key, [15, 600, COUNT]);
});
afterEach(() => record.remove());

async function open(now = NOW) {
  const core = new MirrorCore({
    ...{ path, sha256, clock: () => now },
    onStatus: (next) => {
      status = next;
    },
    onBadCheckpoint: (cause) => {
      throw new Error(cause);
    },
  });
  return { core, opened: await core.open() };
}

const close = (file: string, now: number) =>
  closeYears(file, verifyArchives(archivesOf(file), sha256).base, now, sha256);
const whole = () => chain.map(({ event }) => event).reduce(foldOps, INITIAL_OPS_STATE);
const names = () => archivesOf(path).map((archive) => archive.slice(-13));

describe('years that are over', () => {
  it('become read-only files that verify as one chain and are searched together', async () => {
    const { core, opened } = await open();
    // Of 2025 there may be more to come: no later event is held.
    expect(names()).toEqual(['years-2023.db', 'years-2024.db']);
    for (const archive of archivesOf(path)) expect(statSync(archive).mode & 0o222).toBe(0);
    expect(opened.head).toEqual({ seq: COUNT, hash: chain[COUNT - 1]?.event.hash });
    expect(opened.ops).toEqual(whole());
    expect(status).toMatchObject({ state: 'ok', seq: COUNT });

    // It goes on from there: events, a signature over the archive's last event, and one over a new one.
    const grown = deskChain(COUNT + 40, record.key, '', (index) =>
      index < COUNT ? (chain[index] as SealedEvent).event.ts : NOW + index,
    );
    core.checkpoint(noteOver(chain, COUNT, record.key));
    core.take(grown.slice(COUNT).map(({ event }) => event));
    core.flush();
    core.checkpoint(noteOver(grown, COUNT + 40, record.key));
    core.flush();
    core.close();
    const lines: string[] = [];
    expect(await run(['verify', path], (line) => lines.push(line))).toBe(0);
    expect(lines).toEqual([
      `ok ${COUNT + 40} ${grown.at(-1)?.event.hash}`,
      `signed by the gateway up to ${COUNT + 40}`,
      expect.stringContaining('the clock went back 1 times'),
    ]);

    const breathe = () => new Promise<void>((breathed) => setImmediate(breathed));
    const explorer = new Explorer(
      [...archivesOf(path), path],
      join(record.folder, 'i.db'),
      breathe,
    );
    const filter = auditFilterSchema.parse({ types: ['engine.lost'] });
    const page = await explorer.page({ filter, offset: 0, limit: 500 }, () => false);
    const expected = grown
      .filter(({ event }) => event.type === 'engine.lost')
      .map(({ event }) => event.seq);
    expect(page.events.map(({ seq }) => seq)).toEqual(expected.reverse());
    expect((await explorer.past({ seq: 30 }))?.seq).toBe(30);
    explorer.close();
  });

  it('are read for a report as if they had never been moved', async () => {
    const period = { from: NEW_YEAR - 20 * DAY, to: NOW };
    const wanted = { kind: 'period' as const, period, fromSeq: null, toSeq: null };
    const policies = { reports: reportsPolicy, incidents: quickPolicies.incidents.document };
    const events = chain.map(({ event }) => event);
    const deps = {
      read: async (from: number, limit: number) => events.slice(from - 1, from - 1 + limit),
      head: () => ({ seq: COUNT, hash: events.at(-1)?.hash ?? '' }),
      ...{ sha256, policies, pause: async () => undefined },
    };
    const unmoved = await collectReport(deps, wanted);
    const { core } = await open();
    expect(names()).toHaveLength(2);
    const moved = await core.report({ wanted, policies }, async () => undefined, {});
    core.close();
    expect(moved.sha256).toBe(unmoved.sha256);
  });

  it('are each moved once, and a move that was broken off is finished', async () => {
    (await open(NEW_YEAR + 30 * DAY)).core.close();
    expect(names()).toEqual(['years-2023.db']);
    // As if it had died between the copy and the taking out.
    const source = openSource([...archivesOf(path)]);
    const store = new Database(path);
    const insert = store.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    for (const row of source.rows(1, 100)) {
      insert.run(
        row.seq,
        row.id,
        row.ts,
        row.type,
        row.actor,
        row.command_id,
        row.hash,
        row.prev_hash,
        row.body,
      );
    }
    store.close();
    source.close();
    const { core, opened } = await open(NEW_YEAR + 30 * DAY);
    core.close();
    expect(opened.head.seq).toBe(COUNT);
    expect(close(path, NEW_YEAR + 30 * DAY)).toBe(0);
    expect(opened.ops).toEqual(whole());
  });

  it('are not closed while more of them may come, as when a mirror catches up', async () => {
    const half = join(record.folder, 'half.db');
    writeRecord(half, chain.slice(0, 12), record.key, []);
    expect(close(half, NOW)).toBe(0);
    const store = new SqliteEventStore(half, sha256);
    store.insert(chain.slice(12, 40));
    store.close();
    expect(close(half, NOW)).toBe(20);
    expect(close(half, NOW)).toBe(0);
  });

  it('that were tampered with are set aside with the whole history', async () => {
    (await open()).core.close();
    const [first = ''] = archivesOf(path);
    const database = new Database(first);
    database.exec("UPDATE events SET body = replace(body, 'conexión', 'corriente') WHERE seq = 7");
    database.close();
    const { core, opened } = await open();
    core.close();
    expect(opened.head.seq).toBe(0);
    expect(status).toMatchObject({ state: 'quarantined' });
    expect(names()).toEqual([]);
    const kept = readdirSync(record.folder).filter((name) => /^audit-quarantine-/.test(name));
    expect(kept.filter((name) => name.endsWith('.db'))).toHaveLength(3);
  });
});
