import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { createLineageCore, type LineageCore } from '../../../src/main/lineage/core';
import { MirrorCore } from '../../../src/main/mirror/core';
import { archivesOf, closeYears, verifyArchives } from '../../../src/node/audit/archives';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { openTradeStore } from '../../../src/node/tradeStore';
import type { TelemetryItem } from '../../../src/shared/telemetry/types';
import { openGateway } from '../../support/desk';
import { deployed, registered, sealed } from '../../support/lineage';
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

function closed(tradeId: string, closedAt: number): TelemetryItem {
  return {
    ...{ kind: 'trade', seq: 1, ts: closedAt, tradeId, model: 'm1', instrument: 'USD/COP' },
    ...{ side: 'short', quantity: 2, entryPrice: 1, exitPrice: 2, pnl: -3, currency: 'USD' },
    ...{ openedAt: closedAt - 5, closedAt },
  };
}

test('without files the graph is empty and nothing is wrong', () => {
  expect(core.part(null, 0, null)).toMatchObject({ parts: 1, nodes: [], edges: [], problem: null });
});

test('reads the mirror and the trades, says when nothing is new, and shows the events behind a node', async () => {
  await mirrored();
  const trades = openTradeStore(join(folder, 'trades.db'));
  const first = core.part(null, 0, null);
  const kinds = new Set(first.nodes.map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(['data', 'features', 'run', 'model']));
  expect(core.part(first.revision, 0, null).parts).toBe(0);
  const closedAt = Date.parse('2026-03-02T15:00:00Z');
  trades.take('e1', [closed('abc-1', closedAt)]);
  trades.flush();
  const second = core.part(first.revision, 0, null);
  expect(second.revision).toBeGreaterThan(first.revision);
  expect(second.edges).toContainEqual({ from: 'model:m1', to: 'trades:2026-03-02:m1', by: null });
  const [found] = core.find('abc');
  expect(found).toMatchObject({ model: 'm1', day: '2026-03-02', label: 'abc-1' });
  const opened = core.trades('m1', '2026-03-02');
  expect(opened).toMatchObject({ total: 1, edges: [{ to: found?.id }] });
  const { total, events } = core.events('model:m1', null);
  expect(total).toBe(events.length);
  expect(events.at(-1)?.type).toBe('model.registered');
  expect(events.every(({ seq }, at) => at === 0 || seq < (events[at - 1]?.seq ?? 0))).toBe(true);
  trades.close();
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

  it('the past is as the log had it, without trades, beside the present', () => {
    archive();
    const trades = openTradeStore(join(folder, 'trades.db'));
    trades.take('e1', [closed('abc-1', NEW_YEAR)]);
    trades.flush();
    const now = core.part(null, 0, null);
    const kinds = (at: number) =>
      core.part(null, 0, at).nodes.map(({ kind, label }) => [kind, label]);
    expect(now.nodes.map(({ kind }) => kind)).toContain('trades');
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
    trades.close();
  });
});
