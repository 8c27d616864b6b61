import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/gateway/facts';
import { impactOf } from '../../../src/shared/incidents/impact';
import { nextStage } from '../../../src/shared/incidents/lifecycle';
import { KEPT } from '../../../src/shared/incidents/state';
import { foldOps } from '../../../src/shared/ops/fold';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import { timestamp } from '../../../src/shared/time';
import {
  alertFact,
  deskFact,
  engineFacts,
  incidentDesk,
  incidentsPolicy,
  killFact,
  MIN,
  T,
} from '../../support/incidents';

const id = { incident: 'i1' };
const STEPS = {
  acknowledged: { type: 'incident.acknowledged', data: { ...id, via: 'console' } },
  mitigating: {
    type: 'incident.state_changed',
    data: { ...id, from: 'acknowledged', to: 'mitigating' },
  },
  resolved: {
    type: 'incident.resolved',
    data: { ...id, rootCause: 'r', resolution: 's', books: [] },
  },
  closed: { type: 'incident.closed', data: id },
} as const satisfies Record<string, Fact>;
const stages = Object.keys(STEPS) as (keyof typeof STEPS)[];

it('open → acknowledged → mitigating → resolved → closed, in whatever order events come', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...stages), { maxLength: 12 }), (order) => {
      const desk = incidentDesk();
      desk.append([killFact()], 'ana', 'k1');
      for (const to of order) {
        const from = desk.incident().stage;
        desk.append([STEPS[to]]);
        expect(desk.incident().stage).toBe(nextStage(from) === to ? to : from);
      }
      const { stage, acknowledged, mitigating, resolved, closed } = desk.incident();
      const reached = [acknowledged, mitigating, resolved, closed].filter((one) => one !== null);
      expect(reached).toHaveLength(['open', ...stages].indexOf(stage));
    }),
  );
});

it('folding the same log twice, or from its middle, gives the same incidents', () => {
  const desk = incidentDesk();
  desk.append([deskFact(), ...engineFacts('e1'), killFact()], 'ana', 'k1');
  desk.append(stages.map((to) => STEPS[to]));
  let state = INITIAL_OPS_STATE;
  for (const event of [...desk.events, ...desk.events]) state = foldOps(state, event);
  expect(state.incidents).toEqual(desk.state().incidents);
});

describe('the timeline', () => {
  it('takes what has its command, its alert or its name, and nothing else', () => {
    const desk = incidentDesk();
    desk.append([deskFact(), ...engineFacts('e1'), killFact()], 'ana', 'k1');
    desk.append([{ type: 'kill.halted', data: { engines: ['e1'] } }], 'gateway', 'k1');
    desk.append([{ type: 'kill.halted', data: { engines: ['e1'] } }], 'gateway', 'other');
    desk.append([{ type: 'incident.noted', data: { ...id, kind: 'decision', text: 'esperar' } }]);
    desk.append([alertFact('a1', 'P2')]);
    desk.append([{ type: 'incident.alert_linked', data: { ...id, alert: 'a1' } }]);
    desk.append([{ type: 'alert.cleared', data: { alert: 'a1', cause: 'x' } }]);
    expect(desk.incident().timeline.map(({ type }) => type)).toEqual([
      'kill.requested',
      'incident.opened',
      'incident.escalated',
      'kill.halted',
      'incident.noted',
      'incident.alert_linked',
      'alert.cleared',
    ]);
    expect(desk.incident().entries).toMatchObject([{ kind: 'decision', text: 'esperar' }]);
  });

  it('of thousands of events keeps its beginning and its end', () => {
    const desk = incidentDesk();
    desk.append([killFact()], 'ana', 'k1');
    const again: Fact = { type: 'kill.reopened', data: { engine: 'e1', cause: 'x' } };
    desk.append(
      Array.from({ length: 2_000 }, () => again),
      'gateway',
      'k1',
    );
    const { timeline, timelineOmitted } = desk.incident();
    expect(timeline).toHaveLength(KEPT.timeline);
    expect(timelineOmitted).toBe(2_000 + 3 - KEPT.timeline);
    expect(timeline[0]?.type).toBe('kill.requested');
    expect(timeline.at(-1)?.seq).toBe(desk.state().seq);
  });
});

