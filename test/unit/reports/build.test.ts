import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  closed,
  collected,
  DAY,
  day,
  HOUR,
  killData,
  logOf,
  MIN,
  MONDAY,
  opened,
  started,
  type Told,
} from '../../support/reports';

const at = (ms: number, type: string, data: object, more: Partial<Told> = {}): Told => ({
  ...{ ts: MONDAY + ms, type, data },
  ...more,
});
const whole = { from: MONDAY, to: MONDAY + 7 * DAY };
const wanted = (period = whole, fromSeq: number | null = null, toSeq: number | null = null) => ({
  ...{ kind: 'period' as const, period, fromSeq, toSeq },
});
const report = async (facts: readonly Told[], period = whole) =>
  (await collected(logOf(facts), wanted(period))).report;
const begun = [at(0, 'log.opened', opened), at(0, 'gateway.started', started)];

describe('money and trades', () => {
  it('are what the days come to, each with the events it comes from', async () => {
    const found = await report([
      ...begun,
      at(DAY, 'monitor.day_closed', closed('2026-02-02')),
      at(
        2 * DAY,
        'monitor.day_closed',
        closed('2026-02-03', { startEquity: 1_010, endEquity: 909, trades: 2, wins: 0, pnl: -101 }),
      ),
      at(
        3 * DAY,
        'monitor.day_closed',
        closed('2026-02-04', {
          model: 'm2',
          startEquity: 909,
          endEquity: 959.5,
          trades: 1,
          wins: 1,
          pnl: 50.5,
        }),
      ),
    ]);
    const [money] = found.money;
    expect(money?.pnl).toMatchObject({
      value: -40.5,
      unit: 'money',
      currency: 'COP',
      range: { fromSeq: 3, toSeq: 5 },
    });
    expect(money?.endEquity.value).toBe(959.5);
    // From 1,010 to 909.
    expect(money?.maxDrawdown.value).toBeCloseTo(0.1, 12);
    expect(money?.sharpe).toMatchObject({ value: null, absent: 'few_days' });
    expect(found.trades.count.value).toBe(7);
    expect(found.trades.winRate.value).toBeCloseTo(4 / 7, 12);
    expect(found.trades.byModel).toMatchObject([
      { model: 'm1', trades: 6, wins: 3, pnl: { value: -91, range: { fromSeq: 3, toSeq: 4 } } },
      { model: 'm2', trades: 1, wins: 1, pnl: { value: 50.5 } },
    ]);
  });

  it('has a Sharpe ratio of daily returns once there are days enough', async () => {
    // Returns of +1 % and −0.5 % in turn, 20 days: mean 0.0025, sample deviation 0.0075·√(20/19).
    const days: Told[] = [];
    let equity = 1_000;
    for (let index = 0; index < 20; index += 1) {
      const next = equity * (index % 2 === 0 ? 1.01 : 0.995);
      const of = new Date(MONDAY + index * DAY).toISOString().slice(0, 10);
      days.push(
        at(
          (index + 1) * DAY,
          'monitor.day_closed',
          closed(of, { startEquity: equity, endEquity: next, pnl: next - equity }),
        ),
      );
      equity = next;
    }
    const found = await report([...begun, ...days], { from: MONDAY, to: MONDAY + 30 * DAY });
    const expected = (0.0025 / (0.0075 * Math.sqrt(20 / 19))) * Math.sqrt(252);
    expect(found.money[0]?.sharpe.value).toBeCloseTo(expected, 9);
  });

  it('takes the day as last noted while it is not closed, over all engines, and says since when', async () => {
    const m1 = { model: 'm1', trades: 2, wins: 1, pnl: 5 };
    const found = await report([
      ...begun,
      at(13 * HOUR, 'day.noted', day('2026-02-02', { endEquity: 1_500, models: [m1] })),
      at(17 * HOUR, 'day.noted', day('2026-02-02', { models: [m1], heardSince: MONDAY + HOUR })),
      at(
        17 * HOUR,
        'day.noted',
        day('2026-02-02', {
          engine: 'e2',
          startEquity: 500,
          endEquity: 490,
          models: [{ ...m1, trades: 3, pnl: -10 }],
          missed: 2,
        }),
      ),
    ]);
    expect(found.days).toMatchObject([
      {
        source: 'so_far',
        startEquity: 1_500,
        endEquity: 1_500,
        pnl: 0,
        trades: 5,
        wins: 2,
        heardSince: MONDAY + HOUR,
        missed: 2,
        seqs: [4, 5],
      },
    ]);
  });

  it('has no sum where an engine’s equity is not known, and nothing of a currency with another', async () => {
    const found = await report([
      ...begun,
      at(HOUR, 'day.noted', day('2026-02-02', { endEquity: null })),
      at(
        HOUR,
        'day.noted',
        day('2026-02-02', { engine: 'e2', currency: 'USD', startEquity: 10, endEquity: 12 }),
      ),
    ]);
    expect(found.money.map(({ currency, pnl }) => [currency, pnl.value, pnl.absent])).toEqual([
      ['COP', null, 'no_equity'],
      ['USD', 2, null],
    ]);
  });

  it('takes the first closing of a day, and none that does not fit', async () => {
    const found = await report([
      ...begun,
      at(DAY, 'monitor.day_closed', { day: 'yesterday' }),
      at(DAY, 'monitor.day_closed', closed('2026-02-02')),
      at(DAY, 'monitor.day_closed', closed('2026-02-02', { pnl: 99 })),
      at(DAY, 'day.noted', day('2026-02-02', { endEquity: 5 })),
    ]);
    expect(found.days).toMatchObject([{ pnl: 10, source: 'closed', seqs: [4] }]);
  });

  it('leaves out days whose amounts are no amounts: their sum is no number, and a report has to be one', async () => {
    const found = await report([
      ...begun,
      at(DAY, 'monitor.day_closed', closed('2026-02-02', { pnl: -2.9e293 })),
      at(DAY, 'monitor.day_closed', closed('2026-02-03', { pnl: -Number.MAX_VALUE })),
      at(DAY, 'day.noted', day('2026-02-04', { endEquity: Number.MAX_VALUE })),
      at(DAY, 'day.noted', day('2026-02-05')),
    ]);
    expect(found.days.map((one) => one.day)).toEqual(['2026-02-05']);
  });

  it('leaves a day to the report that told of it while it went on, though it was closed after that', async () => {
    const facts = [
      ...begun,
      at(17 * HOUR, 'day.noted', day('2026-02-02')),
      at(DAY + MIN, 'monitor.day_closed', closed('2026-02-02', { pnl: 11 })),
      at(DAY + 17 * HOUR, 'day.noted', day('2026-02-03', { endEquity: 993 })),
    ];
    const half = MONDAY + 17.5 * HOUR;
    const monday = await report(facts, { from: MONDAY, to: half });
    const tuesday = await report(facts, { from: half, to: half + DAY });
    expect(monday.money[0]?.pnl.value).toBe(10);
    expect(tuesday.days.map((one) => one.day)).toEqual(['2026-02-03']);
    expect(tuesday.money[0]?.pnl.value).toBe(-7);
  });

  it('has the first day of a log that began in the afternoon: no report before it can', async () => {
    const from = MONDAY + 15 * HOUR;
    const facts = [
      at(15 * HOUR, 'log.opened', opened),
      at(15 * HOUR, 'gateway.started', started),
      at(17 * HOUR, 'day.noted', day('2026-02-02')),
    ];
    const first = await report(facts, { from, to: MONDAY + DAY });
    expect(first.days.map((one) => one.day)).toEqual(['2026-02-02']);
    expect(first.money[0]?.pnl.value).toBe(10);
  });

  it('says that there is none where no day is on record', async () => {
    const found = await report(begun);
    expect(found.money).toEqual([]);
    expect(found.trades.count).toMatchObject({ value: null, absent: 'no_days' });
  });
});

