import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTradeStore, readTradeStore } from '../../../src/node/tradeStore';
import type { TelemetryItem } from '../../../src/shared/telemetry/types';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-trades-'));
  path = join(folder, 'trades.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** 2026-03-02 23:30 in Bogota, which is the next day in UTC. */
const LATE = Date.parse('2026-03-03T04:30:00Z');

function trade(tradeId: string, pnl: number | null, closedAt = LATE): TelemetryItem {
  return {
    ...{ kind: 'trade', seq: 1, ts: closedAt, tradeId, model: 'm1', instrument: 'USD/COP' },
    ...{ side: 'long', quantity: 1, entryPrice: 4_000, exitPrice: 4_001, pnl, currency: 'USD' },
    ...{ openedAt: closedAt - 1_000, closedAt },
  };
}

test('each trade once, summed by the trading day of Bogota; an unknown PnL is not zero', () => {
  const store = openTradeStore(path);
  store.take('e1', [
    trade('t1', 10),
    trade('t2', null),
    { kind: 'status', seq: 2, ts: 0, mode: 'normal' },
  ]);
  store.flush();
  store.take('e1', [trade('t1', 10)]);
  // An engine that began anew counts from one again.
  store.take('e1', [trade('t1', -4, LATE + 1_000)]);
  store.close();
  const reader = readTradeStore(path);
  expect(reader.sums()).toEqual([
    {
      ...{ model: 'm1', day: '2026-03-02', engine: 'e1', currency: 'USD' },
      ...{ count: 3, pnl: 6, unknown: 1 },
      ...{ firstOpenedAt: LATE - 1_000, lastClosedAt: LATE + 1_000 },
    },
  ]);
  expect(reader.of('m1', '2026-03-02', 2).map(({ tradeId }) => tradeId)).toEqual(['t1', 't2']);
  expect(reader.find('t', 9)).toHaveLength(3);
  expect(reader.find('%', 9)).toEqual([]);
  reader.close();
});

test('what was flushed is there for the next start, and a reader sees that something came', () => {
  const store = openTradeStore(path);
  const reader = readTradeStore(path);
  const before = reader.version();
  store.take('e1', [trade('t1', 1)]);
  store.flush();
  expect(reader.version()).not.toBe(before);
  store.close();
  reader.close();
  const again = openTradeStore(path);
  again.take('e1', [trade('t1', 1)]);
  again.close();
  const after = readTradeStore(path);
  expect(after.sums()[0]?.count).toBe(1);
  after.close();
});

test('a file that takes nothing loses nothing: it is said, and written once it can be', () => {
  writeFileSync(
    path,
    'no database at all, and longer than a header of one hundred bytes'.repeat(4),
  );
  const store = openTradeStore(path);
  store.take('e1', [trade('t1', 1)]);
  store.flush();
  expect(store.health()).toMatchObject({ waiting: 1, lost: 0, problem: expect.any(String) });
  rmSync(path);
  store.flush();
  expect(store.health()).toEqual({ waiting: 0, lost: 0, problem: null });
  store.close();
});

test('a year goes with its sums, by Bogota’s calendar, and leaves nothing of it in the file', () => {
  // The last half hour of 2025 in Bogota, which is 2026 in UTC.
  const yearEnd = Date.parse('2026-01-01T04:30:00Z');
  const store = openTradeStore(path);
  store.take('e1', [trade('viejo1', 1, yearEnd), trade('nuevo1', 2)]);
  store.take('e2', [trade('viejo2', 3, yearEnd - 1)]);
  store.flush();
  const held = store.year(2025);
  expect(held).toMatchObject({ count: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(store.year(2024).count).toBe(0);
  store.drop(2025);
  expect(store.year(2025).count).toBe(0);
  store.close();
  const reader = readTradeStore(path);
  expect(reader.sums().map(({ day }) => day)).toEqual(['2026-03-02']);
  expect(reader.find('nuevo', 9)).toHaveLength(1);
  reader.close();
  expect(readFileSync(path).includes('viejo')).toBe(false);
});
