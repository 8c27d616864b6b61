import type { IpcArgs, Settings } from '../../shared/ipc/contract';
import type { CommandDesk } from '../commands';
import type { DeskPublisher } from '../deskView';
import type { CardDesk } from '../documents/cardDesk';
import type { Hotkey } from '../hotkey/hotkey';
import type { Identity } from '../identity/identity';
import type { KillDesk } from '../kill/killDesk';
import type { LineageDesk } from '../lineage/lineageDesk';
import type { Telemetry } from '../link/telemetry';
import type { Mirror } from '../mirror/mirror';
import type { MonitorDesk } from '../monitor/monitorDesk';
import type { Emergency } from '../notify/emergency';
import type { SettingsStore } from '../settings';
import type { Windows } from '../windows';
import { Refusal } from './refusal';
import type { IpcHandlers } from './serve';

export interface HandlerDeps {
  readonly publisher: DeskPublisher;
  readonly kills: KillDesk;
  readonly commands: CommandDesk;
  readonly telemetry: Telemetry;
  readonly mirror: Mirror;
  readonly monitor: MonitorDesk;
  readonly cards: CardDesk;
  readonly lineage: LineageDesk;
  /** Writes a file of the lineage. */
  readonly saveLineage: (args: IpcArgs<'lineage.save'>) => Promise<string | null>;
  readonly emergency: Emergency;
  readonly hotkey: Hotkey;
  readonly identity: Identity;
  readonly settings: SettingsStore;
  readonly windows: Windows;
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
    'kill.fire': (args) => {
      const id = kills.fire(args);
      deps.identity.killed();
      return { id };
    },
    'kill.abandon': ({ id }) => done(kills.abandon(id)),
    'kill.silence': ({ id }) => done(kills.silence(id)),
    'kill.pending': ({ id, fire }) => done(kills.answerPending(id, fire)),
    'ops.pause': (args) => sent(commands.send('pause', args)),
    'ops.resume': (args) => sent(commands.send('resume', args)),
    'ops.approveResume': (args) => sent(commands.send('resume.approve', args)),
    'ops.withdrawResume': (args) => sent(commands.send('resume.withdraw', args)),
    'engine.fault': (args) => sent(commands.send('engine.fault', args)),
    'model.command': ({ name, params }) => sent(commands.send(name, params)),
    'incident.command': ({ name, params }) => sent(commands.send(name, params)),
    'card.document': ({ model }) => deps.cards.document(model),
    'card.export': ({ model, format }) => deps.cards.export(model, format),
    'executions.recent': () => deps.telemetry.executions(),
    'channel.command': ({ name, params }) => sent(commands.send(name, params)),
    'ownChannel.set': ({ settings: own, secret }) => ({ fault: deps.emergency.set(own, secret) }),
    'ownChannel.remove': ({ channel }) => done(deps.emergency.remove(channel)),
    'ownChannel.test': ({ channel }) => deps.emergency.test(channel),
    'equity.series': () => deps.telemetry.series(),
    'monitor.series': () => deps.monitor.series(),
    'audit.page': (query) => deps.mirror.page(query),
    'identity.signIn': ({ token, remember, plainAccepted }) => {
      const taken = deps.identity.signIn(token, remember, plainAccepted);
      if (!taken.ok) throw new Refusal(taken.error);
      return null;
    },
    'identity.signOut': () => done(deps.identity.signOut()),
    'certificate.confirm': ({ address, typed }) =>
      right(deps.identity.confirm(address, typed), 'those are not its last eight digits'),
    'lock.setPin': async ({ pin, present }) =>
      right(await deps.identity.setPin(pin, present), 'that is not the present PIN'),
    'lock.now': () => done(deps.identity.lock()),
    'lock.unlock': async ({ pin }) => right(await deps.identity.unlock(pin), 'wrong PIN'),
    'lineage.part': async (args) => {
      const { problem, waiting, lost } = deps.telemetry.trades();
      const part = await deps.lineage.part(args);
      return { ...part, problem: part.problem ?? problem, waiting, lost };
    },
    'lineage.trades': (args) => deps.lineage.trades(args),
    'lineage.find': (args) => deps.lineage.find(args),
    'lineage.events': (args) => deps.lineage.events(args),
    'lineage.save': async (args) => ({ path: await deps.saveLineage(args) }),
    'lineage.report': (args) => sent(commands.send('lineage.report', args)),
    'hotkey.test': ({ on }) => done(deps.hotkey.test(on)),
    'settings.get': () => settings.get(),
    'settings.set': (change) => {
      const before = settings.get();
      const after = settings.set(change);
      deps.onSettings(after, before);
      return after;
    },
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

function right(yes: boolean, message: string): null {
  if (yes) return null;
  throw new Refusal({ code: 'wrong', message });
}

function done(_nothing: unknown): null {
  return null;
}
