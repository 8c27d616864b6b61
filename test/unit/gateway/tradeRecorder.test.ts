import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EngineListener } from '../../../src/gateway/engineHub';
import type { Fact } from '../../../src/gateway/facts';
import type { GatewayLog } from '../../../src/gateway/log';
import {
  createTradeQueue,
  EVENTS_AT_ONCE,
  recordTrades,
  type TradeQueue,
  WAITING_MAX,
} from '../../../src/gateway/trades/recorder';
import { marksOf, readableText } from '../../../src/shared/audit/facets';
import type { LogEvent } from '../../../src/shared/log/event';
import { foldOps } from '../../../src/shared/ops/fold';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import { type TelemetryItem, telemetryItemSchema } from '../../../src/shared/telemetry/types';
import { TRADES_MAX, tradeEventData } from '../../../src/shared/trades/events';
import { closedTrade } from '../../support/lineage';

const said = (id: number | string, closedAt = 1): TelemetryItem => ({
  ...{ kind: 'trade', seq: 1, ts: closedAt },
  ...closedTrade(String(id), closedAt),
});
type Recorded = Extract<Fact, { type: 'trades.closed' }>;
const drawAll = (queue: TradeQueue, engine: string): Recorded[] => {
  const facts: Fact[] = [];
  for (let some = queue.draw(engine); some.length > 0; some = queue.draw(engine)) {
    facts.push(...some);
  }
  return facts as Recorded[];
};
const eventOf = (fact: Fact, seq = 1): LogEvent =>
  ({ ...fact, seq, ts: seq, commandId: null, reason: null, id: `e${seq}` }) as unknown as LogEvent;
const idsOf = (facts: readonly Recorded[]) =>
  facts.flatMap(({ data }) => data.trades.map(({ tradeId }) => tradeId));

