import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/gateway/facts';
import { unattended } from '../../../src/gateway/incidents/opening';
import type { EventDataOf } from '../../../src/shared/ops/events';
import {
  alertFact,
  deskFact,
  engineFacts,
  HOUR,
  incidentDesk,
  incidentsPolicy,
  killFact,
  MIN,
  T,
} from '../../support/incidents';

const lost = (engine: string, positions: number | null): Fact => ({
  type: 'engine.lost',
  data: { engine, cause: 'silent', lastHeardAt: T - 10_000, positions },
});
const HASH = 'a'.repeat(64);
const rollback = (deployment: string, previous = 'm2'): Fact => ({
  type: 'deployment.started',
  commandId: deployment,
  data: {
    ...{ deployment, kind: 'rollback', model: 'm1', version: '1', hash: HASH, previous },
    engines: ['e1'],
  },
});
const incomplete = (deployment: string): Fact => ({
  type: 'deployment.incomplete',
  commandId: deployment,
  data: { deployment, model: 'm1', engines: ['e1'] },
});

describe('a kill', () => {
  it('opens a P0 with its playbook, correlation and event', () => {
    const desk = incidentDesk();
    desk.append([deskFact(), ...engineFacts('e1'), killFact()], 'ana', 'k1');
    expect(desk.incident()).toMatchObject({
      ...{ severity: 'P0', cause: 'kill', title: 'pérdidas', playbook: 'trading-system-down' },
      ...{ stage: 'open', correlations: ['k1'], subjects: ['engine:e1'], detectedFrom: null },
    });
    expect(desk.incident().timeline.map(({ type }) => type)).toContain('kill.requested');
  });

  it('of a drill opens none', () => {
    const desk = incidentDesk();
    desk.append([deskFact(), ...engineFacts('e1'), killFact(true)], 'ana', 'k1');
    expect(desk.state().incidents.incidents).toEqual([]);
  });

  it('joins the one that covers it, and opens another once that is resolved', () => {
    const desk = incidentDesk();
    desk.append([killFact()], 'ana', 'k1');
    desk.append([killFact()], 'luis', 'k2');
    expect(desk.state().incidents.incidents).toHaveLength(1);
    expect(desk.incident().correlations).toEqual(['k1', 'k2']);
    desk.append([
      { type: 'incident.acknowledged', data: { incident: 'i1', via: 'console' } },
      {
        type: 'incident.state_changed',
        data: { incident: 'i1', from: 'acknowledged', to: 'mitigating' },
      },
      {
        type: 'incident.resolved',
        data: { incident: 'i1', rootCause: 'a', resolution: 'b', books: [] },
      },
    ]);
    desk.append([killFact()], 'ana', 'k3');
    expect(desk.incident()).toMatchObject({ id: 'i2', number: 2, correlations: ['k3'] });
  });
});

describe('an alert', () => {
  it('of P0 or P1 opens one of its severity; of P2 or P3 none', () => {
    const desk = incidentDesk();
    desk.append([alertFact('a2', 'P2'), alertFact('a3', 'P3')]);
    expect(desk.state().incidents.incidents).toEqual([]);
    desk.append([alertFact('a1', 'P1', { detail: 'errorRate 0.2' })]);
    expect(desk.incident()).toMatchObject({ severity: 'P1', cause: 'alert', alerts: ['a1'] });
  });

  it.each([
    ['a trace of 1,500 characters', 'x'.repeat(1_500)],
    ['nothing', ''],
  ])('that says %s opens one all the same, as any other', (_, detail) => {
    const desk = incidentDesk();
    desk.append([alertFact('a1', 'P0', { detail })]);
    expect(desk.incident()).toMatchObject({ severity: 'P0', alerts: ['a1'] });
  });

  it('repeated opens no other, also after its incident was resolved', () => {
    const desk = incidentDesk();
    desk.append([alertFact('a1', 'P1'), alertFact('a1', 'P1')]);
    desk.append([
      { type: 'incident.acknowledged', data: { incident: 'i1', via: 'console' } },
      {
        type: 'incident.state_changed',
        data: { incident: 'i1', from: 'acknowledged', to: 'mitigating' },
      },
      {
        type: 'incident.resolved',
        data: { incident: 'i1', rootCause: 'a', resolution: 'b', books: [] },
      },
    ]);
    desk.wait(MIN);
    desk.append([alertFact('a1', 'P1')]);
    expect(desk.state().incidents.incidents).toHaveLength(1);
    // Over, and back: that is another trouble.
    desk.append([{ type: 'alert.cleared', data: { alert: 'a1', cause: 'x' } }]);
    desk.wait(MIN);
    desk.append([alertFact('a1', 'P1')]);
    expect(desk.state().incidents.incidents).toHaveLength(2);
  });

  it('about the same model, engine or command joins', () => {
    const desk = incidentDesk();
    desk.append([alertFact('a1', 'P1', { model: 'm1' }), alertFact('a2', 'P1', { model: 'm1' })]);
    desk.append([alertFact('b1', 'P1', { engine: 'e9' }), alertFact('b2', 'P1', { engine: 'e9' })]);
    expect(desk.state().incidents.incidents.map(({ alerts }) => alerts)).toEqual([
      ['b1', 'b2'],
      ['a1', 'a2'],
    ]);
  });

  it('counts from the first breaching sample for the time to detect', () => {
    const desk = incidentDesk();
    const check: EventDataOf<'monitor.trigger_changed'>['check'] = {
      trigger: 'errorRate',
      outcome: 'suspect',
      value: 0.1,
      limit: 0.05,
      literal: true,
      confident: false,
      samples: 40,
      breaching: 4,
      since: T - 3 * MIN,
    };
    desk.append([{ type: 'monitor.trigger_changed', data: { model: 'm1', from: 'ok', check } }]);
    desk.wait(2 * MIN);
    desk.append([alertFact('a1', 'P1', { model: 'm1' })]);
    const opened = { at: T + 2 * MIN };
    expect(desk.incident()).toMatchObject({ detectedFrom: T - 3 * MIN, opened });
  });

  it('and from the alert’s own, where the trigger has another model’s samples by then', () => {
    const desk = incidentDesk();
    desk.append([alertFact('auto_rollback', 'P1', { model: 'm1', since: T - MIN })]);
    expect(desk.incident()).toMatchObject({ detectedFrom: T - MIN, opened: { at: T } });
  });

  it('in a storm joins the latest, and one incident names so many and no more', () => {
    const desk = incidentDesk();
    const facts = Array.from({ length: 300 }, (_, at) => alertFact(`s${at}`, 'P1'));
    desk.append(facts);
    const { incidents } = desk.state().incidents;
    expect(incidents).toHaveLength(incidentsPolicy.opening.alertIncidentsMax);
    expect(Math.max(...incidents.map(({ alerts }) => alerts.length))).toBe(64);
    expect(Object.keys(desk.state().alerts.active)).toHaveLength(300);
  });
});

