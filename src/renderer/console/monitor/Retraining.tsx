import type { Retraining as Proposal } from '@shared/monitor/record';
import { nextRetrainingAt, openRetraining } from '@shared/monitor/retraining';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Button, Hostile, INPUT } from '../../components/ui';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { useSaid } from '../../lib/useSaid';

const OUTCOMES = ['better', 'worse', 'declined'] as const;
const CLOSED = {
  better: 'retraining.closedBetter',
  worse: 'retraining.closedWorse',
  declined: 'retraining.closedDeclined',
} as const;

/** Proposals of retraining, and the means to make one or say what came of it. */
export function Retraining(props: {
  readonly view: DeskView;
  readonly model: string | null;
  readonly now: number;
}) {
  const t = useT();
  const [reason, setReason] = useState('');
  const { view, model, now } = props;
  const { monitor } = view.ops;
  const { permissions, retraining: limits } = view.monitorPolicy;
  const may = view.operator?.roles.some((role) => permissions.retrain.includes(role)) ?? false;
  const from = nextRetrainingAt(monitor, 'manual', limits);
  const open = model === null ? null : openRetraining(monitor, model);
  const why = reason.trim();
  const blocked = !may || model === null || open !== null || now < from || why === '';

  function request(): void {
    if (model === null) return;
    void call('model.command', { name: 'retraining.request', params: { model, reason: why } });
    setReason('');
  }

  function close(retraining: string, outcome: (typeof OUTCOMES)[number]): void {
    const params = { retraining, outcome, reason: why };
    void call('model.command', { name: 'retraining.close', params });
    setReason('');
  }

  return (
    <section aria-label={t('retraining.title')}>
      <header className="flex flex-wrap items-center gap-3">
        <h2 className="text-[15px] font-semibold">{t('retraining.title')}</h2>
        <span className="text-[12px] text-muted">{t('retraining.only')}</span>
        <span className="flex-1" />
        {open ? (
          <span className="text-[12px] text-muted">{t('retraining.waits')}</span>
        ) : (
          now < from && (
            <span className="figure text-[12px] text-muted">
              {t('retraining.from', { time: timestamp(from).slice(0, 16) })}
            </span>
          )
        )}
        <form
          className="flex items-center gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            if (!blocked) request();
          }}
        >
          <input
            className={`${INPUT} w-56`}
            aria-label={t('retraining.reason')}
            placeholder={t('retraining.reason')}
            maxLength={2_000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          <Button type="submit" className="whitespace-nowrap" disabled={blocked}>
            {t('retraining.request')}
          </Button>
        </form>
      </header>
      {monitor.retrainings.length === 0 && <p className="text-muted">{t('retraining.none')}</p>}
      <ol className="text-[12px]">
        {monitor.retrainings.map((one) => (
          <Line
            key={one.id}
            proposal={one}
            disabled={!may || why === ''}
            onClose={(outcome) => close(one.id, outcome)}
          />
        ))}
      </ol>
    </section>
  );
}

function Line(props: {
  readonly proposal: Proposal;
  readonly disabled: boolean;
  readonly onClose: (outcome: (typeof OUTCOMES)[number]) => void;
}) {
  const t = useT();
  const say = useSaid();
  const { at, model, cause, detail, said, by, outcome } = props.proposal;
  return (
    <li className="flex min-h-7 items-center gap-3 border-t border-line">
      <span className="figure text-muted">{timestamp(at).slice(0, 16)} COT</span>
      <span className="shrink-0">
        <Hostile text={model} max={32} />
      </span>
      <span className={outcome === null ? 'shrink-0 text-amber' : 'shrink-0 text-muted'}>
        {t(`retraining.cause.${cause}`)}
      </span>
      <span className="min-w-0 flex-1 truncate text-muted">
        <Hostile text={say(said, detail)} max={120} /> · <Hostile text={by.id} max={32} />
      </span>
      {outcome === null
        ? OUTCOMES.map((next) => (
            <Button
              key={next}
              className="py-0.5"
              disabled={props.disabled}
              title={t('retraining.reason')}
              onClick={() => props.onClose(next)}
            >
              {t(`retraining.${next}`)}
            </Button>
          ))
        : t(CLOSED[outcome])}
    </li>
  );
}
