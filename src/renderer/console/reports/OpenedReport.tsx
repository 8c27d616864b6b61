import type { ReportFormat } from '@shared/ipc/contract';
import type { OpenReport } from '@shared/reports/kept';
import { reportLayout } from '@shared/reports/layout';
import { useEffect, useState } from 'react';
import { DocumentView } from '../../components/DocumentView';
import { Button, Hostile } from '../../components/ui';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { useLanguage } from '../../lib/useSaid';
import { ProgressLine } from './ProgressLine';
import type { Progress } from './useProgress';

const FORMATS: readonly ReportFormat[] = ['pdf', 'html', 'json'];

/** A report to be read, in the window's language, and the ways in which it leaves the terminal. */
export function OpenedReport(props: {
  readonly id: string;
  /** Worked out anew from the log rather than as it was kept. */
  readonly anew: boolean;
  readonly progress: Progress;
  readonly onAnew: () => void;
}) {
  const { id, anew } = props;
  const t = useT();
  const language = useLanguage();
  const [open, setOpen] = useState<OpenReport | null>(null);
  const [busy, setBusy] = useState(true);
  const [path, setPath] = useState<string | null>(null);

  useEffect(() => {
    let there = true;
    void call('report.open', { id, anew }).then((found) => {
      if (!there) return;
      setOpen(found);
      setBusy(false);
    });
    return () => {
      there = false;
    };
  }, [id, anew]);

  async function save(format: ReportFormat): Promise<void> {
    setBusy(true);
    setPath(null);
    const saved = await call('report.export', { id, format, language });
    setBusy(false);
    setPath(saved?.path ?? null);
  }

  const layout = open && reportLayout(open.report, open, language);
  return (
    <section aria-label={layout?.title ?? t('reports.opening')}>
      <div className="sticky -top-3 z-10 mb-2 flex flex-wrap items-center gap-2 border-b border-line bg-bg py-2">
        <h2 className="w-full text-[15px] font-semibold">
          <Hostile text={layout?.title ?? t('reports.opening')} max={120} />
        </h2>
        <span className="text-[12px] text-muted">{t('reports.save')}</span>
        {FORMATS.map((format) => (
          <Button key={format} disabled={busy || !open} onClick={() => void save(format)}>
            {format.toUpperCase()}
          </Button>
        ))}
        <Button disabled={busy} onClick={props.onAnew}>
          {t('reports.anew')}
        </Button>
        <p role="status" className="w-full min-w-0 text-[12px] break-all select-text">
          {open && <Standing open={open} />}{' '}
          {path && (
            <>
              {t('reports.saved')} <Hostile text={path} max={240} />
            </>
          )}
        </p>
        {!open && busy && (
          <div className="w-full">
            <ProgressLine progress={props.progress} />
          </div>
        )}
      </div>
      {layout && <DocumentView document={layout} />}
    </section>
  );
}

function Standing({ open: { source, same } }: { open: OpenReport }) {
  const t = useT();
  if (source === 'kept') return <span className="text-muted">{t('reports.kept')}</span>;
  return same ? (
    <span className="text-green">{t('reports.same')}</span>
  ) : (
    <span className="text-amber">{t('reports.other')}</span>
  );
}
