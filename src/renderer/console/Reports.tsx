import type { KeptReport } from '@shared/reports/kept';
import type { DeskView } from '@shared/view/desk';
import { useEffect, useState } from 'react';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { useApp } from '../lib/store';
import { MakeReport } from './reports/MakeReport';
import { OpenedReport } from './reports/OpenedReport';
import { ReportTable } from './reports/ReportTable';
import { Success } from './reports/Success';
import { useProgress } from './reports/useProgress';

const TABS = ['list', 'success'] as const;
type Tab = (typeof TABS)[number];

/** Reports that were made, one made by hand, and the plan's success metrics. They need no link. */
export default function Reports({ view }: { view: DeskView }) {
  const t = useT();
  const [tab, setTab] = useState<Tab>('list');
  const progress = useProgress();
  const past = useApp((state) => state.past !== null);
  return (
    <div className="space-y-3">
      <div role="tablist" aria-label={t('reports.tabs')} className="flex gap-1">
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`reports-tab-${name}`}
            aria-selected={tab === name}
            aria-controls={`reports-${name}`}
            className={`rounded-md border px-3 py-1 ${tab === name ? 'border-line bg-raised text-blue' : 'border-transparent text-muted'}`}
            onClick={() => setTab(name)}
          >
            {t(`reports.tab.${name}`)}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`reports-${tab}`} aria-labelledby={`reports-tab-${tab}`}>
        {tab === 'list' ? (
          <List view={view} progress={progress} />
        ) : past ? (
          <p className="text-muted">{t('past.notThen')}</p>
        ) : (
          <Success progress={progress} />
        )}
      </div>
    </div>
  );
}

function List({ view, progress }: { view: DeskView; progress: ReturnType<typeof useProgress> }) {
  const t = useT();
  const [kept, setKept] = useState<readonly KeptReport[]>([]);
  const [opened, setOpened] = useState<{ readonly id: string; readonly anew: boolean } | null>(
    null,
  );
  const past = useApp((state) => state.past !== null);
  const { made } = view.ops.reports;
  const newest = made[0]?.id;
  const working = progress !== null;
  useEffect(() => {
    // Another report on record, or one made here that is not, may be kept by now.
    if (working && newest !== undefined) return;
    void call('report.list', undefined).then((list) => list && setKept(list));
  }, [newest, working]);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)] gap-4">
      <div className="min-w-0 space-y-3">
        <MakeReport progress={progress} onMade={(id) => setOpened({ id, anew: false })} />
        <ReportTable
          made={made}
          kept={past ? kept.filter(({ id }) => made.some((one) => one.id === id)) : kept}
          shown={opened?.id ?? null}
          onOpen={(id) => setOpened({ id, anew: false })}
        />
      </div>
      <div className="min-w-0">
        {opened ? (
          <OpenedReport
            key={`${opened.id}:${opened.anew}`}
            {...opened}
            progress={progress}
            onAnew={() => setOpened({ id: opened.id, anew: true })}
          />
        ) : (
          <p className="text-muted">{t('reports.pick')}</p>
        )}
      </div>
    </div>
  );
}
