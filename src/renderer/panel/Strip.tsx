import type { DeskView } from '@shared/view/desk';
import { ChevronDown } from 'lucide-react';
import { EnvironmentMark } from '../components/Banner';
import { SeverityMark } from '../components/Severity';
import { Button } from '../components/ui';
import type { DeskStatus } from '../desk/desk.state';
import { drillExtent } from '../desk/drill.state';
import { activeOnes } from '../desk/incidents.state';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { duration } from '../lib/format';
import { openKillDialog } from '../lib/store';

/** The collapsed panel: mode, flat or not, and the kill. */
export function Strip(props: {
  readonly view: DeskView;
  readonly status: DeskStatus;
  readonly now: number;
}) {
  const t = useT();
  const { view, status, now } = props;
  const [worst] = activeOnes(view);
  const drill = drillExtent(view.ops);
  return (
    <main className="drag flex h-16 items-center gap-2 border border-line px-3">
      <EnvironmentMark environment={view.environment} />
      <strong role="status" className="min-w-0 flex-1 truncate text-[15px]">
        {drill !== 'none' && (
          <span className="text-violet">
            {t(drill === 'only' ? 'drill.mark' : 'drill.beside')} ·{' '}
          </span>
        )}
        {t(`word.${status.word}`)}
        {status.waitingSeconds !== null && (
          <span className="figure"> {status.waitingSeconds} s</span>
        )}
        {worst && (
          <span className="block truncate text-[12px] font-normal">
            <SeverityMark severity={worst.severity} short /> {t(`incident.${worst.stage}`)}{' '}
            <span className="figure">{duration(now - worst.opened.at)}</span>
          </span>
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
