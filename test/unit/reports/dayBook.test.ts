import { describe, expect, it } from 'vitest';
import type { EngineListener } from '../../../src/gateway/engineHub';
import { createDayBook } from '../../../src/gateway/reports/dayBook';
import type { TelemetryItem } from '../../../src/shared/telemetry/types';
import { DAY, HOUR, MIN, MONDAY } from '../../support/reports';

function book(startedAt = MONDAY + 8 * HOUR) {
  let now = startedAt;
  let hear: EngineListener = {};
  function listen(listener: EngineListener): void {
    hear = listener;
  }
  const days = createDayBook({ listen }, () => now);
  const say = (items: readonly TelemetryItem[], session = 's1') =>
    hear.telemetry?.('e1', session, items);
  function to(ts: number): void {
    now = ts;
  }
  return { days, say, to };
}

const trade = (
  seq: number,
  tradeId: string,
  pnl: number | null,
  closedAt: number,
): TelemetryItem => ({
  kind: 'trade',
  ...{ seq, ts: closedAt, tradeId, model: 'm1', instrument: 'USD/COP' },
  side: 'long',
  ...{ quantity: 1, entryPrice: 1, exitPrice: 1, pnl, currency: 'COP' },
  ...{ openedAt: closedAt, closedAt },
});
const equity = (seq: number, value: number, ts: number): TelemetryItem => ({
  kind: 'equity',
  ...{ seq, ts, currency: 'COP', equity: value, dayStartEquity: 1_000 },
  ...{ dayPeakEquity: null, realizedPnlToday: null, unrealizedPnl: null },
});

describe('the day book', () => {
  const at = MONDAY + 9 * HOUR;

  it('counts each trade once, also after a reconnection, and what is known to be missing', () => {
    const { days, say } = book();
    say([equity(1, 1_005, at), trade(2, 'a', 5, at), trade(5, 'b', -2, at)]);
    say([trade(1, 'b', -2, at), trade(2, 'c', null, at)], 's2');
    expect(days.now()).toEqual([
      {
        ...{ engine: 'e1', day: '2026-02-02', currency: 'COP', startEquity: 1_000 },
        ...{ endEquity: 1_005, equityAt: at, heardSince: MONDAY + 8 * HOUR, missed: 2 },
        models: [{ model: 'm1', trades: 3, wins: 1, pnl: 3 }],
      },
    ]);
  });

  it('begins anew at midnight in Bogota; what is late for the day before changes nothing', () => {
    const { days, say, to } = book();
    say([trade(1, 'a', 5, MONDAY + DAY - 1)]);
    to(MONDAY + DAY + MIN);
    expect(days.now()).toEqual([]);
    say([trade(2, 'b', 7, MONDAY + DAY), trade(3, 'c', 9, MONDAY + DAY - 1)]);
    expect(days.now()).toMatchObject([
      { day: '2026-02-03', heardSince: MONDAY + DAY, models: [{ trades: 1, pnl: 7 }] },
    ]);
  });
});
