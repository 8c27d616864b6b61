import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPastGuard } from '../../../src/main/audit/past';
import { Explorer } from '../../../src/node/audit/explorer';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { deskStatus } from '../../../src/renderer/desk/desk.state';
import { activeOnes } from '../../../src/renderer/desk/incidents.state';
import { pastView } from '../../../src/renderer/desk/past.state';
import { ipcCalls } from '../../../src/shared/ipc/contract';
import type { OpsState } from '../../../src/shared/ops/state';
import type { DeskView } from '../../../src/shared/view/desk';
import { alertFact, deskFact, engineFacts, incidentDesk } from '../../support/incidents';
import { registered, type Said, sealed } from '../../support/lineage';

const OPEN = [
  'app.quit',
  ...['cancel', 'cancelJob', 'closeImported', 'copy', 'export', 'import', 'page', 'past', 'state']
    .concat('story', 'values', 'verify')
    .map((name) => `audit.${name}`),
  ...['card.document', 'card.export', 'desk.view', 'equity.series'],
  ...['abandon', 'fire', 'pending', 'silence'].map((name) => `kill.${name}`),
  ...['events', 'find', 'part', 'save', 'trades'].map((name) => `lineage.${name}`),
  ...['now', 'setPin', 'unlock'].map((name) => `lock.${name}`),
  ...['monitor.series', 'postmortem.export', 'postmortem.text'],
  ...['cancel', 'export', 'list', 'open', 'success'].map((name) => `report.${name}`),
  ...['get', 'set', 'status'].map((name) => `settings.${name}`),
  ...['collapsePanel', 'openConsole', 'panelHeight', 'ready'].map((name) => `window.${name}`),
];

const position = {
  ...{ id: 'p1', instrument: 'USD/COP', side: 'long', quantity: 2, entryPrice: 4_000 },
  ...{ markPrice: 4_100, notional: 8_200, currency: 'USD', unrealizedPnl: 200 },
};
const readBack = (asOf: number, ...positions: object[]): Said => ({
  type: 'kill.read_back',
  data: {
    ...{ engine: 'e1', round: 1, asOf, positions, workingOrders: [] },
    ...{ telemetrySeq: 0, sweepAgain: false },
  },
});
const lost = (positions: number | null): Said => ({
  type: 'engine.lost',
  data: { engine: 'e1', cause: 'cut', lastHeardAt: 5, positions },
});

let folder: string;
let explorer: Explorer | null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-past-'));
});
afterEach(() => {
  explorer?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the log had said of positions after each event that is asked for. */
async function positionsAt(facts: readonly Said[], ...seqs: number[]) {
  const path = join(folder, 'audit.db');
  const store = new SqliteEventStore(path, sha256);
  store.insert(sealed(facts));
  store.close();
  const own = new Explorer([path], join(folder, 'index.db'), async () => undefined);
  explorer = own;
  const found = [];
  for (const seq of seqs) {
    const ops = await own.past({ seq });
    found.push(ops && own.positionsThen(ops));
  }
  return found;
}

describe('positions in the past', () => {
  const begin = [deskFact(), ...engineFacts('e1')] as Said[];
  const first = begin.length;

  it('are those of the latest read-back before it, with its time, and unknown before the first', async () => {
    const facts = [...begin, readBack(100, position), readBack(200)];
    const [before, one, two] = await positionsAt(facts, first, first + 1, first + 2);
    expect(before).toEqual([{ engine: 'e1', readBack: null, lost: null }]);
    expect(one).toEqual([
      {
        ...{ engine: 'e1', lost: null },
        readBack: { asOf: 100, positions: [position], workingOrders: [] },
      },
    ]);
    expect(two).toMatchObject([{ readBack: { asOf: 200, positions: [] } }]);
  });

  it('tell with how many an engine was lost, while it is', async () => {
    const facts = [...begin, lost(3), ...engineFacts('e1'), lost(null)] as Said[];
    const all = await positionsAt(facts, first, first + 1, facts.length - 1, facts.length);
    expect(all.map((one) => one?.[0]?.lost?.positions)).toEqual([undefined, 3, undefined, null]);
  });

  it('end where the record does', async () => {
    expect(await positionsAt(begin, first + 1)).toEqual([null]);
  });
});

describe('the view of the past', () => {
  const desk = incidentDesk();
  desk.append([deskFact(), ...engineFacts('e1')]);
  const calm = desk.state();
  desk.append([
    registered('m1') as never,
    { type: 'ops.paused', data: { scope: { kind: 'all' }, origin: 'panel' } } as never,
    alertFact('a', 'P1'),
  ]);
  const busy = desk.state();
  const view = {
    ...{ deskName: 'own desk', ops: busy, kills: [], commands: [], figures: { e1: {} } },
    link: { state: 'down', since: 0 },
    gateway: { storeError: null },
    policy: { kill: { alarmAfterMs: 1_000 }, figures: { staleAfterMs: 5_000 } },
  } as unknown as DeskView;
  const then = (ops: OpsState, foreign: string | null = null) =>
    pastView(view, { seq: ops.seq, ts: ops.ts, ops, positions: [] }, foreign);

  it('has mode, models and incidents as the log had them then', () => {
    expect(deskStatus(then(calm), calm.ts).word).toBe('normal');
    expect(deskStatus(then(busy), busy.ts).word).toBe('paused');
    expect(Object.keys(then(calm).ops.models.models)).toEqual([]);
    expect(Object.keys(then(busy).ops.models.models)).toEqual(['m1']);
    expect(activeOnes(then(calm))).toEqual([]);
    expect(activeOnes(then(busy))).toHaveLength(1);
    expect(then(busy).figures).toEqual({});
  });

  it('is not called by our desk’s name where it is of another record', () => {
    expect(then(calm).deskName).toBe('own desk');
    expect(then(calm, 'salida').deskName).toBe('salida');
  });
});

describe('what a window in the past may ask', () => {
  it('is what reads, what is about windows, settings and the lock, and a kill', () => {
    const open = Object.keys(ipcCalls).filter((channel) => {
      const guard = createPastGuard();
      guard.enter(1, guard.ask(1));
      return guard.refuses(channel, 1) === null;
    });
    expect(open.sort()).toEqual(OPEN);
  });
});
