import type { Deployment } from '@shared/models/state';
import { timeOfDay } from '@shared/time';
import { Hostile } from '../../components/ui';
import { timeline } from '../../desk/models.state';
import { useT } from '../../i18n';
import { amount } from '../../lib/format';

const TONE = { done: 'text-green', active: 'text-muted', problem: 'text-amber' };

/** A deployment from the order to the last engine's report, with times. */
export function Timeline({ deployment }: { deployment: Deployment }) {
  const t = useT();
  const { kind, model, previous, by, reason, supersededAt } = deployment;
  return (
    <section aria-label={t('deployment.title')} className="rounded-md border border-line p-2">
      <h2 className="text-[15px] font-semibold">
        {t(`deployment.${kind}`)}: <Hostile text={previous ?? t('models.none')} max={32} /> →{' '}
        <Hostile text={model} max={32} />
      </h2>
      <p className="text-[12px] text-muted">
        <Hostile text={by.id} max={32} />: <Hostile text={reason ?? '—'} max={160} />
        {supersededAt !== null && ` · ${t('deployment.superseded')}`}
      </p>
      <ol className="mt-1 text-[12px]">
        {timeline(deployment).map(({ key, state, engine, word, at, after, detail }) => (
          <li key={key} className="flex h-7 items-center gap-2 border-t border-line">
            <span className="figure w-[70px] text-muted">{at === null ? '' : timeOfDay(at)}</span>
            <span className="figure w-[80px] text-right">
              {after === null ? '' : `+${amount(after, 0)} ms`}
            </span>
            <span className="min-w-0 flex-1 truncate">
              {engine ? <Hostile text={engine} max={40} /> : t('deployment.desk')}
            </span>
            <span className={TONE[state]}>{t(`deployment.${word}`)}</span>
            {detail && (
              <span className="max-w-[40%] truncate text-muted">
                <Hostile text={detail} max={80} />
              </span>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
