import { randomBytes, randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  app,
  dialog,
  globalShortcut,
  Notification,
  powerMonitor,
  safeStorage,
  session,
  utilityProcess,
} from 'electron';
import { NODE_TIMERS } from '../node/notify/lanes';
import { send } from '../node/notify/send';
import type { PolicyFiles } from '../node/policyFiles';
import { uuidv7 } from '../shared/ids';
import type { LogEvent } from '../shared/log/event';
import { watchOf } from '../shared/monitor/watch';
import { inForceReader } from '../shared/policy/inForce';
import type { GatewayHealthView } from '../shared/view/desk';
import { createCommandDesk } from './commands';
import type { Config } from './config';
import { createDeskState } from './desk';
import { assembleView, createDeskPublisher } from './deskView';
import { createCardDesk } from './documents/cardDesk';
import { createPrinter } from './documents/printer';
import { createPrintPages } from './documents/printPage';
import { saveDocument } from './documents/save';
import type { Child, EmbeddedGateway } from './embedded/gateway';
import { createEmbeddedGateway } from './embedded/gateway';
import { createHotkey } from './hotkey/hotkey';
import { readKeyRepeatDelay } from './hotkey/keyRepeat';
import { createIdentity } from './identity/identity';
import { probeCertificate } from './identity/pins';
import { createHandlers } from './ipc/handlers';
import type { IpcHost } from './ipc/host';
import { createIpcHost } from './ipc/host';
import { postKill } from './kill/httpKill';
import { createKillDesk } from './kill/killDesk';
import { openKillLatch } from './kill/latch';
import { createLineageDesk } from './lineage/lineageDesk';
import { saveLineage } from './lineage/saveFile';
import { createControlLink } from './link/controlLink';
import { createTelemetry } from './link/telemetry';
import { createMirror } from './mirror/mirror';
import { createMonitorDesk } from './monitor/monitorDesk';
import { createDesktopNotices } from './notify/desktop';
import { createEmergency } from './notify/emergency';
import { openOwnChannels } from './notify/ownChannels';
import { electronVault } from './notify/vault';
import { whyAskToQuit } from './quit';
import { runtimeView } from './runtime';
import { secureSession } from './security';
import { createSettings } from './settings';
import { createTray } from './tray';
import { createWindows } from './windows';

export interface TerminalStart {
  readonly config: Config;
  readonly policies: PolicyFiles;
  readonly policyDir: string;
  readonly resources: string;
  /** Folder of the built main process and its workers, and the one above it. */
  readonly mainDir: string;
  readonly outDir: string;
  readonly userData: string;
}

const TICK_MS = 100;
/** A document that is not on paper by then is given up. */
const PRINT_TIMEOUT_MS = 20_000;

