import type { DeskView } from '@shared/view/desk';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Banner, EnvironmentMark } from '../components/Banner';
import { Button, Hostile } from '../components/ui';
import { deskStatus } from '../desk/desk.state';
import { environmentKey } from '../desk/scope.state';
import { Dialogs } from '../dialogs/Dialogs';
import { useT } from '../i18n';
import { LockBar } from '../identity/LockBar';
import { KILL_DIALOG_KEY, useKillKey } from '../lib/hooks';
import { openKillDialog, useApp } from '../lib/store';
import { useNow } from '../lib/useNow';
import { Audit } from './Audit';
import { Palette } from './Palette';
import { SettingsPopover } from './SettingsPopover';
import { StatusLine } from './StatusLine';
import { VIEWS, type ViewName } from './views';

const Overview = lazy(() => import('./Overview'));
const Models = lazy(() => import('./Models'));
const Monitor = lazy(() => import('./Monitor'));
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
  const now = useNow();
  const [shown, setShown] = useState<ViewName>('overview');
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
    <div className="grid h-full grid-cols-[150px_1fr] grid-rows-[auto_1fr_auto]">
      <header className="col-span-2 flex items-center gap-3 border-b border-line pr-3">
        <div className="min-w-0 flex-1">
          <Banner status={deskStatus(view, now)} large />
        </div>
        <EnvironmentMark environment={view.environment} />
        <h1 className="font-semibold">
          <Hostile text={view.deskName} max={24} />
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
            {t(`nav.${name}`)}
            <kbd className="figure text-[12px]">Ctrl+{index + 1}</kbd>
          </button>
        ))}
        <div className="flex-1" />
        <SettingsPopover view={view} />
      </nav>
      <main className="min-h-0 overflow-auto p-3">
        <LockBar view={view} now={now} />
        <Suspense fallback={t('app.loading')}>
          {shown === 'overview' && <Overview view={view} now={now} />}
          {shown === 'models' && <Models view={view} now={now} />}
          {shown === 'monitor' && <Monitor view={view} now={now} />}
          {shown === 'audit' && <Audit view={view} />}
          {shown === 'reports' && <Reports view={view} />}
        </Suspense>
      </main>
      <StatusLine view={view} />
      <Palette view={view} onView={setShown} />
      <Dialogs view={view} origin="console" />
    </div>
  );
}
