import { retentionDates } from '@shared/models/retention';
import type { ModelRecord } from '@shared/models/state';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { Hostile } from '../../components/ui';
import { useT } from '../../i18n';

/** Why an archived model left, who said so, and until when what belongs to it is kept. */
export function Retention({ view, model }: { view: DeskView; model: ModelRecord }) {
  const t = useT();
  const until = retentionDates(model, view.modelsPolicy);
  const left = model.history.at(-1);
  if (!until || !left) return null;
  return (
    <section
      aria-label={t('retention.title')}
      className="rounded-md border border-line p-2 text-[12px]"
    >
      <p>
        <strong>{t(model.retirement ? 'retention.retired' : 'retention.archived')}</strong>{' '}
        <span className="figure">{timestamp(left.at).slice(0, 16)} COT</span> ·{' '}
        {left.cause && t(`cause.${left.cause}`)}
        {model.retirement && ` (${t(`retire.${model.retirement}`)})`} ·{' '}
        <Hostile text={left.by.id} max={32} />: <Hostile text={left.reason ?? '—'} max={240} />
      </p>
      <dl className="mt-1 grid grid-cols-4 gap-x-3">
        {(['artifacts', 'trainingData', 'trades', 'audit'] as const).map((kind) => (
          <div key={kind}>
            <dt className="text-muted">{t(`retention.${kind}`)}</dt>
            <dd className="figure">{until[kind]}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
