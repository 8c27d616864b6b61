import type { CardFormat } from '@shared/ipc/contract';
import type { CardDocument } from '@shared/models/cardDocument';
import { cardLayout } from '@shared/models/cardLayout';
import { timestamp } from '@shared/time';
import { useEffect, useState } from 'react';
import { DocumentView } from '../components/DocumentView';
import { Button, Hostile } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { closeDialog } from '../lib/store';
import { useLanguage } from '../lib/useSaid';
import { DialogFrame } from './DialogFrame';

const FORMATS = [
  ['pdf', 'PDF'],
  ['md', 'Markdown'],
  ['yaml', 'YAML'],
] as const;

/** A model's card as of the moment it was opened, and the ways in which it leaves the terminal. */
export default function CardDocumentDialog({ model }: { model: string }) {
  const t = useT();
  const language = useLanguage();
  const [card, setCard] = useState<CardDocument | null>(null);
  const [busy, setBusy] = useState<CardFormat | null>(null);
  const [saved, setSaved] = useState<{ path: string; seq: number } | null>(null);

  useEffect(() => {
    let there = true;
    void call('card.document', { model }).then((taken) => {
      if (there && taken) setCard(taken);
    });
    return () => {
      there = false;
    };
  }, [model]);

  async function save(format: CardFormat): Promise<void> {
    setBusy(format);
    setSaved(null);
    const done = await call('card.export', { model, format });
    setBusy(null);
    setSaved(done);
  }

  return (
    <DialogFrame
      wide
      title={t('document.title', { model })}
      description={
        card
          ? t('document.what', {
              seq: card.log_seq,
              time: timestamp(Date.parse(card.record.taken_at)).slice(0, 19),
            })
          : t('document.taking')
      }
    >
      <div className="sticky -top-4 z-10 mb-2 flex flex-wrap items-center gap-2 border-b border-line bg-surface py-2">
        <span className="text-[12px] text-muted">{t('document.save')}</span>
        {FORMATS.map(([format, name]) => (
          <Button key={format} disabled={busy !== null} onClick={() => void save(format)}>
            {name}
          </Button>
        ))}
        <p role="status" className="min-w-0 flex-1 text-[12px] break-all select-text">
          {busy && t('document.saving')}
          {saved && (
            <>
              {t('document.saved', { seq: saved.seq })} <Hostile text={saved.path} max={240} />
            </>
          )}
        </p>
        <Button onClick={closeDialog}>{t('document.close')}</Button>
      </div>
      {card && <DocumentView document={cardLayout(card, language)} />}
    </DialogFrame>
  );
}
