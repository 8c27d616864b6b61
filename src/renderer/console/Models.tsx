import type { ModelRecord } from '@shared/models/state';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Alerts } from '../components/Alerts';
import { metricText } from '../components/Compare';
import { type Column, DataTable } from '../components/DataTable';
import { Button, Hostile } from '../components/ui';
import { figuresOf, isOverdue, liveModel, logIsKnown, shownDeployment } from '../desk/models.state';
import { useT } from '../i18n';
import { duration, NO_FIGURE } from '../lib/format';
import { openDialog } from '../lib/store';
import { Detail } from './models/Detail';
import { Requests } from './models/Requests';
import { Reviews } from './models/Reviews';
import { Timeline } from './models/Timeline';
import { PolicySection } from './policy/PolicySection';

/**
 * Every model the log knows, the live one first of all, and what waits for somebody. `first` is shown
 * until another is chosen.
 */
export default function Models(props: {
  readonly view: DeskView;
  readonly now: number;
  readonly first: string | null;
}) {
  const { view, now, first } = props;
  const t = useT();
  const live = liveModel(view);
  const [chosen, setChosen] = useState<string | null>(first);
  const { models } = view.ops.models;
  const shown = models[chosen ?? ''] ?? live ?? Object.values(models)[0] ?? null;
  const deployment = shownDeployment(view);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)] gap-4">
      <div className="min-w-0 space-y-3">
        <section className="flex items-center gap-3 rounded-md border border-line p-3">
          <div className="min-w-0 flex-1">
            <p className="text-[12px] text-muted">{t('models.production')}</p>
            {live ? (
              <p className="text-[20px] font-bold">
                <Hostile text={live.model} max={48} />{' '}
                <span className="text-[13px] font-normal text-muted">
                  v<Hostile text={live.version} max={24} /> · {duration(now - live.stageSince)} ·{' '}
                  <span className="figure">{live.hashes.model.slice(0, 12)}</span>
                </span>
              </p>
            ) : (
              <p className="text-[20px] font-bold text-amber">
                {t(logIsKnown(view) ? 'models.noneLive' : 'word.unknown')}
              </p>
            )}
          </div>
          <Button onClick={() => openDialog({ kind: 'rollback' })}>{t('rollback.button')}</Button>
        </section>
        <Alerts view={view} now={now} />
        <Requests view={view} now={now} />
        <ModelTable view={view} now={now} shown={shown?.model ?? null} onShow={setChosen} />
        {deployment && <Timeline deployment={deployment} />}
        <Reviews view={view} now={now} />
        <PolicySection view={view} name="models" />
      </div>
      <div className="min-w-0">{shown && <Detail view={view} model={shown} now={now} />}</div>
    </div>
  );
}

function ModelTable(props: {
  readonly view: DeskView;
  readonly now: number;
  readonly shown: string | null;
  readonly onShow: (model: string) => void;
}) {
  const t = useT();
  const policy = props.view.modelsPolicy;
  const figure = (model: ModelRecord, name: 'sharpe' | 'winRate' | 'maxDrawdown' | 'trades') =>
    figuresOf(model)?.metrics[name] ?? null;
  const metric = (name: 'sharpe' | 'winRate' | 'maxDrawdown' | 'trades'): Column<ModelRecord> => ({
    key: `models.${name}`,
    value: (model) => figure(model, name),
    cell: (model) => <span className="figure">{metricText(name, figure(model, name))}</span>,
  });
  const columns: readonly Column<ModelRecord>[] = [
    {
      key: 'models.model',
      value: ({ model }) => model,
      cell: ({ model, version }) => (
        <button
          type="button"
          aria-pressed={props.shown === model}
          className={`text-left ${props.shown === model ? 'text-blue' : 'hover:text-blue'}`}
          onClick={() => props.onShow(model)}
        >
          <Hostile text={`${model} · v${version}`} max={40} />
        </button>
      ),
    },
    {
      key: 'models.stage',
      value: ({ stage }) => stage,
      cell: (model) => (
        <>
          {t(`stage.${model.stage}`)}
          {isOverdue(model, policy, props.now) && (
            <span className="block text-[12px] font-normal text-amber">
              {t('models.overdue', { time: duration(policy.registered.maxMs) })}
            </span>
          )}
        </>
      ),
      className: ({ stage }) => (stage === 'production' ? 'font-bold' : ''),
    },
    metric('sharpe'),
    metric('winRate'),
    metric('maxDrawdown'),
    metric('trades'),
    {
      key: 'models.owner',
      value: ({ owner }) => owner,
      cell: ({ owner }) => <Hostile text={owner ?? NO_FIGURE} max={24} />,
    },
    {
      key: 'models.since',
      value: ({ stageSince }) => stageSince,
      cell: ({ stageSince }) => (
        <span className="figure whitespace-nowrap">{timestamp(stageSince).slice(0, 10)}</span>
      ),
    },
  ];
  return (
    <DataTable
      name="models"
      title="models.title"
      empty={logIsKnown(props.view) ? 'models.empty' : 'log.unknown'}
      rows={Object.values(props.view.ops.models.models)}
      rowKey={({ model }) => model}
      columns={columns}
    />
  );
}
