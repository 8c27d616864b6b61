import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Button, Hostile, INPUT } from '../../components/ui';
import { mayDo } from '../../desk/may';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { openDialog } from '../../lib/store';

interface Props {
  readonly view: DeskView;
  readonly now: number;
}

/** Reviews that are still to be held, and exceptions in force. */
export function Reviews({ view, now }: Props) {
  const t = useT();
  const { reviews, exceptions } = view.ops.models;
  const may = mayDo(view, view.modelsPolicy.permissions.grantException);
  return (
    <>
      {exceptions.map((one) => (
        <section
          key={one.id}
          aria-label={t('exception.title')}
          className="flex items-center gap-2 rounded-md border border-line p-2 text-[12px]"
        >
          <p className="min-w-0 flex-1">
            {t('exception.title')}: <Hostile text={one.model} max={40} /> ·{' '}
            {one.gates.map((gate) => t(`gate.${gate}`)).join(', ')} ·{' '}
            <span className="figure">
              {t('exception.until', { time: timestamp(one.until).slice(0, 16) })}
            </span>
            <br />
            <span className="text-muted">
              <Hostile text={one.by.id} max={32} />: <Hostile text={one.justification} max={240} />
            </span>
          </p>
          <Button disabled={!may} onClick={() => openDialog({ kind: 'revoke', exception: one.id })}>
            {t('exception.revoke')}
          </Button>
        </section>
      ))}
      {reviews
        .filter(({ closedAt }) => closedAt === null)
        .map((review) => (
          <ReviewBox key={review.id} view={view} now={now} id={review.id} />
        ))}
    </>
  );
}

function ReviewBox({ view, now, id }: Props & { readonly id: string }) {
  const t = useT();
  const [outcome, setOutcome] = useState('');
  const review = view.ops.models.reviews.find((one) => one.id === id);
  if (!review) return null;
  const own = review.by.id === view.operator?.id;
  const late = review.dueAt < now;
  return (
    <section className="rounded-md border border-line p-2 text-[12px]">
      <h2 className="font-semibold">
        {t(`review.${review.kind}`)}: <Hostile text={review.model} max={40} />
      </h2>
      <p className={late ? 'text-amber' : 'text-muted'}>
        {t(late ? 'review.late' : 'review.due', { time: timestamp(review.dueAt).slice(0, 16) })}
        {own && ` · ${t('review.own')}`}
      </p>
      <input
        className={`${INPUT} my-1`}
        aria-label={t('review.outcome')}
        placeholder={t('review.outcome')}
        maxLength={4_000}
        value={outcome}
        onChange={(event) => setOutcome(event.target.value)}
      />
      <Button
        disabled={own || outcome.trim() === ''}
        onClick={() =>
          void call('model.command', {
            name: 'review.close',
            params: { review: id, reason: outcome.trim() },
          })
        }
      >
        {t('review.close')}
      </Button>
    </section>
  );
}