describe('the queue of trades', () => {
  it('records each once or counts it as missed, however they are said, again, in any order and over restarts', () => {
    const step = fc.oneof(
      fc.record({
        engine: fc.constantFrom('e1', 'e2'),
        // Whole runs of ids, so that a queue overflows in some of them.
        from: fc.nat(300),
        count: fc.integer({ min: 1, max: 700 }),
        at: fc.constantFrom(1, 2),
      }),
      fc.constant('draw' as const),
      fc.constant('restart' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        let queue = createTradeQueue();
        const recorded = { e1: [] as Recorded[], e2: [] as Recorded[] };
        const heard = { e1: new Set<string>(), e2: new Set<string>() };
        const record = (draw: (engine: string) => readonly Fact[]) => {
          for (const engine of ['e1', 'e2'] as const) {
            recorded[engine].push(...(draw(engine) as Recorded[]));
          }
        };
        for (const one of steps) {
          if (one === 'draw') {
            record(queue.draw);
          } else if (one === 'restart') {
            // A gateway that stops records what waits; the next one begins with what is on record.
            const before = queue;
            record((engine) => drawAll(before, engine));
            queue = createTradeQueue();
            for (const fact of [...recorded.e1, ...recorded.e2]) queue.replayed(eventOf(fact));
          } else {
            const { engine, from, count, at } = one as Extract<typeof one, { from: number }>;
            const items = Array.from({ length: count }, (_, n) => said(from + n, at));
            for (let n = 0; n < count; n += 1) heard[engine as 'e1'].add(`${from + n} ${at}`);
            queue.take(engine, items);
          }
        }
        record((engine) => drawAll(queue, engine));
        expect(queue.waiting()).toEqual([]);
        for (const engine of ['e1', 'e2'] as const) {
          const facts = recorded[engine];
          const keys = facts.flatMap(({ data }) =>
            data.trades.map(({ tradeId, closedAt }) => `${tradeId} ${closedAt}`),
          );
          const missed = facts.reduce((all, { data }) => all + data.missed, 0);
          expect(new Set(keys).size).toBe(keys.length);
          const lost = [...heard[engine]].filter((key) => !keys.includes(key));
          expect(lost.length).toBeLessThanOrEqual(missed);
          expect(keys.every((key) => heard[engine].has(key))).toBe(true);
          for (const { data, actor } of facts) {
            expect(tradeEventData['trades.closed'].safeParse(data).success).toBe(true);
            expect([data.engine, actor?.id, actor?.role]).toEqual([engine, engine, 'engine']);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('says once how many found no room, and records one of them that is said again', () => {
    const queue = createTradeQueue();
    const items = Array.from({ length: WAITING_MAX + 7 }, (_, n) => said(n));
    queue.take('e1', items);
    const first = queue.draw('e1') as Recorded[];
    expect(first).toHaveLength(EVENTS_AT_ONCE);
    expect(first.map(({ data }) => data.missed)).toEqual([7, 0, 0, 0]);
    queue.take('e1', items);
    const rest = drawAll(queue, 'e1');
    expect(idsOf([...first, ...rest]).map(Number)).toEqual(items.map((_, n) => n));
    expect(rest.every(({ data }) => data.missed === 0)).toBe(true);
  });

  it('knows a trade by what the log makes of its id', () => {
    const queue = createTradeQueue();
    queue.take('e1', [said('\ud800')]);
    const [fact] = queue.draw('e1') as Recorded[];
    const trades = fact?.data.trades.map((one) => ({
      ...one,
      tradeId: one.tradeId.toWellFormed(),
    }));
    const again = createTradeQueue();
    again.replayed(
      eventOf({ ...(fact as Recorded), data: { engine: 'e1', trades: trades ?? [], missed: 0 } }),
    );
    again.take('e1', [said('\ud800')]);
    expect(again.waiting()).toEqual([]);
  });
});

describe('an event of trades', () => {
  const long = (n: number) => `${n}`.padEnd(128, 'x');
  const trades = Array.from({ length: TRADES_MAX }, (_, n) =>
    closedTrade(long(n), n, { model: `m${n}`, instrument: 'i'.repeat(128) }),
  );
  const event = eventOf({
    type: 'trades.closed',
    actor: { id: 'e'.repeat(128), role: 'engine', terminal: null },
    data: { engine: 'e'.repeat(128), trades, missed: 3 },
  });

  it('is found by the id and the model of each of its trades, and by its engine', () => {
    const words = readableText(event).split(' ');
    for (let n = 0; n < TRADES_MAX; n += 1) expect(words).toContain(long(n));
    const marks = marksOf(event);
    for (let n = 0; n < TRADES_MAX; n += 1) expect(marks).toContainEqual(['model', `m${n}`]);
    expect(marks).toContainEqual(['engine', 'e'.repeat(128)]);
  });

  it('changes nothing of the operating state but its place', () => {
    const { seq: _, ts: __, retention: ___, ...after } = foldOps(INITIAL_OPS_STATE, event);
    const { seq: ____, ts: _____, retention: ______, ...before } = INITIAL_OPS_STATE;
    expect(after).toEqual(before);
  });

  it('holds no time that no calendar has', () => {
    const at = (closedAt: number) => telemetryItemSchema.safeParse(said('t1', closedAt)).success;
    expect([at(8.64e15), at(8.65e15), at(-8.65e15)]).toEqual([true, false, false]);
  });
});

describe('the recorder', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function desk() {
    let storeError: string | null = null;
    let listener: EngineListener = {};
    const turns: Recorded[][] = [];
    const log = {
      health: () => ({ unsavedEvents: 0, storeError }),
      append: (...facts: Fact[]) => {
        turns.push(facts as Recorded[]);
        return [];
      },
      onRecorded: () => () => undefined,
    };
    const recorder = recordTrades({
      log: log as unknown as GatewayLog,
      hub: {
        listen(one) {
          listener = one;
        },
        isConnected: () => true,
      },
      queue: createTradeQueue(),
      waitMs: 2_000,
    });
    const say = (engine: string, ...items: TelemetryItem[]) =>
      listener.telemetry?.(engine, 's1', items);
    const disk = (problem: string | null) => {
      storeError = problem;
    };
    return { recorder, say, turns, disk };
  }

  it('puts what an engine says within the wait into one event, an engine a turn', () => {
    const { say, turns } = desk();
    say('e1', said('a'));
    vi.advanceTimersByTime(1_000);
    say('e2', said('x'));
    say('e1', said('b'), said('a'));
    vi.advanceTimersByTime(999);
    expect(turns).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(turns.map(idsOf)).toEqual([['a', 'b']]);
    vi.advanceTimersByTime(1_000);
    expect(turns.map(idsOf)).toEqual([['a', 'b'], ['x']]);
    vi.advanceTimersByTime(60_000);
    expect(turns).toHaveLength(2);
  });

  it('holds a flood to some events at a time', () => {
    const { say, turns } = desk();
    say('e1', ...Array.from({ length: 150 }, (_, n) => said(n)));
    vi.advanceTimersByTime(2_000);
    expect(turns.map((facts) => facts.length)).toEqual([EVENTS_AT_ONCE]);
    vi.advanceTimersByTime(2_000);
    expect(turns.map((facts) => facts.length)).toEqual([EVENTS_AT_ONCE, 2]);
  });

  it('keeps waiting while the disk takes nothing', () => {
    const { say, turns, disk } = desk();
    disk('no space');
    say('e1', said('a'));
    vi.advanceTimersByTime(10_000);
    expect(turns).toEqual([]);
    disk(null);
    vi.advanceTimersByTime(2_000);
    expect(turns.map(idsOf)).toEqual([['a']]);
  });

  it('records what waits when it is stopped, and hears nothing more', () => {
    const { recorder, say, turns } = desk();
    say('e1', ...Array.from({ length: 150 }, (_, n) => said(n)));
    say('e2', said('x'));
    recorder.stop();
    expect(idsOf(turns.flat())).toHaveLength(151);
    say('e2', said('y'));
    vi.advanceTimersByTime(60_000);
    expect(idsOf(turns.flat())).toHaveLength(151);
  });
});
