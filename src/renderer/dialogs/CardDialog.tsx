import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Button, Field, INPUT } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { closeDialog } from '../lib/store';
import { DialogFrame } from './DialogFrame';

/** What people say of a model: whose it is, and how it would be taken back. */
export default function CardDialog({ view, model: id }: { view: DeskView; model: string }) {
  const t = useT();
  const model = view.ops.models.models[id];
  const [owner, setOwner] = useState(model?.owner ?? '');
  const [backup, setBackup] = useState(model?.backupOwner ?? '');
  const [plan, setPlan] = useState(model?.rollbackPlan ?? '');
  const [reason, setReason] = useState('');
  const filled = (text: string) => (text.trim() === '' ? null : text.trim());

  async function save(): Promise<void> {
    const given = await call('model.command', {
      name: 'model.update',
      params: {
        model: id,
        owner: filled(owner),
        backupOwner: filled(backup),
        rollbackPlan: filled(plan),
        reason: reason.trim(),
      },
    });
    if (given) closeDialog();
  }

  return (
    <DialogFrame title={t('card.title', { model: id })} description={t('card.what')}>
      <form
        className="space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim() !== '') void save();
        }}
      >
        <Field label={t('models.owner')}>
          <input
            className={INPUT}
            maxLength={128}
            value={owner}
            onChange={(e) => setOwner(e.target.value)}
          />
        </Field>
        <Field label={t('models.backup')}>
          <input
            className={INPUT}
            maxLength={128}
            value={backup}
            onChange={(e) => setBackup(e.target.value)}
          />
        </Field>
        <Field label={t('models.rollbackPlan')}>
          <textarea
            className={INPUT}
            rows={3}
            maxLength={4_000}
            value={plan}
            onChange={(e) => setPlan(e.target.value)}
          />
        </Field>
        <Field label={t('card.reason')}>
          <input
            className={INPUT}
            maxLength={4_000}
            value={reason}
            onChange={(e) => setReason(e.target.value)}
          />
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={closeDialog}>{t('dialog.cancel')}</Button>
          <Button type="submit" disabled={reason.trim() === ''}>
            {t('card.go')}
          </Button>
        </div>
      </form>
    </DialogFrame>
  );
}
