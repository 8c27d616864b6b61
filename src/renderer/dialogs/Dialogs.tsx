import type { DeskView } from '@shared/view/desk';
import { Button } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { closeDialog, useApp } from '../lib/store';
import { DialogFrame } from './DialogFrame';
import { KillDialog } from './KillDialog';
import { ResumeDialog } from './ResumeDialog';

/** The one dialog that is open, if any. Closing never throws away what was typed for a kill. */
export function Dialogs({ view, origin }: { view: DeskView; origin: 'panel' | 'console' }) {
  const dialog = useApp((state) => state.dialog);
  if (!dialog) return null;
  if (dialog.kind === 'kill') return <KillDialog view={view} origin={dialog.origin} />;
  if (dialog.kind === 'resume') return <ResumeDialog view={view} origin={origin} />;
  return <QuitDialog reason={dialog.reason} />;
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
