import type { DeskView } from '@shared/view/desk';
import { ChevronDown } from 'lucide-react';
import { EnvironmentMark } from '../components/Banner';
import { Button } from '../components/ui';
import type { DeskStatus } from '../desk/desk.state';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { openKillDialog } from '../lib/store';

/** The collapsed panel: mode, flat or not, and the kill. */
export function Strip({ view, status }: { view: DeskView; status: DeskStatus }) {
  const t = useT();
  return (
    <main className="drag flex h-16 items-center gap-2 border border-line px-3">
      <EnvironmentMark environment={view.environment} />
      <strong role="status" className="min-w-0 flex-1 truncate text-[15px]">
        {t(`word.${status.word}`)}
        {status.waitingSeconds !== null && (
          <span className="figure"> {status.waitingSeconds} s</span>
        )}
      </strong>
      <Button tone="kill" className="h-10" onClick={() => openKillDialog('panel')}>
        {t('kill.short')}
      </Button>
      <Button
        tone="icon"
        aria-label={t('panel.expand')}
        onClick={() => void call('window.collapsePanel', { collapsed: false })}
      >
        <ChevronDown size={16} aria-hidden />
      </Button>
    </main>
  );
}
