import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/gateway/facts';
import { annulment } from '../../../src/shared/incidents/annulment';
import { ExecutionBook, executionsOf } from '../../../src/shared/incidents/executions';
import { incidentKpis, type Kpi } from '../../../src/shared/incidents/kpis';
import type { TelemetryItem } from '../../../src/shared/telemetry/types';
import { alertFact, HOUR, incidentDesk, killFact, MIN, T } from '../../support/incidents';

const DAY = 24 * HOUR;
const period = { from: T, to: T + 10 * DAY };

function deployment(id: string, model: string, kind: 'promotion' | 'rollback', previous: string) {
  const data = { deployment: id, kind, model, version: '1', hash: 'a'.repeat(64), previous };
  const started: Fact = { type: 'deployment.started', data: { ...data, engines: ['e1'] } };
  const done: Fact = {
    type: 'deployment.completed',
    data: { deployment: id, model, engines: ['e1'], tookMs: 1 },
  };
  return [started, done];
}

function end(incident: string): Fact[] {
  return [
    { type: 'incident.acknowledged', data: { incident, via: 'console' } },
    {
      type: 'incident.state_changed',
      data: { incident, from: 'acknowledged', to: 'mitigating' },
    },
    { type: 'incident.resolved', data: { incident, rootCause: 'r', resolution: 's', books: [] } },
    { type: 'incident.closed', data: { incident } },
  ];
}

const of = (kpis: readonly Kpi[], id: Kpi['id']): Kpi => {
  const found = kpis.find((one) => one.id === id);
  if (!found) throw new Error(id);
  return found;
};

describe('figures over a period', () => {
  it('with nothing measured are null, never zero, but a frequency is', () => {
    const kpis = incidentKpis(incidentDesk().state().incidents, period);
    expect(kpis.map(({ id, value, samples }) => [id, value, samples])).toEqual([
      ['mttd', null, 0],
      ['mttr', null, 0],
      ['change_failure_rate', null, 0],
      ['deployment_frequency', 0, 0],
    ]);
    expect(kpis.every(({ definition }) => definition.es && definition.en)).toBe(true);
  });

  it('time to detect and to restore, with the events behind them', () => {
    const desk = incidentDesk();
    desk.append([alertFact('a1', 'P1', { since: T - 4 * MIN })]);
    desk.append([killFact()], 'ana', 'k1');
    const kill = desk.incident();
    desk.wait(30 * MIN);
    desk.append([...end('i1'), ...end('i2')]);
    const kpis = incidentKpis(desk.state().incidents, period);
    // The kill was detected by the alert that came before it.
    expect(of(kpis, 'mttd')).toMatchObject({ value: 4 * MIN, samples: 2 });
    expect(of(kpis, 'mttr')).toMatchObject({ value: 30 * MIN, samples: 2 });
    expect(of(kpis, 'mttr').events).toContain(kill.opened.seq);
    const types = of(kpis, 'mttr').events.map((seq) => desk.events[seq - 1]?.type);
    expect(new Set(types)).toEqual(new Set(['incident.opened', 'incident.resolved']));
    expect(
      incidentKpis(desk.state().incidents, { from: 0, to: T }).map((one) => one.samples),
    ).toEqual([0, 0, 0, 0]);
  });

  it('change failures: rolled back, never complete, or the cause of an incident', () => {
    const desk = incidentDesk();
    desk.append(deployment('d1', 'm1', 'promotion', 'm0'));
    desk.append(deployment('d2', 'm2', 'promotion', 'm1'));
    desk.append(deployment('r1', 'm1', 'rollback', 'm2'));
    desk.append(deployment('d3', 'm3', 'promotion', 'm1'));
    desk.append(deployment('d4', 'm4', 'promotion', 'm3').slice(0, 1));
    const open = incidentKpis(desk.state().incidents, period);
    // The fourth goes on: it has not failed.
    expect(of(open, 'change_failure_rate')).toMatchObject({ value: 1 / 4, samples: 4 });
    expect(of(open, 'deployment_frequency')).toMatchObject({ value: 0.3, samples: 3 });
    desk.append([
      { type: 'deployment.incomplete', data: { deployment: 'd4', model: 'm4', engines: ['e1'] } },
    ]);
    const failed = incidentKpis(desk.state().incidents, period);
    expect(of(failed, 'change_failure_rate').value).toBe(2 / 4);
  });
});

describe('the annulment clock', () => {
  const opened = { at: T, seq: 1, by: { id: 'gateway', role: 'gateway', terminal: null } };
  const incident = { opened, resolved: null };
  const trade = (id: string, closedAt: number) =>
    executionsOf('e1', {
      ...{ kind: 'trade', seq: 1, ts: closedAt, tradeId: id, model: 'm1', instrument: 'USD/COP' },
      ...{ side: 'short', quantity: 10, entryPrice: 4_000, exitPrice: 3_990, pnl: 1 },
      ...{ currency: 'USD', openedAt: closedAt - 60 * MIN, closedAt },
    });

  it('runs for what was executed up to 15 min before, and during, the least time first', () => {
    const all = [
      ...trade('before', T - 15 * MIN - 1),
      ...trade('edge', T - 15 * MIN),
      ...trade('near', T - 5 * MIN),
      ...trade('during', T + 2 * MIN),
    ];
    const clocks = annulment(all, incident, T + 3 * MIN, 15 * MIN);
    expect(clocks.map(({ id, leftMs }) => [id, leftMs / MIN])).toEqual([
      ['near:exit', 7],
      ['during:exit', 14],
      ['edge:exit', 0],
    ]);
    // A short position is bought back.
    expect(clocks[0]).toMatchObject({ side: 'buy', price: 3_990 });
  });

  it('stops at the resolution, and an order that was not filled executes nothing', () => {
    const ended = { opened, resolved: { ...opened, at: T + MIN } };
    expect(annulment(trade('late', T + 2 * MIN), ended, T + 3 * MIN, 15 * MIN)).toEqual([]);
    const order: TelemetryItem = {
      kind: 'order',
      seq: 1,
      ts: T,
      orderId: 'o1',
      instrument: 'USD/COP',
      side: 'buy',
      quantity: 1,
      filled: 0,
      price: 1,
      status: 'rejected',
      purpose: 'open',
    };
    expect(executionsOf('e1', order)).toEqual([]);
    expect(executionsOf('e1', { ...order, status: 'filled' })).toHaveLength(1);
  });

  it('counts an execution once that is told as a fill and as a side of a trade', () => {
    const book = new ExecutionBook();
    const fill: TelemetryItem = {
      ...{ kind: 'order', seq: 1, ts: T, orderId: 'o1', instrument: 'USD/COP', side: 'buy' },
      ...{ quantity: 10, filled: 10, price: 3_990, status: 'filled', purpose: 'close' },
    };
    const closing: TelemetryItem = {
      ...{ kind: 'trade', seq: 2, ts: T, tradeId: 't1', model: 'm1', instrument: 'USD/COP' },
      ...{ side: 'short', quantity: 10, entryPrice: 4_000, exitPrice: 3_990, pnl: 1 },
      ...{ currency: 'USD', openedAt: T - HOUR, closedAt: T + 5 },
    };
    book.take('e1', fill);
    book.take('e1', closing);
    book.take('e1', closing);
    book.take('e2', closing);
    expect(book.since(T - MIN).map(({ engine, id }) => [engine, id])).toEqual([
      ['e1', 'o1'],
      ['e2', 't1:exit'],
    ]);
  });
});
