import { type AuditFilter, type AuditSource, NO_FILTER } from '@shared/audit/query';
import { timeOfDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Button, Hostile } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { amount } from '../lib/format';
import { openDialog, useApp } from '../lib/store';
import { Detail } from './audit/Detail';
import { Filters } from './audit/Filters';
import { type Event, List } from './audit/List';
import { Work } from './audit/Work';
import { type AuditPages, useAuditPages } from './useAuditPages';

/** The record, newest first. It needs no link: it reads this terminal's own disk. */
export default function Audit(props: {
  readonly view: DeskView;
  /** Shows a model in the lineage; null where there is no such view. */
  readonly onLineage: ((model: string) => void) | null;
  /** An event of this terminal's own record to begin at. */
  readonly first: Event | null;
}) {
  const { view, onLineage, first } = props;
  const t = useT();
  const imported = useApp((state) => state.imported);
  const job = useApp((state) => state.job);
  const [looked, setLooked] = useState<AuditSource>('own');
  const source = imported ? looked : 'own';
  const [filter, setFilter] = useState<AuditFilter>(NO_FILTER);
  const [picked, setPicked] = useState<Event | null>(first);
  const pages = useAuditPages(source, filter);
  const change = (next: AuditFilter): void => {
    setFilter(next);
    setPicked(null);
  };
  const look = (next: AuditSource): void => {
    setLooked(next);
    change(NO_FILTER);
  };
  return (
    <div className="flex h-full flex-col gap-2">
      <Toolbar source={source} onSource={look} />
      {job && <Work job={job} />}
      {view.link.state !== 'live' && source === 'own' && (
        <p role="status" className="border-l-4 border-amber px-2 text-amber">
          {t('audit.offline', { time: timeOfDay(view.link.since), seq: view.mirror.seq })}
        </p>
      )}
      {view.mirror.unsaved > 0 && source === 'own' && (
        <p role="status" className="border-l-4 border-amber px-2 text-amber">
          {t('audit.unsaved', { count: view.mirror.unsaved })}
        </p>
      )}
      <Filters source={source} filter={filter} onChange={change} />
      <Count pages={pages} filtered={filter !== NO_FILTER} />
      <div className="grid min-h-0 flex-1 grid-cols-[minmax(0,1fr)_400px] grid-rows-[minmax(0,1fr)] gap-3">
        <List
          key={`${source}${JSON.stringify(filter)}`}
          pages={pages}
          picked={picked}
          onPick={setPicked}
        />
        <section aria-label={t('audit.detail')} className="overflow-auto border border-line p-2">
          <Detail
            source={source}
            event={picked}
            onPick={setPicked}
            onStory={(command) => change({ ...NO_FILTER, command })}
            // The lineage is of this terminal's own log: what is from elsewhere is not in it.
            onLineage={source === 'own' ? onLineage : null}
          />
        </section>
      </div>
    </div>
  );
}

function Toolbar(props: {
  readonly source: AuditSource;
  readonly onSource: (source: AuditSource) => void;
}) {
  const { source, onSource } = props;
  const t = useT();
  const imported = useApp((state) => state.imported);
  const running = useApp((state) => state.job?.state === 'running');
  const name = imported?.path.split(/[\\/]/).pop() ?? '';
  return (
    <div className="flex flex-wrap items-center gap-2">
      <fieldset className="flex items-center gap-1">
        <legend className="sr-only">{t('audit.source')}</legend>
        <Button browse aria-pressed={source === 'own'} onClick={() => onSource('own')}>
          {t('audit.own')}
        </Button>
        {imported && (
          <>
            <Button
              browse
              aria-pressed={source === 'imported'}
              className={source === 'imported' ? 'hatched' : ''}
              title={imported.path}
              onClick={() => onSource('imported')}
            >
              <Hostile text={t('audit.imported', { name })} max={60} />
            </Button>
            <Button
              browse
              onClick={() => {
                onSource('own');
                void call('audit.closeImported', undefined);
              }}
            >
              {t('audit.closeImported')}
            </Button>
          </>
        )}
      </fieldset>
      <span className="flex-1" />
      <Button browse disabled={running} onClick={() => void call('audit.verify', { source })}>
        {t('audit.verify')}
      </Button>
      <Button browse disabled={running} onClick={() => openDialog({ kind: 'export' })}>
        {t('audit.export')}
      </Button>
      <Button browse onClick={() => openDialog({ kind: 'kept' })}>
        {t('kept.open')}
      </Button>
      {(['file', 'folder'] as const).map((kind) => (
        <Button
          key={kind}
          browse
          disabled={running}
          onClick={() => void call('audit.import', { kind })}
        >
          {t(kind === 'file' ? 'audit.openFile' : 'audit.openFolder')}
        </Button>
      ))}
    </div>
  );
}

/** How many there are, how long it took, and a way out of a question that takes long. */
function Count({ pages, filtered }: { pages: AuditPages; filtered: boolean }) {
  const t = useT();
  const values = { total: amount(pages.total, 0), ms: amount(pages.tookMs, 1) };
  const busy = pages.state === 'searching' || !pages.counted;
  return (
    <div className="flex h-7 items-center gap-3 text-[12px] text-muted">
      <span role="status" className="figure">
        {pages.state === 'searching' && t('audit.searching')}
        {pages.state === 'shown' && t(pages.counted ? 'audit.found' : 'audit.counting', values)}
        {pages.state === 'stopped' && <span className="text-amber">{t('audit.stopped')}</span>}
        {pages.state === 'failed' && (
          <span className="text-amber">
            <Hostile text={pages.problem ?? ''} max={200} />
          </span>
        )}
      </span>
      {filtered && pages.indexedTo < pages.headSeq && (
        <span className="text-amber">
          {t('audit.indexing', { seq: pages.indexedTo, head: pages.headSeq })}
        </span>
      )}
      {busy && (
        <Button browse className="py-0.5" onClick={pages.cancel}>
          {t('audit.stop')}
        </Button>
      )}
    </div>
  );
}
