import type { Settings } from '../../shared/settings';
import type { CommandDesk } from '../commands';
import type { DeskPublisher } from '../deskView';
import type { Diagnostics } from '../diagnostics';
import type { Hotkey } from '../hotkey/hotkey';
import type { KillDesk } from '../kill/killDesk';
import type { Telemetry } from '../link/telemetry';
import type { Mirror } from '../mirror/mirror';
import type { MonitorDesk } from '../monitor/monitorDesk';
import type { SettingsStore } from '../settings';
import type { Windows } from '../windows';
import type { IpcHandlers } from './host';
import { Refusal } from './host';

export interface HandlerDeps {
  readonly publisher: DeskPublisher;
  readonly kills: KillDesk;
  readonly commands: CommandDesk;
  readonly telemetry: Telemetry;
  readonly mirror: Mirror;
  readonly monitor: MonitorDesk;
  readonly hotkey: Hotkey;
  readonly settings: SettingsStore;
  readonly windows: Windows;
  readonly collectDiagnostics: () => Promise<Diagnostics>;
  readonly onSettings: (settings: Settings, before: Settings) => void;
  readonly onReady: (window: 'panel' | 'console') => void;
  readonly quit: (confirmed: boolean) => void;
}

/** What the windows may ask for. Each handler is a line: the work is done elsewhere. */
export function createHandlers(deps: HandlerDeps): IpcHandlers {
  const { kills, commands, windows, settings } = deps;
  const sent = (id: string | null): { id: string } => {
    if (id !== null) return { id };
    throw new Refusal({ code: 'link_down', message: 'no live connection to the gateway' });
  };
  return {
    'desk.view': () => deps.publisher.view(),
    'kill.fire': (args) => ({ id: kills.fire(args) }),
    'kill.abandon': ({ id }) => done(kills.abandon(id)),
    'kill.silence': ({ id }) => done(kills.silence(id)),
    'kill.pending': ({ id, fire }) => done(kills.answerPending(id, fire)),
    'ops.pause': (args) => sent(commands.send('pause', args)),
    'ops.resume': (args) => sent(commands.send('resume', args)),
    'ops.approveResume': (args) => sent(commands.send('resume.approve', args)),
    'ops.withdrawResume': (args) => sent(commands.send('resume.withdraw', args)),
    'engine.fault': (args) => sent(commands.send('engine.fault', args)),
    'model.command': ({ name, params }) => sent(commands.send(name, params)),
    'equity.series': () => deps.telemetry.series(),
    'monitor.series': () => deps.monitor.series(),
    'audit.page': (query) => deps.mirror.page(query),
    'hotkey.test': ({ on }) => done(deps.hotkey.test(on)),
    'settings.get': () => settings.get(),
    'settings.status': () => settings.status(),
    'settings.set': (change) => {
      const fixed = settings.status().locked.find((name) => change[name] !== undefined);
      if (fixed) {
        throw new Refusal({ code: 'locked', message: `${fixed} is fixed by this machine’s desk` });
      }
      const before = settings.get();
      const after = settings.set(change);
      deps.onSettings(after, before);
      return after;
    },
    'diagnostics.collect': () => deps.collectDiagnostics(),
    'window.openConsole': () => done(windows.openConsole()),
    'window.collapsePanel': ({ collapsed }) => {
      settings.set({ panelCollapsed: collapsed });
      return done(windows.collapsePanel(collapsed));
    },
    'window.panelHeight': ({ height }) => done(windows.panelHeight(height)),
    'window.ready': ({ window }) => done(deps.onReady(window)),
    'app.quit': ({ confirmed }) => done(deps.quit(confirmed)),
  };
}

function done(_nothing: unknown): null {
  return null;
}
