import type { Evaluation } from '@shared/monitor/health';
import { TRIGGERS } from '@shared/monitor/trigger';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import type { MonitorPoint } from '@shared/view/monitor';
import { useEffect, useState } from 'react';
import { Alerts } from '../components/Alerts';
import { Button, Hostile, INPUT } from '../components/ui';
import { cooldownLeft, type MonitorMode, monitorMode } from '../desk/monitor.state';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { duration } from '../lib/format';
import { Slow } from './monitor/Slow';
import { TriggerCard } from './monitor/TriggerCard';
import { PolicySection } from './policy/PolicySection';

const MODE_TONE: Readonly<Record<MonitorMode, string>> = {
  acting: 'text-text',
  elsewhere: 'text-text',
  gateway: 'text-text',
  nobody: 'text-amber',
  stopped: 'text-red',
  dryRun: 'hatched px-1',
};

/** What the monitor sees, what it makes of it, and who would act. */
export default function Monitor({ view, now }: { view: DeskView; now: number }) {
  const t = useT();
  const points = useSeries();
  const { evaluation } = view.monitor;
  const { machine, holder } = view.ops.monitor;
  const mode = monitorMode(view, now);
  const left = cooldownLeft(view, now);
  return (
    <div className="space-y-3">
      <section className="flex flex-wrap items-center gap-x-6 gap-y-1 rounded-md border border-line p-3">
        <p>
          <span className="text-[12px] text-muted">{t('monitor.acts')}</span>
          <br />
          <strong className={MODE_TONE[mode]}>{t(`monitor.${mode}`)}</strong>{' '}
          {mode === 'elsewhere' && <Hostile text={holder ?? ''} max={32} />}
        </p>
        <p>
          <span className="text-[12px] text-muted">{t('monitor.phase')}</span>
          <br />
          <strong className={machine.phase === 'armed' ? '' : 'text-amber'}>
            {t(`phase.${machine.phase}`)}
          </strong>{' '}
          {left > 0 && <span className="figure">{duration(left)}</span>}
        </p>
        <p>
          <span className="text-[12px] text-muted">{t('monitor.model')}</span>
          <br />
          <Hostile text={evaluation?.model ?? t('models.none')} max={40} />
          {evaluation?.enhanced && <span className="text-amber"> · {t('monitor.enhanced')}</span>}
        </p>
        <Judged evaluation={evaluation} mode={view.monitorPolicy.mode} now={now} />
        <span className="flex-1" />
        <DryRun view={view} now={now} />
      </section>
      <Alerts view={view} now={now} />
      <Gaps view={view} />
      {evaluation ? (
        <div className="grid grid-cols-2 gap-3">
          {TRIGGERS.map((trigger) => (
            <TriggerCard
              key={trigger}
              check={evaluation.checks[trigger]}
              median={trigger === 'latencyP99' ? evaluation.latencyP50 : null}
              view={view}
              points={points}
              now={now}
            />
          ))}
        </div>
      ) : (
        <p className="text-muted">{t('monitor.waiting')}</p>
      )}
      {evaluation && <Slow evaluation={evaluation} view={view} now={now} />}
      <Firings view={view} />
      <PolicySection view={view} name="monitor" />
    </div>
  );
}

function Judged(props: {
  readonly evaluation: Evaluation | null;
  readonly mode: 'confident' | 'literal';
  readonly now: number;
}) {
  const t = useT();
  const { evaluation } = props;
  return (
    <p>
      <span className="text-[12px] text-muted">{t('monitor.judges')}</span>
      <br />
      {t(`monitor.${props.mode}`)}
      {evaluation && (
        <span className="text-muted">
          {' · '}
          {t(evaluation.inSession ? 'monitor.inSession' : 'monitor.offSession')}
        </span>
      )}
    </p>
  );
}

function DryRun({ view, now }: { view: DeskView; now: number }) {
  const t = useT();
  const [reason, setReason] = useState('');
  const { dryRunUntil } = view.ops.monitor;
  const on = dryRunUntil !== null && now < dryRunUntil;
  const may = view.operator?.roles.some((role) =>
    view.monitorPolicy.permissions.dryRun.includes(role),
  );
  return (
    <form
      className="flex items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        const params = { on: !on, reason: reason.trim(), origin: 'console' } as const;
        void call('model.command', { name: 'monitor.dry_run', params });
        setReason('');
      }}
    >
      {on && (
        <span className="text-[12px] text-violet">
          {t('monitor.dryUntil', { time: duration(dryRunUntil - now) })}
        </span>
      )}
      <input
        className={`${INPUT} w-48`}
        aria-label={t('monitor.dryReason')}
        placeholder={t('monitor.dryReason')}
        maxLength={4_000}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <Button type="submit" disabled={!may || reason.trim() === ''}>
        {t(on ? 'monitor.dryOff' : 'monitor.dryOn')}
      </Button>
    </form>
  );
}

/** When it last saw nothing: a host that slept, entries paused for want of data. */
function Gaps({ view }: { view: DeskView }) {
  const t = useT();
  const { suspended, blindPause } = view.ops.monitor;
  const at = (time: number) => `${timestamp(time).slice(0, 19)} COT`;
  return (
    <>
      {blindPause && (
        <p className="text-[12px] text-muted">
          {t(blindPause.dryRun ? 'gaps.wouldPause' : 'gaps.paused', { time: at(blindPause.at) })}{' '}
          {blindPause.dark.map((trigger) => t(`trigger.${trigger}`)).join(', ')}
        </p>
      )}
      {suspended && (
        <p className="text-[12px] text-muted">
          {t('gaps.slept', { time: at(suspended.at), gap: duration(suspended.ms) })}{' '}
          <Hostile text={suspended.host} max={32} />
        </p>
      )}
    </>
  );
}

/** The latest decisions, as the log has them. */
function Firings({ view }: { view: DeskView }) {
  const t = useT();
  const { firings } = view.ops.monitor;
  return (
    <section>
      <h2 className="mb-1 text-[15px] font-semibold">{t('firings.title')}</h2>
      {firings.length === 0 && <p className="text-muted">{t('firings.none')}</p>}
      <ol className="text-[12px]">
        {firings.map((one) => (
          <li key={one.seq} className="flex min-h-7 items-center gap-3 border-t border-line">
            <span className="figure text-muted">{timestamp(one.at).slice(0, 19)}</span>
            <span>{one.causes.map((cause) => t(`trigger.${cause}`)).join(', ')}</span>
            <span className={one.dryRun ? 'text-violet' : 'text-amber'}>
              {one.dryRun && `${t('firings.would')}: `}
              {one.actions.map((action) => t(`action.${action}`)).join(' + ')}
            </span>
            <span className="text-muted">
              <Hostile text={one.model ?? '—'} max={32} />
            </span>
            <span className="flex-1" />
            <span className="figure text-muted" title={one.window ?? ''}>
              {one.window ? one.window.slice(0, 12) : t('firings.noWindow')}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The charts' points, asked for while the view can be seen. */
function useSeries(): readonly MonitorPoint[] {
  const [points, setPoints] = useState<readonly MonitorPoint[]>([]);
  useEffect(() => {
    const ask = async (): Promise<void> => {
      if (document.hidden) return;
      const answer = await window.vigia.call('monitor.series', undefined);
      if (answer.ok) setPoints(answer.value);
    };
    void ask();
    const timer = setInterval(() => void ask(), 2_000);
    return () => clearInterval(timer);
  }, []);
  return points;
}