describe('what was done', () => {
  const c1 = { commandId: 'c1' };
  const c2 = { commandId: 'c2' };
  const facts = [
    ...begun,
    at(HOUR, 'kill.requested', killData(), { ...c1, reason: 'pérdidas' }),
    at(HOUR + 120, 'kill.halted', { engines: ['e1'] }, c1),
    at(HOUR + 900, 'kill.flat', { engines: ['e1'] }, c1),
    at(2 * HOUR, 'kill.requested', killData({ ageMs: -5, drill: true }), c2),
    at(2 * HOUR + 9_990, 'kill.halted', { engines: ['e1'] }, c2),
    at(3 * HOUR, 'deployment.started', {
      deployment: 'd1',
      kind: 'rollback',
      model: 'm1',
      version: '1',
      hash: 'a'.repeat(64),
      previous: 'm2',
      engines: ['e1'],
    }),
    at(3 * HOUR + 50, 'deployment.completed', {
      deployment: 'd1',
      model: 'm1',
      engines: ['e1'],
      tookMs: 61_000,
    }),
  ];

  it('has a kill’s times from the press to flat, and says what was not measured', async () => {
    const { kills } = await report(facts);
    expect(
      kills.map(({ seq, drill, press, blocked, flat }) => [
        seq,
        drill,
        press.value,
        blocked.value,
        flat.value,
      ]),
    ).toEqual([
      [3, false, 40, 120, 900],
      [6, true, null, 9_990, null],
    ]);
    expect(kills[0]?.flat.range).toEqual({ fromSeq: 3, toSeq: 5 });
    expect(kills[1]?.press.absent).toBe('not_measured');
    expect(kills[1]?.flat.absent).toBe('not_there_yet');
  });

  it('holds the slowest against the target', async () => {
    const { success } = await report(facts);
    const of = (id: string) => success.find((one) => one.id === id);
    expect(of('kill')).toMatchObject({
      met: true,
      since: MONDAY + HOUR,
      measured: { value: 9_990, samples: 2, range: { fromSeq: 6, toSeq: 7 } },
    });
    expect(of('rollback')).toMatchObject({ met: false, measured: { value: 61_000 } });
    expect(of('notification')).toMatchObject({
      met: null,
      since: null,
      measured: { absent: 'none_happened' },
    });
    expect(of('audit_score')).toMatchObject({ met: null, measured: { absent: 'not_by_machine' } });
  });

  it('counts notifications by channel, with nearest-rank percentiles', async () => {
    const sent = [100, 300, 200].map((tookMs) =>
      at(HOUR, 'notification.delivered', { channel: 'slack', tookMs }),
    );
    const { delivery, success } = await report([
      ...begun,
      ...sent,
      at(HOUR, 'notification.failed', { channel: 'email' }),
    ]);
    expect(
      delivery.map(({ channel, delivered, failed, p50, p99 }) => [
        channel,
        delivered.value,
        failed.value,
        p50.value,
        p99.value,
      ]),
    ).toEqual([
      ['email', 0, 1, null, null],
      ['slack', 3, 0, 200, 300],
    ]);
    expect(success.find(({ id }) => id === 'notification')).toMatchObject({
      met: true,
      measured: { value: 300, samples: 3 },
    });
  });
});

