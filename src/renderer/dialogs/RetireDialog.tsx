import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Button, Field, INPUT } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { closeDialog } from '../lib/store';
import { DialogFrame } from './DialogFrame';

const CAUSES = [
  'replaced',
  'strategy_change',
  'regulatory',
  'underperformance',
  'emergency',
] as const;
type Cause = (typeof CAUSES)[number];

/** Takes a model out of use: why, and that the team knows. */
export default function RetireDialog({ view, model: id }: { view: DeskView; model: string }) {
  const t = useT();
  const [cause, setCause] = useState<Cause>('replaced');
  const [reason, setReason] = useState('');
  const [notified, setNotified] = useState(false);
  const live = view.ops.models.production === id;
  const { retention } = view.modelsPolicy;
  const ready = notified && reason.trim() !== '';

  async function retire(): Promise<void> {
    const params = { model: id, cause, teamNotified: true, reason: reason.trim() } as const;
    const given = await call('model.command', { name: 'model.retire', params });
    if (given) closeDialog();
  }

  return (
    <DialogFrame
      title={t('retire.title', { model: id })}
      description={t('retire.what', {
        artifacts: retention.artifactsYears,
        data: retention.trainingDataYears,
      })}
    >
      <form
        className="space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void retire();
        }}
      >
        {live && (
          <p className="rounded-md border border-amber p-2 text-amber">{t('retire.live')}</p>
        )}
        <Field label={t('retire.cause')}>
          <select
            className={INPUT}
            value={cause}
            onChange={(e) => setCause(e.target.value as Cause)}
          >
            {CAUSES.map((one) => (
              <option key={one} value={one}>
                {t(`retire.${one}`)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('retire.reason')}>
          <textarea
            className={INPUT}
            rows={2}
            maxLength={4_000}
            value={reason}
            onChange={(e) => setReason(e.target.value)}
          />
        </Field>
        <label className="flex items-center gap-2">
          <input
            type="checkbox"
            checked={notified}
            onChange={(e) => setNotified(e.target.checked)}
          />
          {t('retire.notified')}
        </label>
        <div className="flex justify-end gap-2">
          <Button onClick={closeDialog}>{t('dialog.cancel')}</Button>
          <Button type="submit" disabled={!ready}>
            {t('retire.go')}
          </Button>
        </div>
      </form>
    </DialogFrame>
  );
}
