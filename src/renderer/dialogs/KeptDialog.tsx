import type { KeptKind } from '@shared/retention/events';
import { closedYears, keptUntil, whyKept } from '@shared/retention/retention';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Standing } from '../components/Standing';
import { Button, Field, INPUT } from '../components/ui';
import { mayDo } from '../desk/may';
import { useT } from '../i18n';
import { closeDialog } from '../lib/store';
import { useCommand } from '../lib/useCommand';
import { useNow } from '../lib/useNow';
import { DialogFrame } from './DialogFrame';

const KINDS = ['audit', 'trades', 'artifacts'] as const;

interface Chosen {
  readonly kind: KeptKind;
  readonly year: number;
}

/** What is kept of each year and until when; a year whose time is over may be deleted, in two steps. */
export default function KeptDialog({ view }: { view: DeskView }) {
  const t = useT();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  if (chosen) return <DeleteYear view={view} {...chosen} onLeave={() => setChosen(null)} />;
  const years = closedYears(view.ops.retention);
  return (
    <DialogFrame title={t('kept.title')} description={t('kept.what')}>
      {years.length === 0 && <p className="text-muted">{t('kept.none')}</p>}
      <ul className="max-h-80 space-y-1 overflow-auto text-[12px]">
        {years.flatMap(({ year }) =>
          KINDS.map((kind) => (
            <Year key={`${year}${kind}`} {...{ view, kind, year }} onDelete={setChosen} />
          )),
        )}
      </ul>
      <div className="mt-2 flex justify-end">
        <Button browse data-first-focus onClick={closeDialog}>
          {t('dialog.cancel')}
        </Button>
      </div>
    </DialogFrame>
  );
}

function Year({
  view,
  kind,
  year,
  onDelete,
}: Chosen & { readonly view: DeskView; readonly onDelete: (chosen: Chosen) => void }) {
  const t = useT();
  const now = useNow(60_000);
  const policy = view.modelsPolicy;
  const why = whyKept(view.ops, policy.retention, kind, year, now);
  const may = mayDo(view, policy.permissions.deleteRecords);
  const name = t(`kept.${kind}`);
  return (
    <li className="flex items-center gap-3 border-b border-line py-1">
      <span className="figure w-12">{year}</span>
      <span className="w-24">{name}</span>
      <span className="flex-1 text-muted">
        {t('kept.until', { day: keptUntil(kind, year, policy.retention) })}
        {why !== null && why !== 'until' && ` · ${t(`kept.why.${why}`)}`}
        {why === null && ` · ${t(may ? 'kept.over' : 'kept.forbidden')}`}
      </span>
      {why === null && may && (
        <Button
          aria-label={t('kept.deleteWhat', { name, year })}
          onClick={() => onDelete({ kind, year })}
        >
          {t('kept.delete')}
        </Button>
      )}
    </li>
  );
}

/** The second step: why, and the year typed. */
function DeleteYear({
  view,
  kind,
  year,
  onLeave,
}: Chosen & { readonly view: DeskView; readonly onLeave: () => void }) {
  const t = useT();
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const { standing, give } = useCommand(view, onLeave);
  const ready = reason.trim() !== '' && typed.trim() === String(year) && standing.kind !== 'sent';
  const title = t('kept.deleteWhat', { name: t(`kept.${kind}`), year });
  return (
    <DialogFrame title={title} description={t(`kept.gone.${kind}`)}>
      <form
        className="space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (!ready) return;
          const params = { kind, year, reason: reason.trim() };
          void give({ name: 'retention.delete', params });
        }}
      >
        <Field label={t('kept.reason')}>
          <input
            className={INPUT}
            maxLength={4_000}
            data-first-focus
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </Field>
        <Field label={t('kept.type', { year })}>
          <input
            className={INPUT}
            maxLength={8}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </Field>
        <Standing standing={standing} />
        <div className="flex justify-end gap-2">
          <Button onClick={onLeave}>{t('dialog.cancel')}</Button>
          <Button type="submit" tone="kill" disabled={!ready}>
            {t('kept.deleteForGood')}
          </Button>
        </div>
      </form>
    </DialogFrame>
  );
}