describe('uptime', () => {
  it('counts a stopped gateway from its word on, and a dead one from its last event on', async () => {
    const { uptime } = await report([
      ...begun,
      at(HOUR, 'engine.connected', { engine: 'e1' }),
      at(2 * HOUR, 'gateway.stopped', { cause: 'asked' }),
      at(3 * HOUR, 'gateway.started', started),
      at(3 * HOUR + MIN, 'engine.connected', { engine: 'e1' }),
      at(5 * HOUR, 'alert.cleared', { alert: 'x', cause: 'y' }),
      at(6 * HOUR, 'gateway.started', started),
      at(10 * HOUR, 'alert.cleared', { alert: 'x', cause: 'y' }),
    ]);
    const [gateway, engine] = uptime;
    expect(gateway?.gaps).toEqual([
      { from: MONDAY + 2 * HOUR, to: MONDAY + 3 * HOUR, cause: 'gateway_stopped' },
      { from: MONDAY + 5 * HOUR, to: MONDAY + 6 * HOUR, cause: 'gateway_died' },
    ]);
    expect(gateway?.share.value).toBeCloseTo(0.8, 12);
    // Counted from its first word; never back after the second fall.
    expect(engine?.gaps.map(({ from, to }) => (to - from) / MIN)).toEqual([61, 300]);
    expect(engine?.share.value).toBeCloseTo(1 - 361 / 540, 12);
  });

  it('has a terminal away only when its last session is closed', async () => {
    const session = (ms: number, type: string) =>
      at(ms, `session.${type}`, { terminal: 't1', name: 'x', version: '1', cause: 'closed' });
    const { uptime } = await report([
      ...begun,
      session(0, 'opened'),
      session(HOUR, 'opened'),
      session(2 * HOUR, 'closed'),
      session(3 * HOUR, 'closed'),
      session(4 * HOUR, 'opened'),
    ]);
    expect(uptime.find(({ kind }) => kind === 'terminal')?.share.value).toBe(0.75);
  });
});

