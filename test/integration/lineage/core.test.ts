import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLineageCore, type LineageCore } from '../../../src/main/lineage/core';
import { MirrorCore } from '../../../src/main/mirror/core';
import { sha256 } from '../../../src/node/sha256';
import { openTradeStore } from '../../../src/node/tradeStore';
import { openGateway } from '../../support/desk';
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

test('without files the graph is empty and nothing is wrong', () => {
  expect(core.part(null, 0)).toMatchObject({ parts: 1, nodes: [], edges: [], problem: null });
});

test('reads the mirror and the trades, says when nothing is new, and shows the events behind a node', async () => {
  await mirrored();
  const trades = openTradeStore(join(folder, 'trades.db'));
  const first = core.part(null, 0);
  const kinds = new Set(first.nodes.map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(['data', 'features', 'run', 'model']));
  expect(core.part(first.revision, 0).parts).toBe(0);
  const closedAt = Date.parse('2026-03-02T15:00:00Z');
  trades.take('e1', [
    {
      ...{
        kind: 'trade',
        seq: 1,
        ts: closedAt,
        tradeId: 'abc-1',
        model: 'm1',
        instrument: 'USD/COP',
      },
      ...{ side: 'short', quantity: 2, entryPrice: 1, exitPrice: 2, pnl: -3, currency: 'USD' },
      ...{ openedAt: closedAt - 5, closedAt },
    },
  ]);
  trades.flush();
  const second = core.part(first.revision, 0);
  expect(second.revision).toBeGreaterThan(first.revision);
  expect(second.edges).toContainEqual({ from: 'model:m1', to: 'trades:2026-03-02:m1', by: null });
  const [found] = core.find('abc');
  expect(found).toMatchObject({ model: 'm1', day: '2026-03-02', label: 'abc-1' });
  const opened = core.trades('m1', '2026-03-02');
  expect(opened).toMatchObject({ total: 1, edges: [{ to: found?.id }] });
  const { total, events } = core.events('model:m1');
  expect(total).toBe(events.length);
  expect(events.at(-1)?.type).toBe('model.registered');
  expect(events.every(({ seq }, at) => at === 0 || seq < (events[at - 1]?.seq ?? 0))).toBe(true);
  trades.close();
});

test('its export fits OpenLineage and holds what the pipeline said', async () => {
  await mirrored();
  const events = JSON.parse(core.openLineage('urn:vigia:terminal:t1')) as unknown[];
  expect(events).toContainEqual(runEvent());
  expect(events).toHaveLength(2);
  expect(events.flatMap(misfits)).toEqual([]);
});

test('another history in the mirror’s place is read from its start', async () => {
  await mirrored();
  const before = core.part(null, 0);
  for (const suffix of ['', '-wal', '-shm']) {
    try {
      renameSync(join(folder, `audit.db${suffix}`), join(folder, `old.db${suffix}`));
    } catch {
      // Only the database itself must be there.
    }
  }
  const after = core.part(before.revision, 0);
  expect(after).toMatchObject({ parts: 1, nodes: [], seq: 0 });
});
