import type { DeskView } from '@shared/view/desk';
import { lazy, Suspense } from 'react';
import { Button } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { closeDialog, useApp } from '../lib/store';
import { DialogFrame } from './DialogFrame';
import { KillDialog } from './KillDialog';
import { ResumeDialog } from './ResumeDialog';
import { RollbackDialog } from './RollbackDialog';

// A window need not parse them to be there; what stops, resumes and rolls back waits for no file.
const CardDialog = lazy(() => import('./CardDialog'));
const CardDocumentDialog = lazy(() => import('./CardDocumentDialog'));
const ExceptionDialog = lazy(() => import('./ExceptionDialog'));
const ExportDialog = lazy(() => import('./ExportDialog'));
const GuideDialog = lazy(() => import('./GuideDialog'));
const KeptDialog = lazy(() => import('./KeptDialog'));
const PolicyDialog = lazy(() => import('./PolicyDialog'));
const PromotionDialog = lazy(() => import('./PromotionDialog'));
const RetireDialog = lazy(() => import('./RetireDialog'));
const RevokeDialog = lazy(() => import('./RevokeDialog'));
const SettingsDialog = lazy(() => import('./SettingsDialog'));

/** The one dialog that is open, if any. Closing never throws away what was typed for a kill. */
export function Dialogs(props: { view: DeskView; origin: 'panel' | 'console' }) {
  return (
    <Suspense>
      <OpenDialog {...props} />
    </Suspense>
  );
}

function OpenDialog({ view, origin }: { view: DeskView; origin: 'panel' | 'console' }) {
  const dialog = useApp((state) => state.dialog);
  if (!dialog) return null;
  switch (dialog.kind) {
    case 'kill':
      return <KillDialog view={view} origin={dialog.origin} />;
    case 'resume':
      return <ResumeDialog view={view} origin={origin} />;
    case 'rollback':
      return <RollbackDialog view={view} origin={origin} />;
    case 'export':
      return <ExportDialog />;
    case 'kept':
      return <KeptDialog view={view} />;
    case 'promotion':
      return <PromotionDialog view={view} model={dialog.model} />;
    case 'card':
      return <CardDialog view={view} model={dialog.model} />;
    case 'retire':
      return <RetireDialog view={view} model={dialog.model} />;
    case 'document':
      return <CardDocumentDialog model={dialog.model} />;
    case 'exception':
      return <ExceptionDialog view={view} model={dialog.model} />;
    case 'revoke':
      return <RevokeDialog view={view} exception={dialog.exception} />;
    case 'policy':
      return <PolicyDialog view={view} name={dialog.name} />;
    case 'settings':
      return <SettingsDialog />;
    case 'guide':
      return <GuideDialog view={view} origin={origin} />;
    case 'quit':
      return <QuitDialog reason={dialog.reason} />;
  }
}

function QuitDialog({ reason }: { reason: 'live' | 'positions' | 'kill_running' }) {
  const t = useT();
  return (
    <DialogFrame title={t('quit.title')} description={t(`quit.${reason}`)}>
      <div className="mt-4 flex justify-end gap-2">
        <Button autoFocus onClick={closeDialog}>
          {t('dialog.cancel')}
        </Button>
        <Button
          onClick={() => {
            closeDialog();
            void call('app.quit', { confirmed: true });
          }}
        >
          {t('quit.go')}
        </Button>
      </div>
    </DialogFrame>
  );
}