describe('a rollback', () => {
  it('that is incomplete opens one; the alert about it and later orders join it', () => {
    const desk = incidentDesk();
    desk.append([rollback('d1')]);
    expect(desk.state().incidents.incidents).toEqual([]);
    desk.append([
      incomplete('d1'),
      { ...alertFact('deployment:d1', 'P1', { model: 'm1' }), commandId: 'd1' },
    ]);
    expect(desk.incident()).toMatchObject({
      ...{ severity: 'P1', cause: 'rollback_failed', correlations: ['d1'] },
      alerts: ['deployment:d1'],
    });
    expect(
      desk
        .incident()
        .timeline.map(({ type }) => type)
        .slice(0, 2),
    ).toEqual(['deployment.started', 'deployment.incomplete']);
    desk.append([rollback('d2', 'm1')]);
    expect(desk.state().incidents.incidents).toHaveLength(1);
    expect(desk.incident().correlations).toEqual(['d1', 'd2']);
  });
});

describe('an engine lost', () => {
  it('while it holds positions is an alert and an incident; empty, or back in time, it is neither', () => {
    const desk = incidentDesk();
    desk.append([deskFact(), ...engineFacts('e1'), lost('e1', 0), lost('e1', null)]);
    expect(desk.state().incidents.incidents).toEqual([]);
    desk.append([lost('e1', 2)]);
    expect(desk.incident()).toMatchObject({
      ...{ severity: 'P1', cause: 'engine_lost', alerts: ['engine_lost:e1'], title: 'e1: 2' },
      detectedFrom: T - 10_000,
    });
    expect(desk.state().alerts.active['engine_lost:e1']).toMatchObject({ source: 'engine' });
  });
});

it('what a gateway that died could not see to is found again', () => {
  const desk = incidentDesk();
  desk.append([killFact()], 'ana', 'k1');
  expect(unattended(desk.state()).kills).toEqual([]);
  const before = { ...desk.state(), incidents: { ...desk.state().incidents, incidents: [] } };
  expect(unattended(before).kills.map(({ commandId }) => commandId)).toEqual(['k1']);
});

it('an incident’s post-mortem that is late raises an alert; publishing it clears that', () => {
  const desk = incidentDesk();
  desk.append([killFact()], 'ana', 'k1');
  desk.append([
    { type: 'incident.acknowledged', data: { incident: 'i1', via: 'console' } },
    {
      type: 'incident.state_changed',
      data: { incident: 'i1', from: 'acknowledged', to: 'mitigating' },
    },
    {
      type: 'incident.resolved',
      data: { incident: 'i1', rootCause: 'a', resolution: 'b', books: [] },
    },
  ]);
  desk.wait(5 * 24 * HOUR - 1);
  expect(desk.state().alerts.active).toEqual({});
  desk.wait(1);
  expect(desk.state().alerts.active['postmortem:i1']).toMatchObject({ severity: 'P2' });
  desk.append([
    { type: 'postmortem.saved', data: { incident: 'i1', language: 'es', markdown: '# x' } },
  ]);
  expect('postmortem:i1' in desk.state().alerts.active).toBe(true);
  desk.append([{ type: 'postmortem.published', data: { incident: 'i1' } }]);
  expect(desk.state().alerts.active).toEqual({});
});

it('an action item reminds at the end of its day in Bogota, and not once it is done or later', () => {
  const desk = incidentDesk();
  const set = (due: string, status: 'open' | 'done' = 'open'): Fact => ({
    type: 'action_item.set',
    data: { item: 'x', incident: null, text: 'vigilar', owner: 'ana', due, status },
  });
  desk.append([set('2026-02-02')]);
  desk.wait(15 * HOUR - 1);
  expect(desk.state().alerts.active).toEqual({});
  desk.wait(1);
  expect(desk.state().alerts.active).toHaveProperty(['action_item:x']);
  desk.append([set('2026-02-28')]);
  expect(desk.state().alerts.active).toEqual({});
  desk.append([set('2026-02-02', 'done')]);
  expect(desk.state().alerts.active).toEqual({});
});
