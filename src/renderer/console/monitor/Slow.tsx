import { sharpeCheck } from '@shared/monitor/dayClose';
import type { Evaluation } from '@shared/monitor/health';
import { bornAt } from '@shared/monitor/retraining';
import type { FeatureDrift } from '@shared/monitor/slow';
import type { DeskView } from '@shared/view/desk';
import type { ReactNode } from 'react';
import { DataTable } from '../../components/DataTable';
import { Hostile } from '../../components/ui';
import { type SlowState, slowTone, winRateState } from '../../desk/slow.state';
import { useT } from '../../i18n';
import { amount, duration, NO_FIGURE, percent } from '../../lib/format';
import { Retraining } from './Retraining';

const DAY_MS = 86_400_000;

/** What changes slowly: results by day and by trade, drift, age, and what is proposed about it. */
export function Slow(props: {
  readonly evaluation: Evaluation;
  readonly view: DeskView;
  readonly now: number;
}) {
  const t = useT();
  const { evaluation, view, now } = props;
  const { alerts, drift, retraining } = view.monitorPolicy;
  const { model, slow, winRate } = evaluation;
  const { days } = view.ops.monitor;
  const sharpe = sharpeCheck(days, model, alerts.sharpe);
  const born = model === null ? null : bornAt(view.ops.models, model);
  const age = born === null ? null : now - born;
  const last = days.at(-1);
  const { concept } = slow;
  return (
    <section aria-label={t('slow.title')} className="space-y-3 rounded-md border border-line p-3">
      <header className="flex items-baseline gap-3">
        <h2 className="text-[15px] font-semibold">{t('slow.title')}</h2>
        <span className="figure text-[12px] text-muted">
          {last
            ? `${t('slow.lastClose')} ${last.day} · ${amount(last.pnl)} ${last.currency ?? ''}`
            : t('slow.noClose')}
        </span>
      </header>
      <div className="grid grid-cols-4 gap-3">
        <Fact
          name={t('slow.sharpe', { days: String(alerts.sharpe.days) })}
          value={amount(sharpe.value)}
          state={sharpe.outcome}
          notes={[
            t('slow.sharpeNote', {
              error: amount(sharpe.error),
              days: String(sharpe.days),
              min: String(alerts.sharpe.minDays),
            }),
            t('slow.limits', {
              warning: amount(alerts.sharpe.warning),
              critical: amount(alerts.sharpe.critical),
            }),
          ]}
        />
        <Fact
          name={t('slow.winRate', { trades: String(alerts.winRate.trades) })}
          value={percent(winRate)}
          state={winRateState(winRate, alerts.winRate)}
          notes={[
            t('slow.limits', {
              warning: percent(alerts.winRate.warning, 0),
              critical: percent(alerts.winRate.critical, 0),
            }),
          ]}
        />
        <Fact
          name={t('slow.concept')}
          value={percent(concept.losing)}
          state={concept.state}
          notes={[
            t('slow.conceptNote', {
              losing: percent(concept.losing),
              trades: amount(concept.trades, 0),
              least: percent(concept.least?.share),
            }),
            t('slow.conceptMin', { min: String(drift.concept.minTrades) }),
          ]}
        />
        <Fact
          name={t('slow.age')}
          value={
            age === null ? NO_FIGURE : t('slow.days', { days: amount(Math.floor(age / DAY_MS), 0) })
          }
          state={age === null ? 'no_data' : age > retraining.maxAgeMs ? 'warning' : 'ok'}
          notes={[t('slow.ageNote', { days: amount(retraining.maxAgeMs / DAY_MS, 0) })]}
        />
      </div>
      <Features evaluation={evaluation} view={view} now={now} />
      <Retraining view={view} model={model} now={now} />
    </section>
  );
}

function Fact(props: {
  readonly name: string;
  readonly value: string;
  readonly state: SlowState;
  readonly notes: readonly string[];
}) {
  const t = useT();
  return (
    <div className="min-w-0">
      <p className="text-[12px] text-muted">{props.name}</p>
      <p className="flex items-baseline gap-2">
        <span className="figure text-[20px]">{props.value}</span>
        <strong className={`text-[12px] ${slowTone(props.state)}`}>
          {t(`slow.${props.state}`)}
        </strong>
      </p>
      {props.notes.map((note) => (
        <p key={note} className="figure text-[12px] text-muted">
          {note}
        </p>
      ))}
    </div>
  );
}

function Features(props: {
  readonly evaluation: Evaluation;
  readonly view: DeskView;
  readonly now: number;
}): ReactNode {
  const t = useT();
  const { slow } = props.evaluation;
  const { limit, minSamples } = props.view.monitorPolicy.drift.psi;
  const stateOf = (row: FeatureDrift): string =>
    row.hasReference ? t(`slow.${row.outcome}`) : t('slow.noReference');
  return (
    <div>
      <DataTable
        name="drift"
        title="slow.features"
        empty="slow.noFeatures"
        rows={slow.features}
        rowKey={({ feature }) => feature}
        columns={[
          {
            key: 'slow.feature',
            value: ({ feature }) => feature,
            cell: ({ feature }) => <Hostile text={feature} max={48} />,
          },
          {
            key: 'slow.psi',
            value: ({ psi }) => psi,
            cell: ({ psi }) => amount(psi, 3),
            className: () => 'figure',
          },
          {
            key: 'slow.samples',
            value: ({ samples }) => samples,
            cell: ({ samples }) => amount(samples, 0),
            className: () => 'figure',
          },
          {
            key: 'slow.missing',
            value: ({ missing }) => missing,
            cell: ({ missing }) => amount(missing, 0),
            className: () => 'figure',
          },
          {
            key: 'slow.state',
            value: stateOf,
            cell: stateOf,
            className: ({ outcome }) => slowTone(outcome),
          },
        ]}
      />
      {slow.featuresAt !== null && slow.features.length > 0 && (
        <p className="figure text-[12px] text-muted">
          {t('slow.featuresAt', {
            age: duration(props.now - slow.featuresAt),
            limit: amount(limit),
            min: amount(minSamples, 0),
          })}
        </p>
      )}
    </div>
  );
}
