import { randomBytes, randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { app, globalShortcut, powerMonitor, safeStorage, session, utilityProcess } from 'electron';
import type { PolicyFiles } from '../node/policyFiles';
import { createShelf } from '../node/reports/shelf';
import { saveDocument } from '../node/saveDocument';
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
import { createControlLink } from './link/controlLink';
import { createTelemetry } from './link/telemetry';
import { createMirror } from './mirror/mirror';
import { createMonitorDesk } from './monitor/monitorDesk';
import { whyAskToQuit } from './quit';
import { createReportDesk } from './reports/reportDesk';
import { uploadPdf } from './reports/upload';
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
/** How soon a report that the gateway made is looked for, to be printed. */
const PRINT_LOOK_MS = 5_000;

/** Puts the terminal's parts together; every part knows only what it is given here. */
export function startTerminal(start: TerminalStart): void {
  const { config, userData, mainDir } = start;
  const policy = start.policies.operations.document;
  const modelsPolicy = inForceReader('models', start.policies.models.document);
  const monitorPolicy = inForceReader('monitor', start.policies.monitor.document);
  const incidentsPolicy = inForceReader('incidents', start.policies.incidents.document);
  const playbooks = inForceReader('playbooks', start.policies.playbooks.document);
  const calendar = inForceReader('calendar', start.policies.calendar.document);
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
      link.restart('the mirror was opened');
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
      link.restart(cause);
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
      changed();
    },
  });
  const telemetry = createTelemetry({
    workerFile: join(mainDir, 'telemetry-worker.js'),
    folder: join(userData, 'monitor'),
    changed: publisher.figures,
    onEvaluated: (evaluation, occasion) => monitor.evaluated(evaluation, occasion),
  });
  const monitor = createMonitorDesk({
    ...{ control: link.send, ops: desk.ops, clock, uptime: () => performance.now(), newId },
    sees: () => telemetry.link() === 'live',
    current: () => link.view().state === 'live' && !desk.replaying(),
    policy: () => monitorPolicy(desk.ops()),
    models: () => modelsPolicy(desk.ops()),
    keepWindow: telemetry.keepWindow,
    changed: publisher.figures,
  });

  const saveForUser = (name: string, content: string | Uint8Array) =>
    saveDocument(join(app.getPath('documents'), 'Vigía'), name, content);

  // What leaves the terminal as a document.
  const printer = createPrinter({ open: createPrintPages(), timeoutMs: PRINT_TIMEOUT_MS });
  const cards = createCardDesk({
    ...{ desk, policy: modelsPolicy, clock, printer },
    language: () => settings.get().language,
    save: saveForUser,
  });
  const { reports: ownReports, incidents: ownIncidents } = start.policies;
  const reports = createReportDesk({
    ...{ ops: desk.ops, printer, clock, newUuid: randomUUID, save: saveForUser },
    shelf: createShelf(join(userData, 'reports')),
    collect: (wanted, signal, onProgress) => {
      const policies = { reports: ownReports.document, incidents: ownIncidents.document };
      return mirror.report({ wanted, policies }, signal, onProgress);
    },
    record: (params) => commands.send('report.record', params) !== null,
    acts: () => monitor.view().acts,
    async upload(id, language, pdf) {
      const { address } = link.view();
      const token = identity.token();
      const transport = identity.transport(address);
      if (token === null || !transport) throw new Error('nobody is signed in');
      await uploadPdf(address, token, transport, { id, language }, pdf);
    },
    onProgress: (progress) => host?.send('report.progress', progress),
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
        reports,
        hotkey,
        identity,
        settings,
        windows,
        quit,
      },
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
  const printing = setInterval(reports.look, PRINT_LOOK_MS);
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
    for (const event of events) {
      if (event.type === 'kill.requested' && event.commandId) kills.logged(event.commandId);
    }
    const last = events[events.length - 1];
    if (last) host?.send('audit.grew', { seq: last.seq });
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
    clearInterval(printing);
    reports.stop();
    publisher.stop();
    hotkey.stop();
    printer.stop();
    identity.stop();
    monitor.stop();
    link.stop();
    telemetry.stop();
    gateway?.stop();
    tray?.destroy();
    void mirror.close().then(() => app.quit());
  }
}