/** Puts the terminal's parts together; every part knows only what it is given here. */
export function startTerminal(start: TerminalStart): void {
  const { config, userData, mainDir } = start;
  const policy = start.policies.operations.document;
  const modelsPolicy = inForceReader('models', start.policies.models.document);
  const monitorPolicy = inForceReader('monitor', start.policies.monitor.document);
  const incidentsPolicy = inForceReader('incidents', start.policies.incidents.document);
  const playbooks = inForceReader('playbooks', start.policies.playbooks.document);
  const calendar = inForceReader('calendar', start.policies.calendar.document);
  const notificationsPolicy = inForceReader('notifications', start.policies.notifications.document);
  const clock = Date.now;
  const newId = (): string => uuidv7(clock(), randomBytes);
  const embedded = config.gateways.length === 0;
  // A gateway of its own is given a token made for this run.
  const ownToken = embedded ? randomBytes(32).toString('hex') : null;
  const runtime = runtimeView();
  const settings = createSettings(join(userData, 'settings.json'));
  const name = userInfo().username || 'operador';
  const terminal = {
    ...(config.terminal ?? { id: settings.terminalId(randomUUID), name }),
    version: runtime.version,
  };
  let host: IpcHost | null = null;
  let gateway: EmbeddedGateway | null = null;
  let telemetryFrom: string | null = null;
  let health: Pick<GatewayHealthView, 'unsavedEvents' | 'storeError'> = {
    unsavedEvents: 0,
    storeError: null,
  };

  // What is sent to the windows, and when.
  const publisher = createDeskPublisher({
    assemble: () =>
      assembleView({
        ...{ config, desk, link, telemetry, kills, commands, hotkey, mirror, runtime, policy },
        modelsPolicy: modelsPolicy(desk.ops()),
        monitorPolicy: monitorPolicy(desk.ops()),
        incidentsPolicy: incidentsPolicy(desk.ops()),
        playbooks: playbooks(desk.ops()),
        calendar: calendar(desk.ops()),
        monitor: monitor.view(),
        ...identity.view(),
        notificationsPolicy: notificationsPolicy(desk.ops()),
        ownChannels: emergency.view(),
        gateway: {
          ...health,
          restarts: gateway?.restarts() ?? 0,
          lastExit: gateway?.lastExit() ?? null,
        },
      }),
    clock,
    send: (view) => host?.send('desk.changed', view),
  });
  const changed = publisher.now;

  // The log: followed here, kept by the mirror's thread.
  const mirror = createMirror({
    workerFile: join(mainDir, 'mirror-worker.js'),
    path: join(userData, 'audit.db'),
    onOpened(opened) {
      desk.opened(opened);
      watch();
      link.restart({ code: 'mirror_opening' });
    },
    onStatus(status, was) {
      // Once an outage: each event that waits would be one more to write.
      if (status.state === 'unwritable' && was.state !== 'unwritable') {
        commands.report('mirror_unwritable', status.problem ?? 'the disk takes nothing');
      }
      changed();
    },
    onBadCheckpoint: (cause) => {
      desk.diverged(cause);
      link.restart({ code: 'mirror_changed' });
    },
  });
  const desk = createDeskState({
    append: (events) => mirror.append(events),
    quarantine(cause) {
      mirror.quarantine(cause);
      commands.report('mirror_quarantined', cause);
    },
    onFresh: freshEvents,
    changed,
  });

  // Who sits here, and whom this terminal speaks to.
  const given = ownToken ?? config.token;
  const identity = createIdentity({
    ...{ userData, storage: safeStorage, platform: process.platform, clock, changed },
    given: given === null ? null : { token: given, source: embedded ? 'embedded' : 'config' },
    base: { ca: config.ca, client: config.client },
    probe: probeCertificate,
    idleMs: () => powerMonitor.getSystemIdleTime() * 1_000,
    lockAfterMs: () => settings.get().lockAfterMinutes * 60_000,
    who: () => desk.welcome()?.operator.name ?? name,
    report: (kind, detail) => commands.report(kind, detail),
    onToken() {
      telemetryFrom = null;
      if (identity.token() === null) telemetry.connect(null);
      link.connect(link.addresses());
    },
    onReady: () => link.connect(link.addresses()),
  });

  // The way to the gateway, and what is given over it.
  const link = createControlLink({
    ...{ token: identity.token, transport: identity.transport },
    ...{ terminal, embedded, clock, random: Math.random },
    uptime: () => performance.now(),
    onFailed: (address) => identity.look([address]),
    times: policy.link,
    position: desk.position,
    onWelcome: desk.welcomed,
    onEvents: desk.take,
    onReplayed: desk.replayed,
    onCheckpoint: mirror.checkpoint,
    onAnswer(answer) {
      if (!kills.answer(answer)) commands.answer(answer);
      monitor.answer(answer);
    },
    onLease: (lease) => monitor.lease(lease),
    onHealth(next) {
      health = { unsavedEvents: next.unsavedEvents, storeError: next.storeError };
      changed();
    },
    onDiverged: desk.diverged,
    onState(view, was) {
      if (view.state === 'live') takeTelemetry(view.address);
      if (view.state === 'live') kills.linkUp();
      if (view.state === 'live') monitor.linkUp();
      else monitor.linkLost();
      if (view.state === 'live' && was !== 'stale') commands.linkUp();
      if (view.state === 'down') commands.linkLost();
      changed();
    },
  });
  const commands = createCommandDesk({ control: link.send, clock, newId, changed });
  const kills = createKillDesk({
    ...{ clock, newId, control: link.send, addresses: link.addresses },
    latch: openKillLatch(join(userData, 'latch.json')),
    times: () => policy.kill,
    controlLive: () => link.view().state === 'live',
    async post(address, command) {
      const token = identity.token();
      const transport = identity.transport(address);
      if (token !== null && transport) return postKill(address, token, transport, command);
      const message = token === null ? 'nobody is signed in' : 'certificate not confirmed';
      return { ok: false, unsaved: false, message };
    },
    report: commands.report,
    changed() {
      windows.alarm(kills.view().some((kill) => kill.alarm));
      emergency.kills(kills.view());
      changed();
    },
  });
  const tradesFile = join(userData, 'trades.db');
  const telemetry = createTelemetry({
    workerFile: join(mainDir, 'telemetry-worker.js'),
    folder: join(userData, 'monitor'),
    trades: tradesFile,
    changed: publisher.figures,
    onEvaluated: (evaluation, occasion) => monitor.evaluated(evaluation, occasion),
  });
  const lineage = createLineageDesk({
    workerFile: join(mainDir, 'lineage-worker.js'),
    mirror: join(userData, 'audit.db'),
    trades: tradesFile,
  });
  const monitor = createMonitorDesk({
    ...{ control: link.send, ops: desk.ops, clock, uptime: () => performance.now(), newId },
    sees: () => telemetry.link() === 'live',
    current: () => link.view().state === 'live' && !desk.replaying(),
    policy: () => monitorPolicy(desk.ops()),
    models: () => modelsPolicy(desk.ops()),
    keepWindow: telemetry.keepWindow,
    host: terminal.id,
    changed: publisher.figures,
  });

  // What leaves the terminal as a document.
  const printer = createPrinter({ open: createPrintPages(), timeoutMs: PRINT_TIMEOUT_MS });
  const cards = createCardDesk({
    ...{ desk, policy: modelsPolicy, clock, printer },
    language: () => settings.get().language,
    save: (name, content) => saveDocument(join(app.getPath('documents'), 'Vigía'), name, content),
  });

  // What is told away from the screen.
  const told = {
    policy: () => notificationsPolicy(desk.ops()),
    clock,
  };
  const deskOf = () => ({
    name: desk.welcome()?.deskName ?? config.deskName ?? 'USD/COP',
    environment: desk.welcome()?.environment ?? desk.ops().environment ?? 'live',
  });
  const emergency = createEmergency({
    ...{ ...told, changed, jitter: Math.random, timers: NODE_TIMERS, desk: deskOf },
    channels: openOwnChannels(join(userData, 'own-channels.json'), electronVault(safeStorage)),
    operator: () => desk.welcome()?.operator.id ?? name,
    send: (what) => send(what, clock),
  });
  const desktop = createDesktopNotices({
    ...told,
    language: () => settings.get().language,
    least() {
      const { desktopNotices } = settings.get();
      return desktopNotices === 'off' ? null : desktopNotices;
    },
    context: (language) => ({
      ...{ language, runbooks: told.policy().runbooks },
      ...{ deskName: deskOf().name, environment: deskOf().environment },
    }),
    show(title, body, urgent) {
      if (!Notification.isSupported()) return;
      const notice = new Notification({ title, body, urgency: urgent ? 'critical' : 'normal' });
      notice.on('click', () => windows.raisePanel());
      notice.show();
    },
    sound: (level) => host?.send('notice.shown', { level }),
  });

  // What people touch.
  secureSession(session.defaultSession);
  const icons = join(start.resources, 'icons');
  const windows = createWindows({
    outDir: start.outDir,
    icon: join(icons, 'icon.png'),
    settings,
  });
  let repeatDelayMs: number | null = null;
  readKeyRepeatDelay(process.platform, (delay) => {
    repeatDelayMs = delay;
  });
  const hotkey = createHotkey({
    ...{ shortcuts: globalShortcut, clock, changed, repeatDelayMs: () => repeatDelayMs },
    onPrimed: () => askForKill('hotkey'),
    onFire: () => {
      const reason = settings.get().defaultReason;
      kills.fire({ scope: { kind: 'all' }, reason, closePositions: true, origin: 'hotkey' });
      identity.killed();
      windows.raisePanel();
    },
    onProven: () => commands.report('hotkey_proven', settings.get().accelerator),
    onConflict: (accelerator) => commands.report('hotkey_conflict', accelerator),
  });
  const tray = createTray({
    ...{ icon: join(icons, 'tray.png'), language: settings.get().language },
    onPanel: windows.raisePanel,
    onConsole: windows.openConsole,
    onKill: () => askForKill('tray'),
    onQuit: () => quit(false),
  });
  host = createIpcHost({
    handlers: createHandlers({
      ...{
        publisher,
        kills,
        commands,
        telemetry,
        mirror,
        monitor,
        cards,
        lineage,
        emergency,
        hotkey,
        identity,
        settings,
        windows,
        quit,
      },
      saveLineage: (args) => saveLineage(args, choosePath, openLineage),
      onReady: (window) => process.stdout.write(`vigia: ready ${window}\n`),
      onSettings(after, before) {
        if (after.accelerator !== before.accelerator) hotkey.bind(after.accelerator);
        if (after.language !== before.language) tray?.setLanguage(after.language);
        host?.send('settings.changed', after);
      },
    }),
    root: `${pathToFileURL(join(start.outDir, 'renderer')).href}/`,
    contents: windows.contents,
    refuses: identity.refuses,
    onDefect: (channel, error) => process.stderr.write(`vigia: ${channel}: ${String(error)}\n`),
  });

  // Begin.
  hotkey.bind(settings.get().accelerator);
  if (embedded) gateway = startEmbedded();
  else reach(config.gateways);
  const ticking = setInterval(() => {
    if (kills.running()) kills.tick();
    // Time alone can change it: enhanced monitoring ends by itself.
    watch();
  }, TICK_MS);
  app.on('second-instance', windows.raisePanel);
  app.on('activate', windows.raisePanel);
  // Windows may all be hidden; the hotkey and the link go on.
  app.on('window-all-closed', () => undefined);
  app.on('before-quit', (event) => {
    if (leaving) return;
    event.preventDefault();
    quit(false);
  });
  // A session that ends or a supervisor has nobody to answer a question: the order is the yes.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => quit(true));
  let leaving = false;

  function reach(addresses: readonly string[]): void {
    identity.look(addresses);
    link.connect(addresses);
    const [address] = addresses;
    if (address) takeTelemetry(address);
  }

  /** Telemetry comes from the gateway whose log is followed. */
  function takeTelemetry(address: string): void {
    const token = identity.token();
    const transport = identity.transport(address);
    if (address === telemetryFrom || token === null || transport === null) return;
    telemetryFrom = address;
    telemetry.connect({ address, token, transport, terminal, times: policy.link });
  }

  function startEmbedded(): EmbeddedGateway {
    return createEmbeddedGateway({
      ...{ clock, changed, onListening: (url: string) => reach([url]) },
      fork: (file) =>
        utilityProcess.fork(join(mainDir, `${file}.js`), [], {
          serviceName: `vigia-${file}`,
        }) as unknown as Child,
      onExit: (cause) => commands.report('gateway_restarted', cause),
      start: {
        dataDir: join(userData, 'gateway'),
        policyDir: start.policyDir,
        operatorToken: ownToken ?? '',
        engineToken: randomBytes(32).toString('hex'),
        operator: { id: name, name },
        environment: 'paper',
        deskName: config.deskName ?? 'USD/COP',
        port: 0,
      },
    });
  }

  /** Has the live model's samples watched, from the event on that made it live. */
  function watch(): void {
    telemetry.watch(watchOf(desk.ops(), monitorPolicy(desk.ops()), clock()));
  }

  function freshEvents(events: readonly LogEvent[]): void {
    watch();
    desktop.fresh(events, desk.ops());
    for (const event of events) {
      if (event.type === 'kill.requested' && event.commandId) kills.logged(event.commandId);
    }
    const last = events[events.length - 1];
    if (last) host?.send('audit.grew', { seq: last.seq });
  }

  async function choosePath(defaultPath: string): Promise<string | null> {
    const { canceled, filePath } = await dialog.showSaveDialog({ defaultPath });
    return canceled || !filePath ? null : filePath;
  }

  /** This terminal's word for who says what it exports. */
  function openLineage(): Promise<string> {
    return lineage.openLineage(`urn:vigia:terminal:${encodeURIComponent(terminal.id)}`);
  }

  function askForKill(origin: 'hotkey' | 'tray'): void {
    windows.raisePanel();
    host?.send('kill.dialog', { origin });
  }

  function quit(confirmed: boolean): void {
    const reason = confirmed ? null : whyAskToQuit(publisher.view());
    if (reason !== null) {
      windows.raisePanel();
      host?.send('quit.asked', { reason });
      return;
    }
    leaving = true;
    windows.letGo();
    clearInterval(ticking);
    publisher.stop();
    hotkey.stop();
    printer.stop();
    identity.stop();
    monitor.stop();
    emergency.stop();
    link.stop();
    lineage.stop();
    gateway?.stop();
    tray?.destroy();
    void Promise.all([mirror.close(), telemetry.stop()]).then(() => app.quit());
  }
}
