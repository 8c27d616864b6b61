import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTradeIndex, type TradeIndex } from '../../../src/node/tradeIndex';
import type { DomainEvent } from '../../../src/shared/ops/events';
import type { ClosedTrade } from '../../../src/shared/telemetry/types';
import { closedTrade } from '../../support/lineage';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-trades-'));
  path = join(folder, 'trades.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** 2026-03-02 23:30 in Bogota, which is the next day in UTC. */
const LATE = Date.parse('2026-03-03T04:30:00Z');
const DAY = '2026-03-02';
const anew = (): TradeIndex => openTradeIndex(path, () => true);
type TradesEvent = Extract<DomainEvent, { type: 'trades.closed' }>;
const said = (seq: number, engine: string, ...trades: ClosedTrade[]) =>
  ({ type: 'trades.closed', seq, data: { engine, trades, missed: 0 } }) as unknown as TradesEvent;
const trade = (tradeId: string, pnl: number | null, closedAt = LATE, currency = 'USD') =>
  closedTrade(tradeId, closedAt, { pnl, currency });
const at = (seq: number) => ({ seq, hash: `h${seq}` });

test('each trade once with the event that said it first, summed by the trading day of Bogota; an unknown PnL is not zero', () => {
  const index = anew();
  index.take([said(4, 'e1', trade('t1', 10), trade('t2', null))], at(5));
  index.take(
    [
      said(7, 'e1', trade('t1', 10)),
      // An engine that began anew counts from one again.
      said(8, 'e1', trade('t1', -4, LATE + 1_000)),
      said(9, 'e2', trade('x', 1, LATE, 'USD'), trade('y', 2, LATE, 'COP')),
    ],
    at(9),
  );
  const own = index.sums(null).filter(({ engine }) => engine === 'e1');
  expect(own).toEqual([
    {
      ...{ model: 'm1', day: DAY, engine: 'e1', currency: 'USD' },
      ...{ count: 3, pnl: 6, unknown: 1, events: 2 },
      ...{ firstOpenedAt: LATE - 5, lastClosedAt: LATE + 1_000 },
    },
  ]);
  // An event that says two currencies of a day is one event.
  expect(index.sums(null).reduce((all, { events }) => all + events, 0)).toBe(3);
  expect(index.eventsOf('m1', DAY, null)).toEqual([9, 8, 4]);
  expect(index.eventsOf('m1', DAY, 8)).toEqual([8, 4]);
  expect(index.eventOf(['e1', 't1', LATE], null)).toBe(4);
  expect(index.eventOf(['e1', 't1', LATE + 1_000], 7)).toBeNull();
  expect(index.of('m1', DAY, null, 2).map(({ tradeId, seq }) => [tradeId, seq])).toHaveLength(2);
  expect([index.count('m1', DAY, null), index.count('m1', DAY, 4)]).toEqual([5, 2]);
  expect(index.find('t', null, 9)).toHaveLength(3);
  expect(index.find('t', 4, 9)).toHaveLength(2);
  expect(index.find('%', null, 9)).toEqual([]);
  index.close();
});

test('the sums of the past are those that were kept then', () => {
  const event = fc.record({
    engine: fc.constantFrom('e1', 'e2'),
    trades: fc.array(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        model: fc.constantFrom('m1', 'm2'),
        currency: fc.constantFrom('USD', 'COP'),
        pnl: fc.option(fc.integer({ min: -9, max: 9 })),
        later: fc.nat(3),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 8 }), (events) => {
      const index = openTradeIndex(':memory:', () => true);
      const then = events.map(({ engine, trades }, n) => {
        const closed = trades.map(({ id, later, ...change }) =>
          closedTrade(id, LATE + later * 40_000_000, change),
        );
        index.take([said(n + 1, engine, ...closed)], at(n + 1));
        return index.sums(null);
      });
      for (const [n, sums] of then.entries()) expect(index.sums(n + 1)).toEqual(sums);
      index.close();
    }),
    { numRuns: 50 },
  );
});

test('it goes on where it stood, and says when there are other trades', () => {
  const one = anew();
  expect(one.through().seq).toBe(0);
  const before = one.version(null);
  one.take([], at(3));
  expect(one.version(null)).toBe(before);
  one.take([said(4, 'e1', trade('t1', 1))], at(6));
  expect(one.version(null)).not.toBe(before);
  expect(one.version(3)).toBe(before);
  one.close();
  const again = openTradeIndex(path, ({ seq, hash }) => seq === 6 && hash === 'h6');
  expect(again.through()).toEqual(at(6));
  expect(again.sums(null)).toHaveLength(1);
  again.close();
});

/** A file as it was when telemetry filled it. */
function old(): void {
  rmSync(path);
  const database = new Database(path);
  database.exec("CREATE TABLE trades (engine TEXT); INSERT INTO trades VALUES ('e1')");
  database.close();
}
const broken = (): void => writeFileSync(path, 'no database at all'.repeat(40));

test.each<[string, () => void, boolean]>([
  ['of another log', () => undefined, false],
  ['filled by telemetry', old, true],
  ['that is no database', broken, true],
])('a file %s is made anew', (_, change, fits) => {
  const one = anew();
  one.take([said(4, 'e1', trade('t1', 1))], at(6));
  one.close();
  change();
  const index = openTradeIndex(path, () => fits);
  expect([index.through().seq, index.sums(null)]).toEqual([0, []]);
  index.close();
});

test('a year goes with its sums, by Bogota’s calendar, and leaves nothing of it in the file', () => {
  // The last half hour of 2025 in Bogota, which is 2026 in UTC.
  const yearEnd = Date.parse('2026-01-01T04:30:00Z');
  const index = anew();
  index.take([said(1, 'e1', trade('viejo1', 1, yearEnd), trade('nuevo1', 2))], at(1));
  index.take([said(2, 'e2', trade('viejo2', 3, yearEnd - 1))], at(2));
  const held = index.year(2025);
  expect(held).toMatchObject({ count: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(index.year(2024).count).toBe(0);
  index.drop(2025);
  expect(index.year(2025).count).toBe(0);
  expect(index.sums(null).map(({ day }) => day)).toEqual([DAY]);
  expect(index.find('nuevo', null, 9)).toHaveLength(1);
  expect(readFileSync(path).includes('viejo')).toBe(false);
  index.close();
});

test('what events that are gone said goes, and what later ones said of the same day stays with its sums', () => {
  const index = anew();
  index.take([said(1, 'e1', trade('viejo1', 1)), said(5, 'e1', trade('nuevo1', 2))], at(5));
  index.forget(0);
  expect(index.count('m1', DAY, null)).toBe(2);
  index.forget(4);
  expect(index.sums(null)).toMatchObject([{ count: 1, pnl: 2, events: 1 }]);
  expect(index.through()).toEqual(at(5));
  index.close();
  expect(readFileSync(path).includes('viejo')).toBe(false);
});