describe('the range', () => {
  it('is the first event of the period’s time up to the first that is later, also where the clock was set back', async () => {
    const times = [0, 5, 10, 7, 12, 20, 15, 25];
    const log = logOf(times.map((ms) => at(ms * MIN, 'alert.cleared', { alert: 'x', cause: 'y' })));
    const edges = [0, 10, 20, 30].map((ms) => MONDAY + ms * MIN);
    const ranges: number[][] = [];
    for (const [index, from] of edges.slice(0, -1).entries()) {
      const { report: one } = await collected(log, wanted({ from, to: edges[index + 1] ?? 0 }));
      ranges.push([one.range.fromSeq, one.range.toSeq]);
    }
    // One after the other, none twice and none left out.
    expect(ranges).toEqual([
      [1, 2],
      [3, 5],
      [6, 8],
    ]);
  });

  it('is empty for a period without events, whose figures are not there', async () => {
    const { report: one } = await collected(
      logOf(begun),
      wanted({ from: MONDAY + DAY, to: MONDAY + 2 * DAY }),
    );
    expect(one.range.toSeq).toBeLessThan(one.range.fromSeq);
    expect(one.kills).toEqual([]);
    expect(one.uptime).toEqual([]);
  });

  it('tells where the chain does not hold', async () => {
    const log = logOf([...begun, at(1, 'alert.cleared', { alert: 'x', cause: 'y' })]);
    const forged = log.map((one) => (one.seq === 2 ? { ...one, ts: one.ts + 1 } : one));
    const { report: one } = await collected(forged, wanted());
    expect(one.audit).toMatchObject({
      verified: { seq: 1 },
      fault: expect.stringContaining('event 2 was altered'),
    });
    const { report: good } = await collected(log, wanted());
    expect(good.audit).toEqual({ verified: { seq: 3, hash: log[2]?.hash }, fault: null });
  });

  it('can be cancelled, and is not worked out from a log that is behind', async () => {
    const log = logOf(begun);
    await expect(collected(log, wanted(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
    await expect(collected(log, wanted(whole, 1, 9))).rejects.toMatchObject({ code: 'log_behind' });
  });
});

const fact: fc.Arbitrary<Told> = fc
  .tuple(
    fc.integer({ min: -5 * MIN, max: DAY }),
    fc.oneof(
      fc.record({ type: fc.constant('kill.requested'), data: fc.constant(killData()) }),
      fc.record({
        type: fc.constantFrom('kill.halted', 'kill.flat'),
        data: fc.constant({ engines: ['e1'] }),
      }),
      fc.record({ type: fc.constant('gateway.started'), data: fc.constant(started) }),
      fc.record({ type: fc.constant('gateway.stopped'), data: fc.constant({ cause: 'x' }) }),
      fc.record({
        type: fc.constantFrom('engine.connected', 'engine.lost'),
        data: fc.record({ engine: fc.constantFrom('e1', 'é', '__proto__'), cause: fc.string() }),
      }),
      fc.record({
        type: fc.constantFrom('session.opened', 'session.closed'),
        data: fc.record({ terminal: fc.constantFrom('t1', 't2'), cause: fc.string() }),
      }),
      fc.record({
        type: fc.constant('monitor.day_closed'),
        data: fc
          .record({
            day: fc.constantFrom('2026-02-02', '2026-02-03'),
            pnl: fc.double({ noNaN: true, noDefaultInfinity: true }),
          })
          .map((change) => closed('', change)),
      }),
      fc.record({
        type: fc.constantFrom('notification.delivered', 'notification.failed'),
        data: fc.record({ channel: fc.string(), tookMs: fc.nat() }),
      }),
      fc.record({
        type: fc.string({ minLength: 1, maxLength: 20 }),
        data: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer())),
      }),
    ),
    fc.constantFrom('c1', 'c2', null),
  )
  .map(([ms, { type, data }, commandId]) => at(ms, type, data, { commandId }));

describe('a report, whatever the log holds', () => {
  it('is the same bytes from the same range, however the log went on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fact, { maxLength: 60 }),
        fc.array(fact, { maxLength: 10 }),
        async (facts, later) => {
          const period = { from: MONDAY, to: MONDAY + DAY / 2 };
          const log = logOf([...begun, ...facts]);
          const first = await collected(log, wanted(period));
          const { fromSeq, toSeq } = first.report.range;
          const longer = logOf([...begun, ...facts, ...later]);
          const again = await collected(longer, wanted(period, fromSeq, toSeq));
          expect(again.json).toBe(first.json);
          expect(again.sha256).toBe(first.sha256);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('has each figure’s range within its own, and shares between 0 and 1', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fact, { maxLength: 60 }), async (facts) => {
        const { report: one, json } = await collected(logOf([...begun, ...facts]), wanted());
        const { fromSeq, toSeq } = one.range;
        const ranges = JSON.stringify(JSON.parse(json)).matchAll(
          /"range":\{"fromSeq":(\d+),"toSeq":(\d+)\}/g,
        );
        for (const [, from, to] of ranges) {
          expect(Number(from)).toBeGreaterThanOrEqual(fromSeq);
          expect(Number(to)).toBeLessThanOrEqual(toSeq);
        }
        for (const { share, gaps, since, until } of one.uptime) {
          if (share.value !== null) expect(share.value).toBeGreaterThanOrEqual(0);
          if (share.value !== null) expect(share.value).toBeLessThanOrEqual(1);
          for (const gap of gaps) {
            expect(gap.from).toBeGreaterThanOrEqual(since);
            expect(gap.to).toBeLessThanOrEqual(until);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
