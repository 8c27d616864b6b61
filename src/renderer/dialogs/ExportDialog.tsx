import type { ExportFormat } from '@shared/audit/view';
import { useState } from 'react';
import { Instant } from '../components/Instant';
import { Button, Field, INPUT } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { closeDialog } from '../lib/store';
import { DialogFrame } from './DialogFrame';

const FORMATS = ['zip', 'folder', 'jsonl', 'csv'] as const;

/** What of the record is to be written, and how; where to is asked by the system. */
export default function ExportDialog() {
  const t = useT();
  const [format, setFormat] = useState<ExportFormat>('zip');
  const [from, setFrom] = useState<number | null>(null);
  const [to, setTo] = useState<number | null>(null);

  async function write(): Promise<void> {
    const answer = await call('audit.export', { format, from, to });
    if (answer?.path) closeDialog();
  }

  return (
    <DialogFrame title={t('export.title')} description={t('export.what')}>
      <form
        className="space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          void write();
        }}
      >
        <Field label={t('export.format')}>
          <select
            className={INPUT}
            data-first-focus
            value={format}
            onChange={(event) => setFormat(event.target.value as ExportFormat)}
          >
            {FORMATS.map((one) => (
              <option key={one} value={one}>
                {t(`export.${one}`)}
              </option>
            ))}
          </select>
        </Field>
        <div className="grid grid-cols-2 gap-2">
          <Instant label={t('audit.from')} edge="start" value={from} onChange={setFrom} />
          <Instant label={t('audit.to')} edge="end" value={to} onChange={setTo} />
        </div>
        <p className="text-[12px] text-muted">{t('export.all')}</p>
        <div className="flex justify-end gap-2">
          <Button browse onClick={closeDialog}>
            {t('dialog.cancel')}
          </Button>
          <Button browse type="submit">
            {t('export.go')}
          </Button>
        </div>
      </form>
    </DialogFrame>
  );
}
