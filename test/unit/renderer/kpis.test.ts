import { describe, expect, it } from 'vitest';
import { kpiSeries, lastPeriods, meetsTarget } from '../../../src/renderer/desk/kpis.state';
import { instantOf } from '../../../src/shared/time';
import { alertFact, HOUR, incidentDesk, incidentsPolicy, MIN, T } from '../../support/incidents';

describe('periods of the figures', () => {
  it('are months and Monday weeks of Bogota, the last one up to now', () => {
    const now = instantOf('2026-03-01', '00:30');
    const months = lastPeriods('month', 3, now);
    expect(months.map(({ day }) => day)).toEqual(['2026-01-01', '2026-02-01', '2026-03-01']);
    expect(months.at(-1)?.period).toEqual({ from: instantOf('2026-03-01', '00:00'), to: now });
    expect(months[0]?.period.to).toBe(months[1]?.period.from);
    const weeks = lastPeriods('week', 2, now);
    expect(weeks.map(({ day }) => day)).toEqual(['2026-02-16', '2026-02-23']);
  });

  it('keep a figure of each, with what it was measured on; none where nothing was', () => {
    const desk = incidentDesk();
    desk.append([alertFact('a', 'P1', { since: T - 3 * MIN })]);
    const series = kpiSeries(desk.state().incidents, 'week', 3, T + HOUR);
    const mttd = series.find(({ id }) => id === 'mttd');
    expect(mttd?.points.map(({ kpi }) => kpi.value)).toEqual([null, null, 3 * MIN]);
    expect(mttd?.points.at(-1)?.kpi.events).toEqual([desk.incident().opened.seq]);
    const rate = series.find(({ id }) => id === 'change_failure_rate');
    expect(rate?.points.at(-1)?.kpi.value).toBeNull();
  });

  it('are held against the plan’s targets', () => {
    const { kpis } = incidentsPolicy;
    expect(meetsTarget({ value: 5 * MIN - 1 }, kpis.mttd)).toBe(true);
    expect(meetsTarget({ value: 5 * MIN }, kpis.mttd)).toBe(false);
    expect(meetsTarget({ value: 1 / 7 }, kpis.deployment_frequency)).toBe(true);
    expect(meetsTarget({ value: 0 }, kpis.deployment_frequency)).toBe(false);
    expect(meetsTarget({ value: null }, kpis.mttr)).toBeNull();
  });
});
