import type { ModelRecord } from '@shared/models/state';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { Compare } from '../../components/Compare';
import { GateList } from '../../components/GateList';
import { Button, Hostile } from '../../components/ui';
import { liveModel, promotionOf } from '../../desk/models.state';
import { useT } from '../../i18n';
import { NO_FIGURE } from '../../lib/format';
import { openDialog } from '../../lib/store';
import { Retention } from './Retention';

/** One model: what it is, how it got where it is, and what its next stage asks of it. */
export function Detail({ view, model, now }: { view: DeskView; model: ModelRecord; now: number }) {
  const t = useT();
  const promotion = promotionOf(view, model, now);
  const waits = view.ops.models.requests.some((one) => one.model === model.model);
  const live = liveModel(view);
  const { hashes, training } = model;
  const facts = [
    ['models.owner', model.owner],
    ['models.backup', model.backupOwner],
    ['models.hash', hashes.model],
    ['models.normStats', hashes.normStats],
    ['models.config', hashes.config],
    ['models.dataset', hashes.dataset],
    ['models.period', training.from && training.to ? `${training.from} – ${training.to}` : null],
    ['models.run', training.runId],
    ['models.features', model.featureOrder.join(', ') || null],
    ['models.rollbackPlan', model.rollbackPlan],
  ] as const;
  return (
    <section aria-label={model.model} className="space-y-3">
      <header className="flex flex-wrap items-center gap-2">
        <h2 className="text-[20px] font-bold">
          <Hostile text={model.model} max={48} />
        </h2>
        <span className="text-muted">
          v<Hostile text={model.version} max={24} /> · {t(`stage.${model.stage}`)}
        </span>
        <span className="flex-1" />
        {promotion && (
          <Button
            disabled={waits}
            onClick={() => openDialog({ kind: 'promotion', model: model.model })}
          >
            {t('promotion.button', { stage: t(`stage.${promotion.target}`) })}
          </Button>
        )}
        <Button onClick={() => openDialog({ kind: 'document', model: model.model })}>
          {t('document.button')}
        </Button>
        <Button onClick={() => openDialog({ kind: 'card', model: model.model })}>
          {t('models.edit')}
        </Button>
        {promotion && (
          <Button onClick={() => openDialog({ kind: 'exception', model: model.model })}>
            {t('exception.button')}
          </Button>
        )}
        {model.stage !== 'archived' && (
          <Button onClick={() => openDialog({ kind: 'retire', model: model.model })}>
            {t('retire.button')}
          </Button>
        )}
      </header>
      <Retention view={view} model={model} />
      {promotion && <GateList gates={promotion.gates} />}
      <Compare
        left={model.backtest}
        right={model.staging}
        leftName={t('models.backtest')}
        rightName={t('models.staging')}
      />
      {live && live.model !== model.model && (
        <p className="text-[12px] text-muted">
          {t('models.liveNow')}: <Hostile text={live.model} max={48} />
        </p>
      )}
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 text-[12px]">
        {facts.map(([key, text]) => (
          <div key={key} className="contents">
            <dt className="text-muted">{t(key)}</dt>
            <dd className={`min-w-0 break-all ${text === null ? 'text-amber' : ''}`}>
              <Hostile text={text ?? NO_FIGURE} max={240} />
            </dd>
          </div>
        ))}
      </dl>
      <div>
        <h3 className="font-semibold">{t('models.history')}</h3>
        <ol className="text-[12px]">
          {[...model.history].reverse().map((entry) => (
            <li
              key={`${entry.seq}-${entry.stage}`}
              className="flex min-h-7 items-center gap-2 border-t border-line"
            >
              <span className="figure text-muted">{timestamp(entry.at).slice(0, 19)}</span>
              <span>{t(`stage.${entry.stage}`)}</span>
              <span className="text-muted">{entry.cause && t(`cause.${entry.cause}`)}</span>
              <span className="min-w-0 flex-1 truncate text-right text-muted">
                <Hostile text={entry.by.id} max={32} />
                {entry.reason && (
                  <>
                    : <Hostile text={entry.reason} max={80} />
                  </>
                )}
              </span>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}
