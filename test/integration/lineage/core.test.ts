import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { createLineageCore, type LineageCore } from '../../../src/main/lineage/core';
import { MirrorCore } from '../../../src/main/mirror/core';
import { archivesOf, closeYears, verifyArchives } from '../../../src/node/audit/archives';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { openGateway } from '../../support/desk';
import {
  closedTrade,
  deployed,
  registered,
  type Said,
  sealed,
  tradesClosed,
} from '../../support/lineage';
import { misfits, runEvent } from '../../support/openLineage';
import { TestTerminal } from '../../support/testTerminal';
import { stageModel } from '../../support/walk';

let folder: string;
let core: LineageCore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-lineage-'));
  core = createLineageCore({
    mirror: join(folder, 'audit.db'),
    trades: join(folder, 'trades.db'),
    sha256,
  });
});
afterEach(() => {
  core.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A desk's real log, mirrored. */
async function mirrored(): Promise<void> {
  const data = join(folder, 'gateway');
  mkdirSync(data);
  const gateway = await openGateway(data);
  await stageModel(gateway.port, 'm1');
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/api/v1/lineage`, {
    method: 'POST',
    headers: { authorization: 'Bearer pablo' },
    body: JSON.stringify(runEvent()),
  });
  expect(answer.status).toBe(201);
  const ana = await TestTerminal.open(gateway.port);
  await ana.until(() => ana.types().includes('lineage.received'));
  const mirror = new MirrorCore({
    ...{ path: join(folder, 'audit.db'), sha256, clock: Date.now },
    onStatus: () => undefined,
    onBadCheckpoint: () => undefined,
  });
  await mirror.open();
  mirror.take(ana.events);
  mirror.flush();
  mirror.close();
  ana.socket.terminate();
  await gateway.stop();
}

/** Puts facts into a mirror of their own, in this core's place. */
function held(facts: readonly Said[]): SqliteEventStore {
  const store = new SqliteEventStore(join(folder, 'audit.db'), sha256);
  store.insert(sealed(facts));
  return store;
}

test('without files the graph is empty and nothing is wrong', () => {
  expect(core.part(null, 0, null)).toMatchObject({ parts: 1, nodes: [], edges: [], problem: null });
});

test('reads the mirror, says when nothing is new, and shows the events behind a node', async () => {
  await mirrored();
  const first = core.part(null, 0, null);
  const kinds = new Set(first.nodes.map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(['data', 'features', 'run', 'model']));
  expect(core.part(first.revision, 0, null).parts).toBe(0);
  const { total, events } = core.events('model:m1', null);
  expect(total).toBe(events.length);
  expect(events.at(-1)?.type).toBe('model.registered');
  expect(events.every(({ seq }, at) => at === 0 || seq < (events[at - 1]?.seq ?? 0))).toBe(true);
});

describe('trades', () => {
  const AT = Date.parse('2026-03-02T15:00:00Z');
  const DAY = '2026-03-02';
  const GROUP = `trades:${DAY}:m1`;
  const facts = [
    registered('m1'),
    tradesClosed('e1', [closedTrade('abc-1', AT), closedTrade('abc-2', AT + 1)]),
    tradesClosed('e2', [closedTrade('x', AT)]),
    // Said again after a restart, and one more.
    tradesClosed('e1', [closedTrade('abc-1', AT), closedTrade('abc-3', AT + 2)]),
  ];
  const all = sealed(facts);
  const seqs = (id: string, at: number | null = null) =>
    core.events(id, at).events.map(({ seq }) => seq);
  const group = (at: number | null = null) =>
    core.part(null, 0, at).nodes.find(({ id }) => id === GROUP);

  it('come from the log, each with the event that said it', () => {
    const store = held(facts.slice(0, 2));
    const first = core.part(null, 0, null);
    expect(first).toMatchObject({ seq: 2, tradesSeq: 2, problem: null });
    expect(first.edges).toContainEqual({ from: 'model:m1', to: GROUP, by: null });
    expect(core.part(first.revision, 0, null).parts).toBe(0);
    store.insert(all.slice(2));
    store.close();
    expect(core.part(first.revision, 0, null).revision).toBeGreaterThan(first.revision);
    expect(Object.fromEntries(group()?.facts ?? [])).toMatchObject({ count: '4', pnl: '-12 USD' });
    expect(group()?.events).toBe(3);
    expect(seqs(GROUP)).toEqual([4, 3, 2]);
    const [found] = core.find('abc-1', null);
    expect(found).toMatchObject({ model: 'm1', day: DAY, label: 'abc-1' });
    expect(seqs(found?.id ?? '')).toEqual([2]);
    expect(core.events(found?.id ?? '', null).events[0]).toMatchObject({ type: 'trades.closed' });
    const opened = core.trades('m1', DAY, null);
    expect([opened.total, opened.nodes.length, opened.edges.length]).toEqual([4, 4, 4]);
  });

  it('of the past are those that the log had said until then', () => {
    held(facts).close();
    expect(group(1)).toBeUndefined();
    expect(Object.fromEntries(group(3)?.facts ?? [])).toMatchObject({
      ...{ count: '3', pnl: '-9 USD', engines: 'e1, e2' },
    });
    expect(group(3)?.events).toBe(2);
    expect(seqs(GROUP, 3)).toEqual([3, 2]);
    expect(core.trades('m1', DAY, 2)).toMatchObject({ total: 2 });
    expect(core.find('abc', 2)).toHaveLength(2);
    expect(core.find('abc', 4)).toHaveLength(3);
    expect(group()?.events).toBe(3);
  });

  it('are read on by the next reader, and read anew of another history', () => {
    held(facts).close();
    expect(group()?.events).toBe(3);
    core.close();
    rmSync(join(folder, 'audit.db'));
    // As many events, and others.
    held([...facts.slice(0, 3), registered('m2')]).close();
    const next = createLineageCore({
      ...{ mirror: join(folder, 'audit.db'), trades: join(folder, 'trades.db'), sha256 },
    });
    const { nodes, tradesSeq } = next.part(null, 0, null);
    expect(tradesSeq).toBe(4);
    expect(nodes.find(({ id }) => id === GROUP)?.events).toBe(2);
    next.close();
  });

  it('are read anew where their file breaks under the reader, and say so once', () => {
    held(facts).close();
    expect(group()?.events).toBe(3);
    core.close();
    const path = join(folder, 'trades.db');
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4_096);
    writeFileSync(path, bytes);
    const next = createLineageCore({ mirror: join(folder, 'audit.db'), trades: path, sha256 });
    const looked = [next.part(null, 0, null), next.part(null, 0, null), next.part(null, 0, null)];
    expect(looked.at(-1)?.problem).toBeNull();
    expect(looked.at(-1)?.nodes.find(({ id }) => id === GROUP)?.events).toBe(3);
    next.close();
  });

  it('are missing, and the rest is shown, where their file cannot be written', () => {
    held(facts).close();
    mkdirSync(join(folder, 'trades.db'));
    const { nodes, tradesSeq, problem } = core.part(null, 0, null);
    expect(nodes.map(({ id }) => id)).toContain('model:m1');
    expect(group()).toBeUndefined();
    expect([tradesSeq, problem]).toEqual([0, expect.any(String)]);
  });

  it('of a long log are read a step at a time, and by the end are those that were said', async () => {
    const many = Array.from({ length: 450 }, (_, n) =>
      tradesClosed('e1', [closedTrade(`t${n}`, AT + n)]),
    );
    held(many).close();
    const first = core.part(null, 0, null);
    expect(first).toMatchObject({ seq: 450, tradesSeq: 200 });
    await core.indexAll();
    expect(core.part(null, 0, null)).toMatchObject({ seq: 450, tradesSeq: 450 });
    expect(group()?.events).toBe(450);
    expect(core.trades('m1', DAY, null).total).toBe(450);
  });

  it('of a year are told and deleted, and those that a deleted year of the record said go with it', async () => {
    const NEW_YEAR = Date.parse('2026-01-01T05:00:00Z');
    const mirror = join(folder, 'audit.db');
    held([
      tradesClosed('e1', [closedTrade('viejo', NEW_YEAR - 9)], NEW_YEAR - 8),
      // Closed in the old year, and said in the new one.
      tradesClosed('e1', [closedTrade('tarde', NEW_YEAR - 7)], NEW_YEAR + 1),
      tradesClosed('e1', [closedTrade('nuevo', NEW_YEAR + 2)], NEW_YEAR + 3),
    ]).close();
    expect(await core.year(2025, false)).toMatchObject({ count: 2 });
    closeYears(mirror, verifyArchives([], sha256).base, NEW_YEAR, sha256);
    const [archive = ''] = archivesOf(mirror);
    rmSync(archive, { force: true });
    await core.indexAll();
    const labels = () => core.find('', null).map(({ label }) => label);
    expect(labels()).toEqual(['nuevo', 'tarde']);
    expect(await core.year(2025, true)).toMatchObject({ count: 1 });
    expect(labels()).toEqual(['nuevo']);
    expect(core.part(null, 0, null)).toMatchObject({ tradesSeq: 3, problem: null });
  });
});

test('its export fits OpenLineage and holds what the pipeline said', async () => {
  await mirrored();
  const events = JSON.parse(core.openLineage('urn:vigia:terminal:t1', null)) as unknown[];
  expect(events).toContainEqual(runEvent());
  expect(events).toHaveLength(2);
  expect(events.flatMap(misfits)).toEqual([]);
});

test('another history in the mirror’s place is read from its start', async () => {
  await mirrored();
  const before = core.part(null, 0, null);
  for (const suffix of ['', '-wal', '-shm']) {
    try {
      renameSync(join(folder, `audit.db${suffix}`), join(folder, `old.db${suffix}`));
    } catch {
      // Only the database itself must be there.
    }
  }
  const after = core.part(before.revision, 0, null);
  expect(after).toMatchObject({ parts: 1, nodes: [], seq: 0 });
});

describe('years that are over', () => {
  const NEW_YEAR = Date.parse('2026-01-01T05:00:00Z');
  const mirror = () => join(folder, 'audit.db');
  const chain = sealed([
    { ...registered('m1'), ts: NEW_YEAR - 4_000 },
    { type: 'lineage.received', data: { event: runEvent() }, ts: NEW_YEAR - 3_000 },
    ...deployed('m1', 'e1', NEW_YEAR - 2_000),
    { ...registered('m2', { training: { mlflow_run_id: 'run_2' } }), ts: NEW_YEAR + 1_000 },
  ]);
  const archive = () => closeYears(mirror(), verifyArchives([], sha256).base, NEW_YEAR, sha256);
  beforeEach(() => {
    const store = new SqliteEventStore(mirror(), sha256);
    store.insert(chain);
    store.close();
  });

  it('stay in the graph, in what is behind its nodes and in the export, by a reader that had them and by a new one', () => {
    const before = core.part(null, 0, null);
    const behind = core.events('model:m1', null);
    const exported = core.openLineage('urn:vigia:terminal:t1', null);
    expect(before.nodes.map(({ kind }) => kind)).toContain('deployment');
    expect(behind.total).toBe(1);
    expect(archive()).toBe(4);
    expect(archivesOf(mirror())).toHaveLength(1);
    const again = createLineageCore({ mirror: mirror(), trades: join(folder, 'none.db'), sha256 });
    for (const one of [core, again]) {
      const { nodes, edges, seq, problem } = one.part(null, 0, null);
      expect({ nodes, edges, seq, problem }).toEqual({
        ...{ nodes: before.nodes, edges: before.edges, seq: before.seq, problem: null },
      });
      expect(one.events('model:m1', null)).toEqual(behind);
      expect(one.openLineage('urn:vigia:terminal:t1', null)).toBe(exported);
    }
    again.close();
  });

  it('are there once where an archive is written and the mirror has not let go of them yet', () => {
    const copy = new SqliteEventStore(join(folder, 'audit-2025.db'), sha256);
    copy.insert(chain.slice(0, 4));
    copy.close();
    const received = JSON.parse(core.openLineage('urn:vigia:terminal:t1', null)) as unknown[];
    expect(received.filter((event) => isDeepStrictEqual(event, runEvent()))).toHaveLength(1);
    expect(core.events('model:m1', null).events).toHaveLength(1);
  });

  it('the past is as the log had it, beside the present', () => {
    archive();
    const now = core.part(null, 0, null);
    const kinds = (at: number) =>
      core.part(null, 0, at).nodes.map(({ kind, label }) => [kind, label]);
    const then = core.part(null, 0, 1);
    expect(then).toMatchObject({ seq: 1, problem: null });
    expect(then.nodes.map(({ kind }) => kind).sort()).toEqual(['data', 'features', 'model', 'run']);
    expect(then.revision).not.toBe(now.revision);
    expect(core.part(then.revision, 0, 1).parts).toBe(0);
    expect(kinds(3)).toContainEqual(['deployment', 'promotion']);
    expect(kinds(1)).not.toContainEqual(['deployment', 'promotion']);
    expect(kinds(4)).not.toContainEqual(['model', 'm2']);
    expect(core.events('model:m2', 4)).toEqual({ total: 0, events: [] });
    expect(JSON.parse(core.openLineage('urn:vigia:terminal:t1', 1))).toHaveLength(1);
    // Looking back has not changed what is shown of now.
    expect(core.part(now.revision, 0, null).parts).toBe(0);
  });
});
