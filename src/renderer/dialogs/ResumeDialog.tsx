import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Button, Field, Hostile, INPUT } from '../components/ui';
import { deskStatus } from '../desk/desk.state';
import { needsTwoPersons, RESUME_WORD, resumeScope } from '../desk/resume.state';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { closeDialog } from '../lib/store';
import { useNow } from '../lib/useNow';
import { DialogFrame } from './DialogFrame';

const CHECKS = ['cause', 'positions', 'team'] as const;

/** Leaving a stop is slow on purpose: why it stopped, what is open, and three things said aloud. */
export function ResumeDialog({ view, origin }: { view: DeskView; origin: 'panel' | 'console' }) {
  const t = useT();
  const now = useNow();
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const [checked, setChecked] = useState<readonly string[]>([]);
  const [busy, setBusy] = useState(false);
  const status = deskStatus(view, now);
  const kill = view.ops.kills.find((one) => one.resumedAt === null);
  const why = kill ?? (view.ops.desk.mode !== 'normal' ? view.ops.desk : null);
  const ready = reason.trim() !== '' && typed === RESUME_WORD && checked.length === CHECKS.length;
  const leadsTo = t('resume.leadsTo', { mode: t(`mode.${view.policy.resume.leadsTo}`) });
  const two = needsTwoPersons(view) ? ` ${t('resume.two')}` : '';

  async function resume(): Promise<void> {
    if (!ready || busy) return;
    setBusy(true);
    const given = await call('ops.resume', {
      scope: resumeScope(view.ops),
      reason: reason.trim(),
      confirmation: typed,
      checklist: { causeUnderstood: true, positionsReviewed: true, teamNotified: true },
      origin,
    });
    setBusy(false);
    if (given) closeDialog();
  }

  return (
    <DialogFrame title={t('resume.title')} description={leadsTo + two}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void resume();
        }}
      >
        <dl className="mb-3 grid grid-cols-[auto_1fr] gap-x-3 gap-y-1">
          <dt className="text-muted">{t('resume.why')}</dt>
          <dd>
            <Hostile text={why?.reason ?? '—'} max={240} />{' '}
            {why?.by && (
              <span className="text-muted">
                {t('resume.by')} <Hostile text={why.by.id} max={40} />
              </span>
            )}
          </dd>
          <dt className="text-muted">{t('resume.state')}</dt>
          <dd>
            {t(`word.${status.word}`)}
            {kill && status.word !== 'flat' && (
              <span className="text-amber"> · {t('resume.notFlat')}</span>
            )}
          </dd>
        </dl>
        <Field label={t('resume.reason')}>
          <input
            className={INPUT}
            maxLength={4_000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </Field>
        <div className="my-3">
          {CHECKS.map((check) => (
            <label key={check} className="flex items-center gap-2 py-0.5">
              <input
                type="checkbox"
                checked={checked.includes(check)}
                onChange={(event) =>
                  setChecked((all) =>
                    event.target.checked ? [...all, check] : all.filter((one) => one !== check),
                  )
                }
              />
              {t(`resume.${check}`)}
            </label>
          ))}
        </div>
        <Field label={t('resume.type')}>
          <input
            className={`${INPUT} figure`}
            maxLength={64}
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </Field>
        <div className="mt-3 flex justify-end gap-2">
          <Button onClick={closeDialog}>{t('dialog.cancel')}</Button>
          <Button type="submit" disabled={!ready || busy}>
            {t('resume.go')}
          </Button>
        </div>
      </form>
    </DialogFrame>
  );
}
