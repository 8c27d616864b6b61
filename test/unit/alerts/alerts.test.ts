import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAlertmanager } from '../../../src/shared/alerts/alertmanager';
import { CHANGES_KEPT, CLEARED_KEPT, isFlapping } from '../../../src/shared/alerts/state';
import { alertmanagerPayload, firing } from '../../support/alertmanager';
import { alertFact, incidentDesk, incidentsPolicy, MIN, T } from '../../support/incidents';

const clear = (alert: string) =>
  ({ type: 'alert.cleared', data: { alert, cause: 'over' } }) as const;

describe('the fold', () => {
  it('counts one alert however often it is raised, and begins anew once it was clear', () => {
    const desk = incidentDesk();
    desk.append([alertFact('a', 'P2', { since: T - MIN })]);
    desk.leap(MIN);
    desk.append([alertFact('a', 'P2', { count: 41 })]);
    const one = desk.state().alerts.active.a;
    expect(one).toMatchObject({ count: 42, raisedAt: T, since: T - MIN, lastAt: T + MIN });
    desk.append([{ type: 'alert.acknowledged', data: { alert: 'a' } }], 'eva');
    expect(desk.state().alerts.active.a?.acknowledged).toMatchObject({ by: { id: 'eva' } });
    desk.append([clear('a')]);
    expect(desk.state().alerts.cleared[0]).toMatchObject({ id: 'a', clearedBecause: 'over' });
    desk.append([alertFact('a', 'P2')]);
    expect(desk.state().alerts.active.a).toMatchObject({ count: 1, acknowledged: null });
    expect(desk.state().alerts.cleared).toEqual([]);
  });

  it('reads what earlier versions wrote, which names no source and no count', () => {
    const desk = incidentDesk();
    const data = { alert: 'a', severity: 'P2', kind: 'review_overdue', model: 'm1', engine: null };
    desk.append([{ type: 'alert.raised', data: { ...data, detail: 'x' } as never }]);
    expect(desk.state().alerts.active.a).toMatchObject({
      source: 'policy',
      count: 1,
      outside: null,
    });
  });

  it('remembers when a model last had a critical one', () => {
    const desk = incidentDesk();
    desk.append([alertFact('a', 'P1', { model: 'm1' }), alertFact('b', 'P2', { model: 'm2' })]);
    desk.append([clear('a')]);
    expect(desk.state().alerts.criticalAt).toEqual({ m1: T });
  });

  it('marks one that comes and goes, for as long as it does', () => {
    const desk = incidentDesk();
    const { flapping } = incidentsPolicy.alerts;
    for (let at = 0; at < 2; at += 1) desk.append([alertFact('a', 'P2'), clear('a')]);
    desk.append([alertFact('a', 'P2')]);
    const one = desk.state().alerts.active.a;
    if (!one) throw new Error('there is no alert');
    expect(isFlapping(one, flapping, desk.now())).toBe(true);
    expect(isFlapping(one, flapping, desk.now() + flapping.windowMs)).toBe(false);
  });

  it('holds its limits and its sums, whatever comes', () => {
    const step = fc.record({
      alert: fc.constantFrom('a', 'b', 'c'),
      count: fc.option(fc.integer({ min: 1, max: 50 }), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const desk = incidentDesk();
        const counts = new Map<string, number>();
        for (const { alert, count } of steps) {
          desk.append([count === null ? clear(alert) : alertFact(alert, 'P3', { count })]);
          if (count === null) counts.delete(alert);
          else counts.set(alert, (counts.get(alert) ?? 0) + count);
        }
        const { active, cleared } = desk.state().alerts;
        expect(Object.fromEntries(counts)).toEqual(
          Object.fromEntries(Object.values(active).map(({ id, count }) => [id, count])),
        );
        expect(cleared.length).toBeLessThanOrEqual(CLEARED_KEPT);
        expect(cleared.every(({ id }) => !(id in active))).toBe(true);
        for (const one of [...Object.values(active), ...cleared]) {
          expect(one.changes.length).toBeLessThanOrEqual(CHANGES_KEPT);
        }
      }),
    );
  });
});

describe('Alertmanager’s payload', () => {
  it('is read to the letter, nanoseconds included, and what it adds later is let by', () => {
    const read = readAlertmanager(
      alertmanagerPayload([firing('9a4b')], { notificationReason: 'x' }),
    );
    if (!read.ok) throw new Error(read.error.message);
    expect(read.value.alerts[0]).toMatchObject({
      fingerprint: '9a4b',
      startsAt: Date.UTC(2026, 1, 2, 13, 58, 26, 739),
    });
  });

  it.each<[string, object, string]>([
    ['another version', { version: '3' }, 'version'],
    ['no alerts', { alerts: undefined }, 'alerts'],
    ['a label that is no text', { alerts: [firing('a', { job: 1 })] }, 'alerts.0.labels.job'],
    ['a time that is none', { alerts: [firing('a', {}, { startsAt: 'now' })] }, 'startsAt'],
    ['an empty fingerprint', { alerts: [firing('')] }, 'fingerprint'],
  ])('with %s is refused naming the field', (_, change, field) => {
    const read = readAlertmanager(alertmanagerPayload([firing('a')], change));
    expect(read.ok ? '' : read.error.message).toContain(field);
  });

  it('of any other shape is refused and never throws', () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        expect(readAlertmanager(body).ok).toBe(false);
      }),
    );
  });
});
