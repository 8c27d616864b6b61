import type { DeskView } from '@shared/view/desk';
import type { RefObject } from 'react';
import { useEffect, useRef, useState } from 'react';
import { Alerts } from '../components/Alerts';
import { Banner } from '../components/Banner';
import { Button, Hostile } from '../components/ui';
import { deskStatus } from '../desk/desk.state';
import { drillExtent } from '../desk/drill.state';
import { environmentKey } from '../desk/scope.state';
import { Dialogs } from '../dialogs/Dialogs';
import { useT } from '../i18n';
import { Certificates } from '../identity/Certificates';
import { LockBar } from '../identity/LockBar';
import { SignIn } from '../identity/SignIn';
import { call } from '../lib/call';
import { KILL_DIALOG_KEY, useKillKey, useNewsSounds, useNoticeSound, useSiren } from '../lib/hooks';
import { openKillDialog, useApp } from '../lib/store';
import { useNow } from '../lib/useNow';
import {
  ChannelAlarm,
  ConnectionAlarm,
  GatewayAlarm,
  KillAlarm,
  KillLacked,
  MirrorAlarm,
  PendingKillBox,
} from './Alarms';
import { Chains } from './Chains';
import { FigureLines, LinkLine, ModelLines } from './Figures';
import { Head } from './Head';
import { Hotkey } from './Hotkey';
import { IncidentLines } from './Incidents';
import { Operations } from './Operations';
import { Strip } from './Strip';

const BASE_HEIGHT = 560;
const DIALOG_HEIGHT = 640;
const MAX_HEIGHT = 1_200;

export function Panel() {
  const t = useT();
  const view = useApp((state) => state.view);
  const failure = useApp((state) => state.failure);
  useKillKey('panel');
  const [silenced, silence] = useState<ReadonlySet<string>>(new Set());
  useSiren(view, silenced);
  useNewsSounds(view);
  useNoticeSound();
  if (!view) {
    return (
      <main className="p-4">
        {failure ? <Hostile text={failure} max={400} /> : t('app.loading')}
      </main>
    );
  }
  const onSilence = (id: string) => silence((before) => new Set([...before, id]));
  return <PanelView view={view} silenced={silenced} onSilence={onSilence} />;
}

function PanelView(props: {
  readonly view: DeskView;
  readonly silenced: ReadonlySet<string>;
  readonly onSilence: (incident: string) => void;
}) {
  const { view, silenced, onSilence } = props;
  const t = useT();
  const now = useNow();
  const collapsed = useApp((state) => state.settings?.panelCollapsed ?? false);
  const dialogOpen = useApp((state) => state.dialog !== null);
  const calling = view.kills.some((kill) => kill.alarm) || view.pendingKill !== null;
  const strip = collapsed && !dialogOpen && !calling;
  const content = useRef<HTMLDivElement>(null);
  useFittedHeight(content, strip, dialogOpen);
  const status = deskStatus(view, now);
  const env = t(environmentKey(view.environment));
  if (strip) return <Strip view={view} status={status} now={now} />;
  return (
    <main className="h-full overflow-y-auto">
      <div ref={content} className="flex flex-col">
        <Head view={view} now={now} />
        <Banner status={status} drill={drillExtent(view.ops)} />
        <LinkLine view={view} now={now} />
        <LockBar view={view} now={now} />
        <ConnectionAlarm view={view} />
        <SignIn view={view} />
        <Certificates view={view} />
        <KillAlarm view={view} now={now} />
        <KillLacked view={view} now={now} />
        <PendingKillBox view={view} />
        <MirrorAlarm view={view} />
        <GatewayAlarm view={view} />
        <ChannelAlarm view={view} />
        <FigureLines view={view} now={now} />
        <section className="border-b border-line p-3">
          <Button
            tone="kill"
            className="h-14 w-full text-[20px]"
            onClick={() => openKillDialog('panel')}
          >
            {t('kill.button', { env })}
          </Button>
          <Hotkey view={view} />
          <p className="text-[12px] text-muted">{t('kill.key', { key: KILL_DIALOG_KEY })}</p>
          <Operations view={view} now={now} origin="panel" />
        </section>
        <Chains view={view} left={status.left} />
        <ModelLines view={view} now={now} />
        <IncidentLines view={view} now={now} silenced={silenced} onSilence={onSilence} />
        <div className="px-3 py-2">
          <Alerts view={view} now={now} brief />
        </div>
      </div>
      <Dialogs view={view} origin="panel" />
    </main>
  );
}

/** Asks the main process for the height the content needs; a dialog needs at least its own. */
function useFittedHeight(
  content: RefObject<HTMLDivElement | null>,
  strip: boolean,
  dialogOpen: boolean,
): void {
  const asked = useRef(0);
  useEffect(() => {
    const measure = (): void => {
      const needed = strip ? 64 : Math.max(BASE_HEIGHT, content.current?.offsetHeight ?? 0);
      const height = Math.min(MAX_HEIGHT, dialogOpen ? Math.max(needed, DIALOG_HEIGHT) : needed);
      if (height === asked.current) return;
      asked.current = height;
      void call('window.panelHeight', { height });
    };
    measure();
    if (!content.current) return;
    const observer = new ResizeObserver(measure);
    observer.observe(content.current);
    return () => observer.disconnect();
  }, [content, strip, dialogOpen]);
}
