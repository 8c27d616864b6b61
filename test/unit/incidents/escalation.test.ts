import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/gateway/facts';
import { contactFor, isOnDuty, planEscalation } from '../../../src/shared/incidents/escalation';
import type { Hours } from '../../../src/shared/policy/incidents';
import { instantOf, timestamp } from '../../../src/shared/time';
import {
  alertFact,
  calendar,
  HOUR,
  incidentDesk,
  incidentsPolicy,
  killFact,
  MIN,
  T,
} from '../../support/incidents';

const acknowledged = (incident: string) =>
  ({ type: 'incident.acknowledged', data: { incident, via: 'console' } }) as const;
const mitigating = (incident: string) =>
  ({
    type: 'incident.state_changed',
    data: { incident, from: 'acknowledged', to: 'mitigating' },
  }) as const;
const resolved = (incident: string): Fact => ({
  type: 'incident.resolved',
  data: { incident, rootCause: 'a', resolution: 'b', books: [] },
});

describe('the plan’s table, from policy', () => {
  it('P0: on call at once, lead 15 min, CTO 15 min unanswered and 30 min unresolved', () => {
    const desk = incidentDesk();
    desk.append([killFact()], 'ana', 'k1');
    desk.wait(2 * HOUR);
    expect(desk.escalated()).toEqual([
      { at: T, step: 'on_call', lateMs: 0 },
      { at: T + 5 * MIN, step: 'on_call_backup', lateMs: 0 },
      { at: T + 15 * MIN, step: 'engineering_lead', lateMs: 0 },
      { at: T + 15 * MIN, step: 'cto_unanswered', lateMs: 0 },
      { at: T + 30 * MIN, step: 'cto', lateMs: 0 },
    ]);
  });

  it('an acknowledgement stops the calls for one, and leaves those for a resolution', () => {
    const desk = incidentDesk();
    desk.append([killFact()], 'ana', 'k1');
    desk.wait(2 * MIN);
    desk.append([acknowledged('i1')]);
    desk.wait(20 * MIN);
    expect(desk.escalated().map(({ step }) => step)).toEqual(['on_call', 'engineering_lead']);
    desk.append([mitigating('i1'), resolved('i1')]);
    desk.wait(2 * HOUR);
    expect(desk.escalated()).toHaveLength(2);
  });

  it('P1 within 15 and 30 min, P2 within 1 and 2 hours', () => {
    const due = (severity: 'P1' | 'P2') => {
      const plan = planEscalation(severity, T, incidentsPolicy, calendar);
      return [plan.responseDueAt - T, ...plan.escalation.map(({ dueAt }) => dueAt - T)];
    };
    expect(due('P1')).toEqual([15 * MIN, 0, 15 * MIN, 30 * MIN]);
    expect(due('P2')).toEqual([HOUR, 2 * HOUR]);
  });

  it('P3 on the next business day, over a holiday, by Bogota’s clocks', () => {
    const plan = planEscalation('P3', instantOf('2026-04-01', '23:30'), incidentsPolicy, calendar);
    expect(timestamp(plan.responseDueAt)).toBe('2026-04-06 18:00:00.000');
    expect(timestamp(plan.escalation[0]?.dueAt ?? 0)).toBe('2026-04-06 09:00:00.000');
  });

  it('a machine that slept calls late, each once, and says how late', () => {
    const desk = incidentDesk();
    desk.append([killFact()], 'ana', 'k1');
    desk.leap(3 * HOUR);
    desk.leap(HOUR);
    expect(desk.escalated().slice(1)).toEqual([
      { at: T + 3 * HOUR, step: 'on_call_backup', lateMs: 175 * MIN },
      { at: T + 3 * HOUR, step: 'engineering_lead', lateMs: 165 * MIN },
      { at: T + 3 * HOUR, step: 'cto_unanswered', lateMs: 165 * MIN },
      { at: T + 3 * HOUR, step: 'cto', lateMs: 150 * MIN },
    ]);
  });

  it('a worse severity has its own times from then on, in the place of those not called yet', () => {
    const desk = incidentDesk();
    desk.append([alertFact('a1', 'P1', { model: 'm1' })]);
    desk.wait(10 * MIN);
    desk.append([alertFact('a2', 'P0', { model: 'm1' })]);
    expect(desk.incident()).toMatchObject({ severity: 'P0', alerts: ['a1', 'a2'] });
    desk.wait(20 * MIN);
    expect(desk.escalated().map(({ at, step }) => [step, (at - T) / MIN])).toEqual([
      ['on_call', 0],
      ['on_call', 10],
      ['on_call_backup', 15],
      ['engineering_lead', 25],
      ['cto_unanswered', 25],
    ]);
  });
});

describe('contacts', () => {
  it('are on duty by hours, days and holidays of Bogota', () => {
    const hours: Hours = { kind: 'office', days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' };
    const at = (day: string, time: string) => isOnDuty(hours, calendar, instantOf(day, time));
    expect(at('2026-02-03', '09:00')).toBe(true);
    expect(at('2026-02-03', '08:59')).toBe(false);
    expect(at('2026-02-03', '18:00')).toBe(false);
    expect(at('2026-02-07', '12:00')).toBe(false);
    expect(at('2026-04-02', '12:00')).toBe(false);
  });

  it('of a role nobody has is nobody', () => {
    expect(contactFor('cto', incidentsPolicy, calendar, T)).toMatchObject({
      contact: { role: 'cto', slack: '@cto' },
      onDuty: true,
    });
    expect(contactFor('pilot', incidentsPolicy, calendar, T)).toEqual({
      contact: null,
      onDuty: false,
    });
  });
});

it('whatever the clock does and whoever answers when: no step early, twice or after it is needless', () => {
  const act = fc.oneof(
    fc.record({ do: fc.constantFrom('wait', 'leap'), ms: fc.integer({ min: 1, max: 40 * MIN }) }),
    fc.record({ do: fc.constantFrom('ack', 'mitigate', 'resolve'), ms: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
      const desk = incidentDesk();
      desk.append([killFact()], 'ana', 'k1');
      for (const { do: what, ms } of acts) {
        if (what === 'wait') desk.wait(ms);
        if (what === 'leap') desk.leap(ms);
        if (what === 'ack') desk.append([acknowledged('i1')]);
        if (what === 'mitigate') desk.append([mitigating('i1')]);
        if (what === 'resolve') desk.append([resolved('i1')]);
      }
      const { escalation, acknowledged: taken, resolved: over } = desk.incident();
      const calls = desk.escalated();
      expect(new Set(calls.map(({ step }) => step)).size).toBe(calls.length);
      for (const { step, dueAt, until, firedAt } of escalation) {
        const stop =
          until === 'resolved' ? over?.at : Math.min(taken?.at ?? 1e15, over?.at ?? 1e15);
        const call = calls.find((one) => one.step === step);
        if (call) {
          expect(call.at).toBeGreaterThanOrEqual(dueAt);
          expect(call.at).toBeLessThanOrEqual(stop ?? 1e15);
          expect(call.lateMs).toBe(call.at - dueAt);
          expect(firedAt).toBe(call.at);
        } else {
          // Nobody was called: it is not due yet, or something had made it needless.
          expect(dueAt > desk.now() || (stop ?? 1e15) <= desk.now()).toBe(true);
        }
      }
    }),
  );
});
