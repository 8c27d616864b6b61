import type { Check } from '@shared/monitor/verdict';
import { timeOfDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import type { MonitorPoint } from '@shared/view/monitor';
import {
  CartesianGrid,
  Line,
  LineChart,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { Sparkline } from '../../components/Sparkline';
import { Hostile } from '../../components/ui';
import { modelMarks, toneOf } from '../../desk/monitor.state';
import { useT } from '../../i18n';
import { amount, duration, percent } from '../../lib/format';
import { triggerFigure } from '../../lib/trigger';

/** Five minutes at a check each 30 s and what arrives between. */
const SPARK_POINTS = 40;

/** One trigger: its value against its limits, both verdicts, its age, and its last hour. */
export function TriggerCard(props: {
  readonly check: Check;
  /** Shown beside the value, where there is one. */
  readonly median: number | null;
  readonly view: DeskView;
  readonly points: readonly MonitorPoint[];
  readonly now: number;
}) {
  const t = useT();
  const { check, points, view, now } = props;
  const { trigger, value, limit, warning, samples, breaching, lastSampleAt } = check;
  const marks = modelMarks(view, points[0]?.at ?? now);
  const top = Math.max(limit * 1.1, value ?? 0);
  return (
    <section
      aria-label={t(`trigger.${trigger}`)}
      className="min-w-0 rounded-md border border-line p-2"
    >
      <header className="flex items-baseline gap-3">
        <h2 className="text-[15px] font-semibold">{t(`trigger.${trigger}`)}</h2>
        <span className="figure text-[20px]">{triggerFigure(trigger, value)}</span>
        {props.median !== null && (
          <span className="figure text-[12px] text-muted">
            P50 {triggerFigure(trigger, props.median)}
          </span>
        )}
        <Sparkline values={points.slice(-SPARK_POINTS).map((point) => point[trigger])} />
        <span className="flex-1" />
        <strong className={toneOf(check)}>{t(`outcome.${check.outcome}`)}</strong>
      </header>
      <p className="text-[12px] text-muted">
        {t('monitor.limit', {
          limit: triggerFigure(trigger, limit),
          warning: triggerFigure(trigger, warning),
        })}
        {' · '}
        {t('monitor.samples', { samples: amount(samples, 0), bad: amount(breaching, 0) })}
        {' · '}
        {lastSampleAt === null
          ? t('monitor.noSample')
          : t('monitor.last', { age: duration(now - lastSampleAt) })}
      </p>
      <p className="text-[12px] text-muted">
        {t('monitor.verdicts', {
          literal: t(check.literal ? 'monitor.fires' : 'monitor.quiet'),
          confident: t(check.confident ? 'monitor.fires' : 'monitor.quiet'),
        })}
        {check.byChance !== null &&
          ` · ${t('monitor.byChance', { chance: percent(check.byChance) })}`}
        {check.detail && (
          <>
            {' · '}
            <Hostile text={check.detail} max={80} />
          </>
        )}
      </p>
      <div className="h-32">
        <ResponsiveContainer width="100%" height="100%">
          <LineChart
            data={points as MonitorPoint[]}
            margin={{ top: 16, right: 4, bottom: 4, left: 4 }}
            accessibilityLayer={false}
          >
            <CartesianGrid stroke="var(--line)" vertical={false} />
            <XAxis
              dataKey="at"
              type="number"
              domain={['dataMin', 'dataMax']}
              tickFormatter={(at: number) => timeOfDay(at)}
              tick={{ fill: 'var(--muted)', fontSize: 12 }}
            />
            <YAxis
              orientation="right"
              width={64}
              domain={[0, top]}
              tickFormatter={(at: number) => triggerFigure(trigger, at)}
              tick={{ fill: 'var(--muted)', fontSize: 12 }}
            />
            <Tooltip
              isAnimationActive={false}
              contentStyle={{ background: 'var(--raised)', borderColor: 'var(--line)' }}
              labelFormatter={(at) => `${timeOfDay(Number(at))} COT`}
              formatter={(figure) => triggerFigure(trigger, Number(figure))}
            />
            {(
              [
                ['monitor.warningLine', warning, 'var(--amber)'],
                ['monitor.limitLine', limit, 'var(--red)'],
              ] as const
            ).map(([name, at, colour]) => (
              <ReferenceLine
                key={name}
                y={at}
                stroke={colour}
                strokeDasharray="4 4"
                label={{
                  value: t(name),
                  position: 'insideBottomRight',
                  fill: colour,
                  fontSize: 12,
                }}
              />
            ))}
            {marks.map(({ at, model }) => (
              <ReferenceLine
                key={at}
                x={at}
                stroke="var(--blue)"
                label={{
                  value: model,
                  position: 'insideTopLeft',
                  fill: 'var(--muted)',
                  fontSize: 12,
                }}
              />
            ))}
            <Line
              dataKey={trigger}
              stroke="var(--text)"
              strokeWidth={1}
              dot={false}
              connectNulls={false}
              isAnimationActive={false}
            />
          </LineChart>
        </ResponsiveContainer>
      </div>
    </section>
  );
}
