import type { Kpi } from '@shared/incidents/kpis';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import {
  Bar,
  BarChart,
  CartesianGrid,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { type KpiSeries, kpiSeries, meetsTarget, type PeriodUnit } from '../../desk/kpis.state';
import { type Translate, useT } from '../../i18n';
import { amount, NO_FIGURE, percent } from '../../lib/format';
import { useLanguage } from '../../lib/useSaid';

const PERIODS = 12;
/** Deployments are told by the week, as their target is. */
const WEEK_DAYS = 7;

/** How fast trouble is seen and mended, and how changes fare, against the plan's targets. */
export function Kpis({ view, now }: { view: DeskView; now: number }) {
  const t = useT();
  const [unit, setUnit] = useState<PeriodUnit>('month');
  // By the minute: nothing here changes faster, and the charts need not be drawn each second.
  const minute = Math.floor(now / 60_000) * 60_000 + 60_000;
  const series = kpiSeries(view.ops.incidents, unit, PERIODS, minute);
  return (
    <div className="space-y-3">
      <div className="flex items-center gap-2">
        <label className="flex items-center gap-2 text-[12px]">
          <span className="text-muted">{t('kpis.by')}</span>
          <select
            className="rounded-md border border-line bg-bg px-2 py-0.5"
            value={unit}
            onChange={(event) => setUnit(event.target.value === 'week' ? 'week' : 'month')}
          >
            <option value="week">{t('kpis.week')}</option>
            <option value="month">{t('kpis.month')}</option>
          </select>
        </label>
        <span className="text-[12px] text-muted">{t('kpis.what', { count: PERIODS })}</span>
      </div>
      <div className="grid grid-cols-2 gap-3">
        {series.map((one) => (
          <Card key={one.id} view={view} series={one} unit={unit} />
        ))}
      </div>
    </div>
  );
}

function Card(props: {
  readonly view: DeskView;
  readonly series: KpiSeries;
  readonly unit: PeriodUnit;
}) {
  const t = useT();
  const language = useLanguage();
  const { series, unit, view } = props;
  const [chosen, setChosen] = useState<string | null>(null);
  const shown = series.points.find(({ day }) => day === chosen) ?? series.points.at(-1);
  const rule = view.incidentsPolicy.kpis[series.id];
  const target = plotted(series.unit, rule.target) ?? 0;
  const data = series.points.map(({ day, kpi }) => ({
    day: day.slice(unit === 'month' ? 2 : 5, unit === 'month' ? 7 : 10),
    value: plotted(series.unit, kpi.value),
  }));
  const met = shown ? meetsTarget(shown.kpi, rule) : null;
  const highest = Math.max(target, ...data.map(({ value }) => value ?? 0));
  return (
    <section
      aria-label={t(`kpi.${series.id}`)}
      className="min-w-0 rounded-md border border-line p-2"
    >
      <header className="flex items-baseline gap-3">
        <h2 className="text-[15px] font-semibold">{t(`kpi.${series.id}`)}</h2>
        <span className="figure text-[20px]">
          {shown ? figure(series.unit, shown.kpi.value, t) : NO_FIGURE}
        </span>
        <span className="flex-1" />
        {met !== null && (
          <strong className={met ? 'text-green' : 'text-amber'}>
            {t(met ? 'kpis.met' : 'kpis.missed')}
          </strong>
        )}
      </header>
      <p className="text-[12px] text-muted">
        {t(`kpis.target.${rule.better}`, { target: figure(series.unit, rule.target, t) })}
        {' · '}
        {t(`kpis.per.${rule.per}`)}
      </p>
      <p className="min-h-8 text-[12px] text-muted">{series.definition[language]}</p>
      <div className="h-36">
        <ResponsiveContainer width="100%" height="100%">
          <BarChart data={data} accessibilityLayer={false}>
            <CartesianGrid stroke="var(--line)" vertical={false} />
            <XAxis dataKey="day" tick={{ fill: 'var(--muted)', fontSize: 12 }} />
            <YAxis
              orientation="right"
              width={64}
              domain={[0, highest * 1.1 || 1]}
              tickFormatter={(value: number) => axis(series.unit, value)}
              tick={{ fill: 'var(--muted)', fontSize: 12 }}
            />
            <Tooltip
              isAnimationActive={false}
              cursor={{ fill: 'var(--raised)' }}
              contentStyle={{ background: 'var(--raised)', borderColor: 'var(--line)' }}
              formatter={(value) => axis(series.unit, Number(value))}
            />
            <ReferenceLine
              y={target}
              stroke="var(--amber)"
              strokeDasharray="4 4"
              label={{
                value: t('kpis.line'),
                // Below the line where there is room, so that it never lies on the axis.
                position: target > highest / 2 ? 'insideTopRight' : 'insideBottomRight',
                fill: 'var(--muted)',
                fontSize: 12,
              }}
            />
            <Bar
              dataKey="value"
              name={t(`kpi.${series.id}`)}
              fill="var(--muted)"
              isAnimationActive={false}
            />
          </BarChart>
        </ResponsiveContainer>
      </div>
      {shown && (
        <div className="mt-1 flex items-start gap-2 text-[12px]">
          <select
            className="rounded-md border border-line bg-bg px-1 py-0.5"
            aria-label={t('kpis.period')}
            value={shown.day}
            onChange={(event) => setChosen(event.target.value)}
          >
            {series.points.toReversed().map(({ day }) => (
              <option key={day} value={day}>
                {t('kpis.from', { day })}
              </option>
            ))}
          </select>
          <p className="figure min-w-0 flex-1 break-words text-muted select-text">
            {shown.kpi.samples === 0
              ? t('kpis.none')
              : t('kpis.events', {
                  samples: shown.kpi.samples,
                  events: shown.kpi.events.map((seq) => `#${seq}`).join(' '),
                })}
          </p>
        </div>
      )}
    </section>
  );
}

/** What the chart shows: minutes, per cent, or deployments a week. */
function plotted(unit: Kpi['unit'], value: number | null): number | null {
  if (value === null) return null;
  if (unit === 'ms') return value / 60_000;
  return unit === 'fraction' ? value * 100 : value * WEEK_DAYS;
}

function axis(unit: Kpi['unit'], value: number): string {
  if (unit === 'ms') return `${amount(value, value < 10 ? 1 : 0)} min`;
  return unit === 'fraction' ? `${amount(value, 0)} %` : amount(value, 1);
}

function figure(unit: Kpi['unit'], value: number | null, t: Translate): string {
  if (value === null) return t('impact.unknown');
  if (unit === 'ms') return `${amount(value / 60_000, 1)} min`;
  if (unit === 'fraction') return percent(value);
  return t('kpis.rate', { count: amount(value * WEEK_DAYS, 1) });
}
