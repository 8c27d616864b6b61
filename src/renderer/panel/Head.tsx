import { timeOfDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { ChevronUp, Monitor } from 'lucide-react';
import { EnvironmentMark } from '../components/Banner';
import { Button, Hostile } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';

/** Live or paper, which desk, what time. The bar by which the frameless window is moved. */
export function Head({ view, now }: { view: DeskView; now: number }) {
  const t = useT();
  return (
    <header className="drag flex h-11 items-center gap-2 border-b border-line px-3">
      <EnvironmentMark environment={view.environment} />
      <h1 className="min-w-0 flex-1 truncate font-semibold">
        <Hostile text={view.deskName} max={24} />
      </h1>
      <span className="figure text-[12px]">{timeOfDay(now)} COT</span>
      <Button
        tone="icon"
        aria-label={t('panel.console')}
        title={t('panel.console')}
        onClick={() => void call('window.openConsole', undefined)}
      >
        <Monitor size={14} aria-hidden />
      </Button>
      <Button
        tone="icon"
        aria-label={t('panel.collapse')}
        title={t('panel.collapse')}
        onClick={() => void call('window.collapsePanel', { collapsed: true })}
      >
        <ChevronUp size={14} aria-hidden />
      </Button>
    </header>
  );
}
