import { globalShortcut } from 'electron';
import type { CommandParams } from '../shared/protocol/commands';
import type { Settings } from '../shared/settings';
import type { Clock } from '../shared/time';
import { createHotkey, type Hotkey } from './hotkey/hotkey';
import { readKeyRepeatDelay } from './hotkey/keyRepeat';
import { createTray, type TrayIcon } from './tray';
import type { Windows } from './windows';

/** What people touch beside the windows: the hotkey and the tray. */
export function createTouch(deps: {
  readonly clock: Clock;
  readonly settings: () => Settings;
  /** The tray's picture. */
  readonly icon: string;
  readonly windows: Pick<Windows, 'raisePanel' | 'openConsole'>;
  /** Asks in the panel whether a kill is to be given. */
  readonly askForKill: (origin: 'hotkey' | 'tray') => void;
  /** The hotkey was pressed as it must be: a kill, without a question. */
  readonly onFire: () => void;
  readonly onQuit: () => void;
  readonly report: (kind: CommandParams<'terminal.report'>['kind'], detail: string) => void;
  readonly changed: () => void;
}): { readonly hotkey: Hotkey; readonly tray: TrayIcon | null } {
  const { clock, settings, windows, askForKill, report, changed } = deps;
  let repeatDelayMs: number | null = null;
  readKeyRepeatDelay(process.platform, (delay) => {
    repeatDelayMs = delay;
  });
  const hotkey = createHotkey({
    ...{ shortcuts: globalShortcut, clock, changed, repeatDelayMs: () => repeatDelayMs },
    onPrimed: () => askForKill('hotkey'),
    onFire: deps.onFire,
    onProven: () => report('hotkey_proven', settings().accelerator),
    onConflict: (accelerator) => report('hotkey_conflict', accelerator),
  });
  const tray = createTray({
    ...{ icon: deps.icon, language: settings().language },
    onPanel: windows.raisePanel,
    onConsole: windows.openConsole,
    onKill: () => askForKill('tray'),
    onQuit: deps.onQuit,
  });
  return { hotkey, tray };
}
