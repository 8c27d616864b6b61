import type { DeskView } from '@shared/view/desk';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { Banner, EnvironmentMark } from '../components/Banner';
import { Boundary } from '../components/Boundary';
import { PastBanner } from '../components/PastBanner';
import { Button, Hostile } from '../components/ui';
import { deskStatus } from '../desk/desk.state';
import { drillExtent } from '../desk/drill.state';
import { activeOnes } from '../desk/incidents.state';
import { pastView } from '../desk/past.state';
import { environmentKey } from '../desk/scope.state';
import { Dialogs } from '../dialogs/Dialogs';
import { useT } from '../i18n';
import { LockBar } from '../identity/LockBar';
import { KILL_DIALOG_KEY, useKillKey } from '../lib/hooks';
import { importedName, leavePast, openDialog, openKillDialog, useApp } from '../lib/store';
import { useNow } from '../lib/useNow';
import { useSettingsStatus } from '../lib/useSettingsStatus';
import type { Event } from './audit/List';
import { Palette } from './Palette';
import { StatusLine } from './StatusLine';
import { VIEWS, type ViewName } from './views';

const Overview = lazy(() => import('./Overview'));
const Models = lazy(() => import('./Models'));
const Lineage = lazy(() => import('./Lineage'));
const Monitor = lazy(() => import('./Monitor'));
const Settings = lazy(() => import('./Settings'));
const Audit = lazy(() => import('./Audit'));
const Incidents = lazy(() => import('./Incidents'));
const Reports = lazy(() => import('./Reports'));

export function Console() {
  const t = useT();
  const view = useApp((state) => state.view);
  const failure = useApp((state) => state.failure);
  useKillKey('console');
  if (view) return <ConsoleView view={view} />;
  return (
    <main className="p-4">{failure ? <Hostile text={failure} max={400} /> : t('app.loading')}</main>
  );
}

function ConsoleView({ view }: { view: DeskView }) {
  const t = useT();
  const clock = useNow();
  const past = useApp((state) => state.past);
  const foreign = useApp((state) => (state.pastSource === 'imported' ? importedName(state) : null));
  const alarming = view.kills.some((kill) => kill.alarm);
  const seen = useMemo(() => (past ? pastView(view, past, foreign) : view), [view, past, foreign]);
  const now = past ? past.ts : clock;
  const [shown, setShown] = useState<ViewName>('overview');
  const [model, setModel] = useState<string | null>(null);
  const [origin, setOrigin] = useState<string | null>(null);
  const [event, setEvent] = useState<Event | null>(null);
  const showLineage = (id: string): void => {
    setOrigin(id);
    setShown('lineage');
  };
  const showEvent = (one: Event): void => {
    setEvent(one);
    setShown('audit');
  };
  const showModel = (id: string): void => {
    setModel(id);
    setShown('models');
  };
  // A kill that nobody has acknowledged is not to be missed for looking back.
  useEffect(() => {
    if (past && alarming) leavePast();
  }, [past, alarming]);
  const guideDone = useApp((state) => state.settings?.guideDone ?? true);
  useEffect(() => {
    if (!guideDone && useApp.getState().dialog === null) openDialog({ kind: 'guide' });
  }, [guideDone]);
  const open = activeOnes(view).length;
  const { problems } = useSettingsStatus();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const name = event.ctrlKey ? VIEWS[Number(event.key) - 1] : undefined;
      if (!name) return;
      event.preventDefault();
      setShown(name);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <div className="grid h-full grid-cols-[164px_1fr] grid-rows-[auto_1fr_auto]">
      <header className="col-span-2 flex items-center gap-3 border-b border-line pr-3">
        <div className="min-w-0 flex-1">
          <Banner
            status={deskStatus(seen, now)}
            drill={drillExtent(seen.ops)}
            large
            past={past !== null}
          />
        </div>
        <EnvironmentMark environment={seen.environment} />
        <h1 className="font-semibold">
          <Hostile text={seen.deskName} max={24} />
        </h1>
        <Button tone="kill" className="h-11" onClick={() => openKillDialog('console')}>
          {t('kill.button', { env: t(environmentKey(view.environment)) })}{' '}
          <kbd className="figure text-[12px]">{KILL_DIALOG_KEY}</kbd>
        </Button>
      </header>
      <nav aria-label={t('nav.label')} className="flex flex-col gap-1 border-r border-line p-2">
        {VIEWS.map((name, index) => (
          <button
            key={name}
            type="button"
            aria-current={shown === name ? 'page' : undefined}
            className={`flex justify-between rounded-md px-2 py-1.5 text-left ${shown === name ? 'bg-raised text-blue' : 'text-muted'}`}
            onClick={() => setShown(name)}
          >
            <span>
              {t(`nav.${name}`)}
              {name === 'incidents' && open > 0 && (
                <strong className="figure ml-1 text-amber">{open}</strong>
              )}
              {name === 'settings' && problems.length > 0 && (
                <span className="figure ml-1 text-amber">▲ {problems.length}</span>
              )}
            </span>
            <kbd className="figure text-[12px]">Ctrl+{index + 1}</kbd>
          </button>
        ))}
      </nav>
      <main className="flex min-h-0 flex-col">
        {past && <PastBanner past={past} />}
        <div className="min-h-0 flex-1 overflow-auto p-3">
          <LockBar view={view} now={clock} />
          <Boundary key={shown} says="view.failed">
            <Suspense fallback={t('app.loading')}>
              {shown === 'overview' && <Overview view={seen} now={now} />}
              {shown === 'models' && <Models view={seen} now={now} first={model} />}
              {shown === 'monitor' && <Monitor view={seen} now={now} />}
              {shown === 'incidents' && <Incidents view={seen} now={now} />}
              {shown === 'audit' && <Audit view={view} onLineage={showLineage} first={event} />}
              {shown === 'lineage' && (
                <Lineage view={seen} onModel={showModel} onEvent={showEvent} first={origin} />
              )}
              {shown === 'reports' && <Reports view={seen} />}
              {shown === 'settings' && <Settings view={view} />}
            </Suspense>
          </Boundary>
        </div>
      </main>
      <StatusLine view={view} />
      <Palette view={view} onView={setShown} />
      <Dialogs view={view} origin="console" />
    </div>
  );
}
