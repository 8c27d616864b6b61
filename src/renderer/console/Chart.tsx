import type { IpcResult } from '@shared/ipc/contract';
import { timeOfDay } from '@shared/time';
import { useEffect, useState } from 'react';
import {
  CartesianGrid,
  Line,
  LineChart,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { useT } from '../i18n';
import { clip, compact, signed } from '../lib/format';

type Series = IpcResult<'equity.series'>;

/** Equity or PnL of one engine. Asked for each second while it can be seen; gaps stay gaps. */
export function Chart() {
  const t = useT();
  const [series, setSeries] = useState<Series>([]);
  const [engine, setEngine] = useState('');
  const [what, setWhat] = useState<'pnl' | 'equity'>('pnl');
  useEffect(() => {
    const ask = async (): Promise<void> => {
      if (document.hidden) return;
      const answer = await window.vigia.call('equity.series', undefined);
      if (answer.ok) setSeries(answer.value);
    };
    void ask();
    const timer = setInterval(() => void ask(), 1_000);
    return () => clearInterval(timer);
  }, []);
  const shown = series.find((one) => one.engine === engine) ?? series[0];
  const pick = 'rounded-md border border-line bg-bg px-2 py-0.5';
  return (
    <section>
      <div className="mb-1 flex items-center gap-2">
        <h2 className="flex-1 text-[15px] font-semibold">
          {t('chart.title')} {shown && <bdi className="text-muted">{clip(shown.currency, 8)}</bdi>}
        </h2>
        <select
          aria-label={t('chart.engine')}
          className={pick}
          value={shown?.engine ?? ''}
          onChange={(event) => setEngine(event.target.value)}
        >
          {series.map((one) => (
            <option key={one.engine} value={one.engine}>
              {clip(one.engine, 32)}
            </option>
          ))}
        </select>
        <select
          aria-label={t('chart.title')}
          className={pick}
          value={what}
          onChange={(event) => setWhat(event.target.value === 'equity' ? 'equity' : 'pnl')}
        >
          <option value="pnl">{t('chart.pnl')}</option>
          <option value="equity">{t('chart.equity')}</option>
        </select>
      </div>
      <div className="h-56">
        {shown && shown.points.length > 0 ? (
          <ResponsiveContainer width="100%" height="100%">
            <LineChart data={shown.points} accessibilityLayer={false}>
              <CartesianGrid stroke="var(--line)" vertical={false} />
              <XAxis
                dataKey="t"
                type="number"
                domain={['dataMin', 'dataMax']}
                tickFormatter={(at: number) => timeOfDay(at)}
                tick={{ fill: 'var(--muted)', fontSize: 12 }}
              />
              <YAxis
                orientation="right"
                width={80}
                domain={['auto', 'auto']}
                tickFormatter={(value: number) => compact(value)}
                tick={{ fill: 'var(--muted)', fontSize: 12 }}
              />
              <Tooltip
                isAnimationActive={false}
                contentStyle={{ background: 'var(--raised)', borderColor: 'var(--line)' }}
                labelFormatter={(at) => `${timeOfDay(Number(at))} COT`}
                formatter={(value) => signed(Number(value))}
              />
              <Line
                dataKey={what}
                stroke="var(--blue)"
                strokeWidth={1}
                dot={false}
                connectNulls={false}
                isAnimationActive={false}
              />
            </LineChart>
          </ResponsiveContainer>
        ) : (
          <p className="text-muted">{t('chart.none')}</p>
        )}
      </div>
    </section>
  );
}
