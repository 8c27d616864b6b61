import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Standing } from '../components/Standing';
import { Button, Field, Hostile, INPUT } from '../components/ui';
import { useT } from '../i18n';
import { closeDialog } from '../lib/store';
import { useCommand } from '../lib/useCommand';
import { DialogFrame } from './DialogFrame';

/** Ends an exception before its time. */
export default function RevokeDialog({
  view,
  exception: id,
}: {
  view: DeskView;
  exception: string;
}) {
  const t = useT();
  const [reason, setReason] = useState('');
  const { standing, give } = useCommand(view, closeDialog);
  const exception = view.ops.models.exceptions.find((one) => one.id === id);
  const ready = exception !== undefined && reason.trim() !== '' && standing.kind !== 'sent';
  return (
    <DialogFrame title={t('exception.revokeTitle')} description={t('exception.revokeWhat')}>
      <form
        className="space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (!ready) return;
          const params = { exception: id, reason: reason.trim() };
          void give({ name: 'exception.revoke', params });
        }}
      >
        {exception ? (
          <p>
            <Hostile text={exception.model} max={48} /> ·{' '}
            {exception.gates.map((gate) => t(`gate.${gate}`)).join(', ')} ·{' '}
            {t('exception.until', { time: timestamp(exception.until).slice(0, 16) })}
          </p>
        ) : (
          <p className="text-amber">{t('exception.over')}</p>
        )}
        <Field label={t('exception.revokeReason')}>
          <input
            className={INPUT}
            maxLength={4_000}
            data-first-focus
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </Field>
        <Standing standing={standing} />
        <div className="flex justify-end gap-2">
          <Button onClick={closeDialog}>{t('dialog.cancel')}</Button>
          <Button type="submit" disabled={!ready}>
            {t('exception.revoke')}
          </Button>
        </div>
      </form>
    </DialogFrame>
  );
}
