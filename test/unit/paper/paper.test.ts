import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBars } from '../../../src/gateway/engines/paper/bars';
import {
  cancel,
  equity,
  fill,
  mark,
  newBook,
  place,
  profit,
} from '../../../src/gateway/engines/paper/book';
import { seededRandom, syntheticMarket } from '../../../src/gateway/engines/paper/market';
import { momentum } from '../../../src/gateway/engines/paper/momentum';
import { hasRealBars, REAL_BARS } from '../../support/realBars';

describe('the account', () => {
  const step = fc.record({
    act: fc.constantFrom('open', 'close', 'fill', 'cancel'),
    side: fc.constantFrom('buy' as const, 'sell' as const),
    quantity: fc.integer({ min: 1, max: 1_000 }),
    pick: fc.nat(),
    price: fc.integer({ min: 3_000, max: 5_000 }),
  });

  it('never flips or grows on a closing order, whatever comes before it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let book = newBook(1_000_000);
        steps.forEach(({ act, side, quantity, pick, price }, index) => {
          if (act === 'open' || act === 'close') {
            book = place(book, { id: `o${index}`, side, quantity, purpose: act });
            return;
          }
          const order = book.orders[pick % Math.max(1, book.orders.length)];
          if (!order) return;
          const before = book.position;
          book =
            act === 'cancel' ? cancel(book, order.id) : fill(book, order.id, price, index).book;
          expect(book.orders.some(({ id }) => id === order.id)).toBe(false);
          if (act === 'fill' && order.purpose === 'close') {
            expect(Math.abs(book.position)).toBeLessThanOrEqual(Math.abs(before));
            expect(book.position * before).toBeGreaterThanOrEqual(0);
          }
        });
      }),
    );
  });

  it('books the same profit whether a position is closed at once or in parts', () => {
    const open = place(newBook(0), { id: 'a', side: 'buy', quantity: 100, purpose: 'open' });
    const long = fill(open, 'a', 4_000, 1).book;
    const half = { id: 'b', side: 'sell', quantity: 50, purpose: 'close' } as const;
    const once = fill(place(long, { ...half, quantity: 100 }), 'b', 4_100, 2).book;
    let twice = fill(place(long, half), 'b', 4_100, 2).book;
    twice = fill(place(twice, { ...half, id: 'c' }), 'c', 4_100, 3).book;
    expect(twice.realized).toBeCloseTo(once.realized, 9);
    expect(once.realized).toBeCloseTo((100 * 100) / 4_100, 9);
    expect(profit(-100, 4_000, 4_100)).toBeLessThan(0);
  });

  it('starts a trading day by the calendar of Bogota and keeps its peak', () => {
    const long = fill(
      place(newBook(1_000), { id: 'a', side: 'buy', quantity: 1_000, purpose: 'open' }),
      'a',
      4_000,
      0,
    ).book;
    const evening = Date.UTC(2024, 0, 3, 3, 0);
    const day = mark(mark(long, 4_400, evening), 4_200, evening + 1);
    expect(day.day).toBe('2024-01-02');
    expect(day.dayPeakEquity).toBeCloseTo(equity(long, 4_400), 9);
    const next = mark(day, 4_200, Date.UTC(2024, 0, 3, 5, 0));
    expect(next).toMatchObject({ day: '2024-01-03', dayRealized: 0 });
    expect(next.dayStartEquity).toBeCloseTo(equity(long, 4_200), 9);
  });
});

describe('the market', () => {
  it('is the same for the same seed, and a market: high ≥ open, close ≥ low', () => {
    const take = (seed: number) => {
      const market = syntheticMarket(seed, 0);
      return Array.from({ length: 2_000 }, () => market.next().value);
    };
    expect(take(7)).toEqual(take(7));
    expect(take(7)).not.toEqual(take(8));
    for (const bar of take(7)) {
      expect(bar.high).toBeGreaterThanOrEqual(Math.max(bar.open, bar.close));
      expect(bar.low).toBeLessThanOrEqual(Math.min(bar.open, bar.close));
      expect(bar.close).toBeGreaterThan(1_000);
    }
    const random = seededRandom(1);
    expect(Array.from({ length: 1_000 }, random).every((x) => x >= 0 && x < 1)).toBe(true);
  });

  it('momentum follows the trend and wants enough of it', () => {
    const up = Array.from({ length: 30 }, (_, n) => 4_000 + n * 10);
    const follow = (closes: readonly number[]) => momentum(closes, 6, 24, 0.0002);
    expect(follow(up)).toBe(1);
    expect(follow([...up].reverse())).toBe(-1);
    expect(follow(Array.from({ length: 30 }, () => 4_000))).toBe(0);
    expect(follow(up.slice(0, 10))).toBe(0);
  });
});

describe('bars from a file', () => {
  it('copes with dirt and says what it found', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigia-bars-'));
    const file = join(folder, 'bars.csv.gz');
    const lines = [
      'time,open,high,low,close',
      '2024-01-02 13:00:00+00:00,10,12,9,11',
      '2024-01-02 08:05:00+00:00,11,11,11,11',
      '2024-01-02 13:00:00+00:00,10,12,9,11',
      '2024-01-02 13:10:00+00:00,ten,12,9,11',
      '2024-01-02 13:15:00+00:00,10,12,9,11',
      'nonsense',
    ];
    writeFileSync(file, gzipSync(lines.join('\n')));
    const { bars, findings } = readBars(file);
    const left = { unreadable: 2, outOfOrder: 1, relabelled: 1, flat: 1, missing: 1, days: 1 };
    expect(findings).toEqual({ bars: 3, ...left });
    expect(bars.map(({ t }) => new Date(t).toISOString())).toEqual([
      '2024-01-02T13:00:00.000Z',
      '2024-01-02T13:05:00.000Z',
      '2024-01-02T13:15:00.000Z',
    ]);
    rmSync(folder, { recursive: true });
  });

  it.skipIf(!hasRealBars)('reads five real years (skipped: the file is not here)', () => {
    const { bars, findings } = readBars(REAL_BARS);
    expect(findings.relabelled).toBe(1_463);
    expect(findings.unreadable).toBe(0);
    expect(bars.length + findings.outOfOrder).toBe(75_460);
    expect(bars.every(({ t }) => [13, 14, 15, 16, 17].includes(new Date(t).getUTCHours()))).toBe(
      true,
    );
  });
});
