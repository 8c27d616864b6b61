import type { LastResortTarget, LastResortTest } from '../../shared/bridges/lastResort';
import type { IpcArgs } from '../../shared/ipc/contract';
import type { Settings } from '../../shared/settings';
import type { AuditDesk } from '../audit/auditDesk';
import { auditHandlers } from '../audit/handlers';
import type { PastGuard } from '../audit/past';
import type { CommandDesk } from '../commands';
import type { Connecting } from '../connection/connecting';
import type { DeskPublisher } from '../deskView';
import type { Diagnostics } from '../diagnostics';
import type { CardDesk } from '../documents/cardDesk';
import type { PostMortemDesk } from '../documents/postMortemDesk';
import type { Hotkey } from '../hotkey/hotkey';
import type { Identity } from '../identity/identity';
import type { KillDesk } from '../kill/killDesk';
import type { LastResortTargets, NotKept } from '../kill/lastResortStore';
import type { LineageDesk } from '../lineage/lineageDesk';
import type { Telemetry } from '../link/telemetry';
import type { MonitorDesk } from '../monitor/monitorDesk';
import type { Emergency } from '../notify/emergency';
import type { ReportDesk } from '../reports/reportDesk';
import type { SettingsStore } from '../settings';
import type { Updates } from '../updates/updates';
import type { Windows } from '../windows';
import { Refusal } from './refusal';
import type { IpcHandlers } from './serve';

export interface HandlerDeps {
  readonly publisher: DeskPublisher;
  readonly kills: KillDesk;
  readonly commands: CommandDesk;
  readonly telemetry: Telemetry;
  readonly audit: AuditDesk;
  readonly past: PastGuard;
  readonly monitor: MonitorDesk;
  readonly cards: CardDesk;
  readonly lineage: LineageDesk;
  /** Writes a file of the lineage. */
  readonly saveLineage: (args: IpcArgs<'lineage.save'>) => Promise<string | null>;
  readonly emergency: Emergency;
  readonly lastResort: LastResortTargets;
  readonly testLastResort: (target: LastResortTarget) => Promise<LastResortTest>;
  readonly postMortems: PostMortemDesk;
  readonly reports: ReportDesk;
  readonly hotkey: Hotkey;
  readonly identity: Identity;
  readonly connecting: Connecting;
  readonly settings: SettingsStore;
  readonly updates: Updates;
  readonly windows: Windows;
  readonly collectDiagnostics: () => Promise<Diagnostics>;
  readonly onSettings: (settings: Settings, before: Settings) => void;
  readonly onReady: (window: 'panel' | 'console') => void;
  readonly quit: (confirmed: boolean) => void;
  /** @returns false while a kill of this terminal runs */
  readonly restart: () => boolean;
}

const NOT_KEPT: Readonly<Record<NotKept, string>> = {
  plain_text: 'this desktop has no keyring: the secrets would lie in plain text',
  unwritable: 'the disk or the keyring refuses to keep it',
  unreadable: 'the ways that are kept cannot be read, and are not written over',
};

/** What the windows may ask for. Each handler is a line: the work is done elsewhere. */
export function createHandlers(deps: HandlerDeps): IpcHandlers {
  const { kills, commands, lastResort, windows, settings } = deps;
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
    'channel.command': ({ name, params }) => sent(commands.send(name, params)),
    'ownChannel.set': ({ settings: own, secret }) => ({ fault: deps.emergency.set(own, secret) }),
    'ownChannel.remove': ({ channel }) => done(deps.emergency.remove(channel)),
    'ownChannel.test': ({ channel }) => deps.emergency.test(channel),
    'bridge.command': ({ name, params }) => sent(commands.send(name, params)),
    'lastResort.view': () => lastResort.view(),
    'lastResort.set': ({ target, plainAccepted }) => {
      const problem = lastResort.set(target, plainAccepted);
      if (problem === null) return lastResort.view();
      throw new Refusal({ code: problem, message: NOT_KEPT[problem] });
    },
    'lastResort.remove': ({ engine }) => {
      lastResort.remove(engine);
      return lastResort.view();
    },
    'lastResort.test': async ({ engine }) => {
      const target = lastResort.get().find((one) => one.engine === engine);
      if (target) return deps.testLastResort(target);
      throw new Refusal({
        code: 'unknown_engine',
        message: 'no direct way to that engine is kept',
      });
    },
    'postmortem.text': ({ incident }) => deps.postMortems.text(incident),
    'postmortem.export': ({ incident, format }) => deps.postMortems.export(incident, format),
    'report.list': () => deps.reports.list(),
    'report.make': (args) => deps.reports.make(args),
    'report.cancel': () => done(deps.reports.cancel()),
    'report.open': ({ id, anew }) => deps.reports.open(id, anew),
    'report.export': ({ id, format, language }) => deps.reports.export(id, format, language),
    'report.success': () => deps.reports.success(),
    'equity.series': () => deps.telemetry.series(),
    'monitor.series': () => deps.monitor.series(),
    ...auditHandlers(deps.audit, deps.past),
    'identity.signIn': ({ token, remember, plainAccepted }) => {
      const taken = deps.identity.signIn(token, remember, plainAccepted);
      if (!taken.ok) throw new Refusal(taken.error);
      return null;
    },
    'identity.signOut': () => done(deps.identity.signOut()),
    'connection.look': ({ address }) => deps.connecting.look(address),
    'connection.join': async (args) => {
      const joined = await deps.connecting.join(args);
      if (!joined.ok) throw new Refusal(joined.error);
      return joined.value;
    },
    'connection.paper': () => {
      const refused = deps.connecting.usePaper();
      if (refused) throw new Refusal(refused);
      return null;
    },
    'certificate.confirm': ({ address, typed }) =>
      right(deps.identity.confirm(address, typed), 'those are not its last eight digits'),
    'lock.setPin': async ({ pin, present }) =>
      right(await deps.identity.setPin(pin, present), 'that is not the present PIN'),
    'lock.now': () => done(deps.identity.lock()),
    'lock.unlock': async ({ pin }) => right(await deps.identity.unlock(pin), 'wrong PIN'),
    'lineage.part': (args) => deps.lineage.part(args),
    'lineage.trades': (args) => deps.lineage.trades(args),
    'lineage.find': (args) => deps.lineage.find(args),
    'lineage.events': (args) => deps.lineage.events(args),
    'lineage.save': async (args) => ({ path: await deps.saveLineage(args) }),
    'lineage.report': (args) => sent(commands.send('lineage.report', args)),
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
    'update.check': async () => done(await deps.updates.check()),
    'update.prepare': async ({ version }) => done(await deps.updates.prepare(version)),
    'update.install': async ({ version }) => {
      const refused = await deps.updates.install(version);
      if (refused) throw new Refusal(refused);
      return null;
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
    'app.restart': () => {
      if (deps.restart()) return null;
      throw new Refusal({ code: 'kill_running', message: 'a kill of this terminal is not over' });
    },
  };
}

function right(yes: boolean, message: string): null {
  if (yes) return null;
  throw new Refusal({ code: 'wrong', message });
}

function done(_nothing: unknown): null {
  return null;
}