it('what it cost: the time stopped, the PnL from open to resolution, trades missed; unknown is n/a', () => {
  const desk = incidentDesk();
  const book = (equity: number | null) => ({
    ...{ engine: 'e1', currency: 'USD', equity, equityAt: T, positions: 2 },
    notional: { USD: 5_000 },
  });
  desk.hold([book(100_000)]);
  desk.append([deskFact(), ...engineFacts('e1'), killFact()], 'ana', 'k1');
  desk.wait(10 * MIN);
  desk.append([
    {
      type: 'ops.resumed',
      data: {
        ...{ scope: { kind: 'all' }, to: 'normal', approvedBy: ['ana'], stoppedBecause: null },
        flat: true,
      },
    },
  ]);
  desk.wait(20 * MIN);
  const during = impactOf(desk.incident(), [book(99_500)], desk.now());
  expect(during).toMatchObject({ stoppedMs: 10 * MIN, durationMs: 30 * MIN, pnl: { USD: -500 } });
  expect(during).toMatchObject({ tradesMissed: null, positions: 2, notional: { USD: 5_000 } });
  const rated = impactOf({ ...desk.incident(), tradesPerHour: 12 }, [book(null)], desk.now());
  expect(rated).toMatchObject({ tradesMissed: 2, pnl: null });
  const { resolved } = STEPS;
  const ended = { ...resolved, data: { ...resolved.data, books: [book(99_000)] } };
  desk.append([STEPS.acknowledged, STEPS.mitigating, ended]);
  desk.wait(60 * MIN);
  const after = impactOf(desk.incident(), [book(1)], desk.now());
  expect(after).toMatchObject({ durationMs: 30 * MIN, pnl: { USD: -1_000 } });
});

it('an open incident takes every later kill in', () => {
  const desk = incidentDesk();
  for (let at = 1; at <= 100; at += 1) desk.append([killFact()], 'ana', `k${at}`);
  expect(desk.state().incidents.incidents.map((one) => one.id)).toEqual(['i1']);
  expect(desk.incident().correlations).toHaveLength(KEPT.correlations);
});

it('of hundreds of incidents the latest stay whole and the others as history', () => {
  const desk = incidentDesk();
  for (let at = 1; at <= 100; at += 1) {
    desk.append([killFact()], 'ana', `k${at}`);
    const incident = desk.incident().id;
    const steps = stages.map((to) => ({ ...STEPS[to], data: { ...STEPS[to].data, incident } }));
    const written = { incident, language: 'es', markdown: 'x' } as const;
    desk.append(steps as Fact[]);
    desk.append([
      { type: 'postmortem.saved', data: written },
      { type: 'postmortem.published', data: { incident } },
    ]);
  }
  const { incidents, past, count } = desk.state().incidents;
  expect([incidents.length, past.length, count]).toEqual([KEPT.closed, 100 - KEPT.closed, 100]);
  expect(past[0]?.number).toBe(100 - KEPT.closed);
});

it('one that waits for its post-mortem is told of when it is late, however many came after it', () => {
  const desk = incidentDesk();
  const close = () => {
    const incident = desk.incident().id;
    const steps = stages.map((to) => ({ ...STEPS[to], data: { ...STEPS[to].data, incident } }));
    desk.append(steps as Fact[]);
    return incident;
  };
  desk.append([killFact()], 'ana', 'k0');
  const first = close();
  for (let at = 1; at <= KEPT.closed + 5; at += 1) {
    desk.append([killFact()], 'ana', `k${at}`);
    close();
  }
  desk.wait(incidentsPolicy.postMortem.withinMs);
  expect(desk.state().alerts.active[`postmortem:${first}`]).toBeDefined();
  const written = { incident: first, language: 'es', markdown: 'x' } as const;
  desk.append([
    { type: 'postmortem.saved', data: written },
    { type: 'postmortem.published', data: { incident: first } },
  ]);
  expect(desk.state().alerts.active[`postmortem:${first}`]).toBeUndefined();
});

it('an action item is reminded of on its last day, daily from then on, until it is done', () => {
  const desk = incidentDesk();
  const about = { incident: null, text: 'revisar la caché', owner: 'ana', due: '2026-02-04' };
  const set = (status: 'open' | 'done'): Fact => ({
    type: 'action_item.set',
    data: { item: 'a1', ...about, status },
  });
  const reminded = () =>
    desk.events
      .filter(({ type }) => type === 'action_item.reminded')
      .map(({ ts, data }) => [timestamp(ts).slice(0, 16), data.late]);
  desk.append([set('open')]);
  desk.wait(4 * 24 * 60 * MIN);
  expect(reminded()).toEqual([
    ['2026-02-04 09:00', false],
    ['2026-02-05 09:00', true],
    ['2026-02-06 09:00', true],
  ]);
  desk.append([set('done')]);
  desk.wait(3 * 24 * 60 * MIN);
  expect(reminded()).toHaveLength(3);
});
