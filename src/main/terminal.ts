import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import {
  app,
  clipboard,
  dialog,
  globalShortcut,
  powerMonitor,
  safeStorage,
  utilityProcess,
} from 'electron';
import { type DirectKillDeps, directKill, directTest } from '../node/directKill';
import type { ExportInfo } from '../node/export/manifest';
import { fetchJson } from '../node/fetchJson';
import { mask } from '../node/logFile';
import { readPolicies } from '../node/policyFiles';
import { mayExport } from '../shared/audit/permission';
import { uuidv7 } from '../shared/ids';
import type { LogEvent } from '../shared/log/event';
import { watchOf } from '../shared/monitor/watch';
import { readersInForce } from '../shared/policy/inForce';
import type { ControlRequest } from '../shared/protocol/terminal';
import type { Settings } from '../shared/settings';
import { updateHindrance } from '../shared/update/hindrance';
import { manifestName } from '../shared/update/manifest';
import { LOG_FORM } from '../shared/version';
import type { GatewayHealthView } from '../shared/view/desk';
import { createAuditDesk } from './audit/auditDesk';
import { createPastGuard } from './audit/past';
import { createPlaces } from './audit/places';
import { startAtLogin } from './autostart';
import { createCommandDesk } from './commands';
import { type Config, keptArguments, readTextFile } from './config';
import { chooseConnection } from './connection/choose';
import { createConnecting } from './connection/connecting';
import { tryGateway } from './connection/tryGateway';
import { createDeskState } from './desk';
import { assembleView, createDeskPublisher } from './deskView';
import { collectDiagnostics } from './diagnostics';
import { createDocuments } from './documents/documents';
import type { Child, EmbeddedGateway } from './embedded/gateway';
import { createEmbeddedGateway } from './embedded/gateway';
import { createHotkey } from './hotkey/hotkey';
import { readKeyRepeatDelay } from './hotkey/keyRepeat';
import { createIdentity } from './identity/identity';
import { probeCertificate } from './identity/pins';
import { createHandlers } from './ipc/handlers';
import type { IpcHost } from './ipc/host';
import { createIpcHost } from './ipc/host';
import { openJournal } from './journal';
import { postKill } from './kill/httpKill';
import { createKillDesk } from './kill/killDesk';
import { openLastResort } from './kill/lastResortStore';
import { openKillLatch } from './kill/latch';
import { createLineageDesk } from './lineage/lineageDesk';
import { saveLineage } from './lineage/saveFile';
import { createControlLink } from './link/controlLink';
import { createExecutionBook } from './link/executions';
import { createTelemetry } from './link/telemetry';
import { createMirror } from './mirror/mirror';
import { createMonitorDesk } from './monitor/monitorDesk';
import { createNotices } from './notify/notices';
import { PAGES_ROOT } from './pages';
import { whyAskToQuit } from './quit';
import { uploadPdf } from './reports/upload';
import { createRetentionDesk } from './retention/retentionDesk';
import { runtimeView } from './runtime';
import { createHeldSecrets } from './secrets';
import type { SettingsStore } from './settings';
import { createTray } from './tray';
import { fetchText, loadInstaller } from './updates/installer';
import { openKept } from './updates/kept';
import { serveFolder } from './updates/serveFolder';
import { createUpdates } from './updates/updates';
import type { Windows } from './windows';

export interface TerminalStart {
  readonly config: Config;
  readonly resources: string;
  /** Folder of the built main process and its workers. */
  readonly mainDir: string;
  readonly userData: string;
  readonly settings: SettingsStore;
  /** The settings file that operations push. */
  readonly deskFile: string;
  readonly windows: Windows;
  /** The token that the configuration names since its file changed; null where nothing did. */
  readonly readToken: () => Promise<string | null>;
}

const TICK_MS = 100;
/** How often the desk's own file of settings is looked at. */
const REREAD_MS = 2_000;
/** A panel that has not shown by then keeps a desk of this terminal's own waiting no longer. */
const PANEL_WITHIN_MS = 2_000;
/** How soon a report that the gateway made is looked for, to be printed. */
const PRINT_LOOK_MS = 5_000;

/**
 * Puts the terminal's parts together; every part knows only what it is given here.
 *
 * @throws {PolicyFileError} no terminal starts without its policies
 */
export function startTerminal(start: TerminalStart): void {
  const { userData, mainDir, settings, windows } = start;
  const choose = () => chooseConnection(start.config, settings.connections(), readTextFile);
  const connection = choose();
  const policyDir = join(start.resources, 'policy');
  const policies = readPolicies(policyDir);
  const policy = policies.operations.document;
  const { playbooks, calendar, ...inForce } = readersInForce(policies);
  const { models: modelsPolicy, monitor: monitorPolicy } = inForce;
  const { incidents: incidentsPolicy, notifications: notificationsPolicy } = inForce;
  const clock = Date.now;
  const newId = (): string => uuidv7(clock(), randomBytes);
  const embedded = connection.source === 'paper';
  // What a desk of its own leaves is not mixed with what the desk's gateway says, nor set aside by it.
  const data = embedded ? join(userData, 'paper') : userData;
  if (embedded) mkdirSync(data, { recursive: true, mode: 0o700 });
  // A gateway of its own is given a token made for this run.
  const ownToken = embedded ? randomBytes(32).toString('hex') : null;
  const engineToken = randomBytes(32).toString('hex');
  const given = ownToken ?? connection.token;
  // The log is open before anybody can sign in.
  let tokenNow = (): string | null => given;
  const secrets = createHeldSecrets();
  secrets.keep(() => [tokenNow(), engineToken]);
  const runtime = runtimeView();
  const journal = openJournal({ userData, runtime, secrets: secrets.all, app, process });
  const name = userInfo().username || 'operador';
  const terminal = {
    ...(connection.terminal ?? { id: settings.terminalId(randomUUID), name }),
    version: runtime.version,
  };
  let begun = false;
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
        ...{ desk, link, telemetry, kills, commands, hotkey, mirror, runtime, policy },
        config: connection,
        connection: connecting.view(),
        modelsPolicy: modelsPolicy(desk.ops()),
        monitorPolicy: monitorPolicy(desk.ops()),
        incidentsPolicy: incidentsPolicy(desk.ops()),
        playbooks: playbooks(desk.ops()),
        calendar: calendar(desk.ops()),
        monitor: monitor.view(),
        executions: desk.ops().incidents.incidents.some(({ closed }) => closed === null)
          ? executions.view()
          : null,
        ...identity.view(),
        notificationsPolicy: notificationsPolicy(desk.ops()),
        ownChannels: emergency.view(),
        updates: updates.view(),
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
    path: join(data, 'audit.db'),
    onOpened(opened) {
      audit.opened();
      desk.opened(opened);
      watch();
      link.restart({ code: 'mirror_opening' });
    },
    onStatus(status, was) {
      if (status.state !== was.state) journal.info('mirror', { ...status });
      // Once an outage: each event that waits would be one more to write.
      if (status.state === 'unwritable' && was.state !== 'unwritable') {
        commands.report('mirror_unwritable', status.problem ?? 'the disk takes nothing');
      }
      audit.grew();
      if (status.verifiedSeq !== was.verifiedSeq || status.unsaved !== was.unsaved) {
        host?.send('audit.grew', { seq: status.seq });
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
      audit.setAside();
      mirror.quarantine(cause);
      commands.report('mirror_quarantined', cause);
    },
    onFresh: freshEvents,
    changed,
  });

  // Who sits here, and whom this terminal speaks to.
  const identity = createIdentity({
    ...{ userData, storage: safeStorage, platform: process.platform, clock, changed },
    given: given === null ? null : { token: given, source: embedded ? 'embedded' : 'config' },
    base: { ca: connection.ca, client: connection.client },
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
    onReady(address) {
      // Another one may have been looked at for the next start.
      if (!link.addresses().includes(address)) return;
      link.wake();
      if (telemetryFrom !== null) takeTelemetry(telemetryFrom);
    },
  });
  tokenNow = identity.token;
  const connecting = createConnecting({
    ...{ now: connection, choose, identity, settings, terminal, tryGateway, changed },
  });

  const past = createPastGuard();
  const audit = createAuditDesk({
    explorerFile: join(mainDir, 'audit-worker.js'),
    jobFile: join(mainDir, 'audit-job-worker.js'),
    mirror: join(data, 'audit.db'),
    userData: data,
    places: createPlaces(),
    copy: (text) => clipboard.writeText(text),
    info: exportInfo,
    mayExport: () => mayExport(desk.welcome()?.operator.roles ?? null, policy),
    unsaved: () => mirror.status().unsaved,
    written: () => mirror.status().verifiedSeq,
    linkLive: () => link.view().state === 'live',
    held: mirror.held,
    report: (kind, detail) => commands.report(kind, detail),
    onCounted: (counted) => host?.send('audit.counted', counted),
    onJob: (job) => host?.send('audit.job', job),
    onImported: (imported) => host?.send('audit.imported', imported),
  });

  // The way to the gateway, and what is given over it.
  const link = createControlLink({
    ...{ token: identity.token, transport: identity.transport },
    ...{ terminal, embedded, clock, random: Math.random },
    uptime: () => performance.now(),
    onFailed: (address) => void identity.look([address]),
    times: policy.link,
    position: desk.position,
    onWelcome: desk.welcomed,
    onEvents: desk.take,
    onReplayed: desk.replayed,
    onCheckpoint(note) {
      mirror.checkpoint(note);
      audit.signed(note);
    },
    onAnswer(answer, address) {
      journal.info('command.answer', { correlationId: answer.id, stage: answer.stage });
      if (!kills.answer(answer, address)) commands.answer(answer);
      monitor.answer(answer);
    },
    onLease: (lease) => monitor.lease(lease),
    onHealth(next) {
      health = { unsavedEvents: next.unsavedEvents, storeError: next.storeError };
      changed();
    },
    onDiverged: desk.diverged,
    onStranger: (address) => commands.report('gateway_diverged', address),
    changed,
    onState(view, was) {
      const { state, address, cause } = view;
      journal.info('link', { state, was, address, cause });
      if (view.state === 'live') takeTelemetry(view.address);
      if (view.state === 'live') kills.linkUp();
      if (view.state === 'live') retention.look();
      if (view.state === 'live') monitor.linkUp();
      else monitor.linkLost();
      if (view.state === 'live' && was !== 'stale') commands.linkUp();
      if (view.state === 'down') commands.linkLost();
      changed();
    },
  });
  const control = (request: ControlRequest): boolean => {
    if (request.type === 'command') secrets.pass(request.params);
    const sent = link.send(request);
    if (request.type === 'command') {
      journal.info('command', { correlationId: request.id, name: request.name, sent });
    }
    return sent;
  };
  const sayAgainWithinMs = policy.link.downAfterMs;
  const commands = createCommandDesk({ control, clock, newId, changed, sayAgainWithinMs });
  const lastResort = openLastResort(join(userData, 'last-resort.json'), {
    available: () => safeStorage.isEncryptionAvailable(),
    // Only Linux has several; elsewhere it is the system's own.
    backend: () =>
      process.platform === 'linux' ? safeStorage.getSelectedStorageBackend() : process.platform,
    acceptPlain: () => safeStorage.setUsePlainTextEncryption(true),
    seal: (text) => safeStorage.encryptString(text),
    open: (sealed) => safeStorage.decryptString(sealed),
  });
  secrets.keep(() => lastResort.get().flatMap((target) => Object.values(target.secrets)));
  const direct: DirectKillDeps = { fetch: fetchJson, after: (ms) => after(ms) };
  const posted = new Set<string>();
  const kills = createKillDesk({
    ...{ clock, newId, control, sendTo: link.sendTo },
    gateways() {
      const { state, address, strangers } = link.view();
      return { live: state === 'live' ? address : null, addresses: link.addresses(), strangers };
    },
    lifted: (id) => desk.ops().kills.some((one) => one.commandId === id && one.resumedAt !== null),
    latch: openKillLatch(join(data, 'latch.json')),
    times: () => policy.kill,
    async post(address, command) {
      const given = `${address} ${command.id}`;
      // It is given to one that lacks it for as long as it stands; the journal needs that once.
      if (!posted.has(given)) journal.warn('kill.http', { correlationId: command.id, address });
      posted.add(given);
      const token = identity.token();
      const transport = identity.transport(address);
      if (token !== null && transport) return postKill(address, token, transport, command);
      const message = token === null ? 'nobody is signed in' : 'certificate not confirmed';
      return { ok: false, unsaved: false, message };
    },
    lastResort: {
      targets: lastResort.get,
      kill: (target, kill) => directKill(target, kill, direct),
      afterMs: () => policy.kill.lastResortAfterMs,
    },
    report: commands.report,
    changed() {
      windows.alarm(kills.view().some((kill) => kill.alarm));
      emergency.kills(kills.view());
      changed();
    },
  });
  const executions = createExecutionBook({
    clock,
    annulmentMs: () => incidentsPolicy(desk.ops()).annulmentMs,
  });
  const telemetry = createTelemetry({
    workerFile: join(mainDir, 'telemetry-worker.js'),
    folder: join(data, 'monitor'),
    changed: publisher.figures,
    onExecuted: executions.take,
    onEvaluated: (evaluation, occasion) => monitor.evaluated(evaluation, occasion),
  });
  const lineage = createLineageDesk({
    workerFile: join(mainDir, 'lineage-worker.js'),
    mirror: join(data, 'audit.db'),
    trades: join(data, 'trades.db'),
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

  const retention = createRetentionDesk({
    mirror: join(data, 'audit.db'),
    reports: join(data, 'reports'),
    deletions: () => desk.ops().retention.deleted,
    policies: () => [modelsPolicy(desk.ops()).retention, policies.models.document.retention],
    clock,
    tradesOf: lineage.tradesOf,
    indexTrades: lineage.index,
    async dropYear(deletion) {
      // The explorer has the archive open, and what it indexed of it is to go as well.
      audit.setAside();
      const problem = await mirror.drop(deletion);
      audit.opened();
      return problem;
    },
    name: (params) => commands.send('retention.name', params),
    refused: (detail) => commands.report('retention_refused', detail),
  });

  const { cards, postMortems, reports, stopPrinting } = createDocuments({
    ...{ desk, clock, mirror, audit, modelsPolicy },
    userData: data,
    folder: join(app.getPath('documents'), 'Vigía'),
    language: () => settings.get().language,
    policies: {
      reports: policies.reports.document,
      incidents: policies.incidents.document,
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
  const { emergency, desktop } = createNotices({
    ...{ userData, clock, changed },
    policy: () => notificationsPolicy(desk.ops()),
    settings: settings.get,
    desk: () => ({
      name: desk.welcome()?.deskName ?? connection.deskName ?? 'USD/COP',
      environment: desk.welcome()?.environment ?? desk.ops().environment ?? 'live',
    }),
    operator: () => desk.welcome()?.operator.id ?? name,
    onClick: () => windows.raisePanel(),
    sound: (level) => host?.send('notice.shown', { level }),
  });
  secrets.keep(emergency.secrets);

  const manifest = manifestName(process.platform, process.arch);
  const updates = createUpdates({
    ...{ version: runtime.version, manifestName: manifest, settings: settings.get, leave, changed },
    kept: openKept(join(userData, 'updates'), runtime.version, LOG_FORM, manifest),
    fetch: fetchText,
    loadInstaller: () => loadInstaller(journal),
    serve: serveFolder,
    hindrance: () => updateHindrance(publisher.view()),
    report: commands.report,
  });

  // What people touch.
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
    ...{ icon: join(start.resources, 'icons/tray.png'), language: settings.get().language },
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
        audit,
        past,
        monitor,
        cards,
        lineage,
        emergency,
        lastResort,
        postMortems,
        reports,
        hotkey,
        identity,
        connecting,
        settings,
        updates,
        windows,
        quit,
        restart,
      },
      saveLineage: (args) => saveLineage(args, choosePath, () => openLineage(args.at)),
      testLastResort: (target) => directTest(target, direct),
      collectDiagnostics: () =>
        collectDiagnostics({ userData, clock, facts, secrets: secrets.all }),
      onReady(window) {
        process.stdout.write(`vigia: ready ${window}\n`);
        // A panel that died and was loaded again begins nothing a second time.
        if (window !== 'panel' || begun) return;
        begun = true;
        if (embedded) beginEmbedded();
        // The first start's guide is in the console.
        if (!settings.get().guideDone) windows.openConsole();
        updates.started();
      },
      onSettings: takeSettings,
    }),
    root: PAGES_ROOT,
    contents: windows.contents,
    refuses: (channel, window) => identity.refusal(channel) ?? past.refuses(channel, window),
    onDefect(channel, error) {
      journal.error('ipc.defect', { channel, error });
      process.stderr.write(mask(`vigia: ${channel}: ${String(error)}\n`, secrets.all()));
    },
  });

  // Begin.
  hotkey.bind(settings.get().accelerator);
  if (embedded) setTimeout(beginEmbedded, PANEL_WITHIN_MS);
  else reach(connection.gateways);
  const ticking = setInterval(() => {
    if (kills.running()) kills.tick();
    // Time alone can change it: enhanced monitoring ends by itself.
    watch();
  }, TICK_MS);
  const printing = setInterval(reports.look, PRINT_LOOK_MS);
  sayProblems();
  const rereading = setInterval(() => {
    if (start.config.token !== null) void rereadToken();
    const before = settings.get();
    if (!settings.reread()) return;
    sayProblems();
    takeSettings(settings.get(), before);
  }, REREAD_MS);
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

  /** As the operators' file, the configuration is read again: a token is changed without a restart. */
  async function rereadToken(): Promise<void> {
    const next = await start.readToken();
    if (next === null || next === identity.token()) return;
    journal.info('token.changed');
    identity.renew(next);
  }

  function reach(addresses: readonly string[]): void {
    void identity.look(addresses);
    link.connect(addresses);
    const [address] = addresses;
    if (address) takeTelemetry(address);
  }

  /** Telemetry comes from the gateway whose log is followed, or else from any other that answers. */
  function takeTelemetry(address: string): void {
    const token = identity.token();
    const strangers = link.view().strangers;
    const others = link.addresses().filter((one) => one !== address && !strangers.includes(one));
    const gateways = [address, ...others].flatMap((one) => {
      const transport = identity.transport(one);
      return transport === null ? [] : [{ address: one, transport }];
    });
    if (token === null || gateways[0]?.address !== address) return;
    telemetryFrom = address;
    telemetry.connect({ gateways, token, terminal, times: policy.link });
  }

  /** Once the panel is there: on a small machine three programs at once would keep it waiting. */
  function beginEmbedded(): void {
    if (gateway === null && !leaving) gateway = startEmbedded();
  }

  function startEmbedded(): EmbeddedGateway {
    return createEmbeddedGateway({
      ...{ clock, changed, onListening: (url: string) => reach([url]) },
      fork: (file) =>
        utilityProcess.fork(join(mainDir, `${file}.js`), [], {
          serviceName: `vigia-${file}`,
        }) as unknown as Child,
      onExit(cause) {
        journal.error('gateway.exit', { cause });
        commands.report('gateway_restarted', cause);
      },
      start: {
        dataDir: join(userData, 'gateway'),
        policyDir,
        operatorToken: ownToken ?? '',
        engineToken,
        operator: { id: name, name },
        environment: 'paper',
        deskName: connection.deskName ?? 'USD/COP',
        port: 0,
      },
    });
  }

  /** Has the live model's samples watched, from the event on that made it live. */
  function watch(): void {
    telemetry.watch(watchOf(desk.ops(), monitorPolicy(desk.ops()), clock()));
  }

  function freshEvents(events: readonly LogEvent[]): void {
    // A kill that is on record comes before all that is merely told or tidied.
    for (const event of events) {
      const { type, commandId } = event;
      if (type === 'kill.requested' && commandId) kills.logged(commandId, link.view().address);
    }
    for (const { commandId } of events) if (commandId) commands.logged(commandId);
    watch();
    retention.fresh(events);
    desktop.fresh(events, desk.ops());
  }

  /** What an export of now says of where it comes from. */
  function exportInfo(): ExportInfo {
    const ops = desk.ops();
    const versions = Object.entries(ops.policies).map(([one, { version }]) => [one, version]);
    return {
      madeAt: clock(),
      madeBy: `${desk.welcome()?.operator.id ?? terminal.name} (${terminal.name})`,
      software: `vigia ${runtime.version}`,
      desk: desk.welcome()?.deskName ?? connection.deskName ?? 'USD/COP',
      policies: Object.fromEntries(versions) as Record<string, string>,
      time: {
        source: "the gateway's clock, as it stamped each event",
        offsetMs: link.view().clockOffsetMs,
      },
    };
  }

  async function choosePath(defaultPath: string): Promise<string | null> {
    const { canceled, filePath } = await dialog.showSaveDialog({ defaultPath });
    return canceled || !filePath ? null : filePath;
  }

  /** This terminal's word for who says what it exports. */
  function openLineage(at: number | null): Promise<string> {
    return lineage.openLineage(`urn:vigia:terminal:${encodeURIComponent(terminal.id)}`, at);
  }

  function takeSettings(after: Settings, before: Settings): void {
    if (after.accelerator !== before.accelerator) hotkey.bind(after.accelerator);
    if (after.language !== before.language) tray?.setLanguage(after.language);
    if (after.startAtLogin !== before.startAtLogin) {
      const { platform } = process;
      const args = keptArguments(process.argv.slice(1));
      try {
        startAtLogin(after.startAtLogin, {
          ...{ platform, program: programFile(), args, app, configDir: app.getPath('appData') },
        });
      } catch (error) {
        journal.error('autostart', { error });
      }
    }
    const { updateServer, updateKey } = before;
    if (after.updateServer !== updateServer || after.updateKey !== updateKey)
      void updates.rekeyed();
    connecting.reread();
    host?.send('settings.changed', after);
  }

  function sayProblems(): void {
    for (const { file, problem } of settings.status().problems) {
      journal.error('settings.broken', { file, problem });
    }
  }

  /** What a diagnosis starts from; texts are masked where they are written. */
  function facts() {
    const { ops, ...view } = publisher.view();
    const { source, gateways, ca, problem } = connection;
    const { userDataDir } = start.config;
    return {
      about: { ...runtime, uptimeMs: Math.round(performance.now()), memory: process.memoryUsage() },
      settings: { ...settings.get(), ...settings.status(), deskFile: start.deskFile },
      config: { source, gateways, ownAuthority: ca !== null, problem, userDataDir },
      desk: { link: view.link, mirror: view.mirror, gateway: view.gateway, hotkey: view.hotkey },
      log: {
        seq: ops.seq,
        epoch: ops.epoch,
        mode: ops.desk.mode,
        engines: Object.keys(ops.engines),
      },
    };
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
    leave(() => app.quit());
  }

  /** Ends and starts again, as it was started. @returns false while a kill of this terminal runs */
  function restart(): boolean {
    const view = publisher.view();
    if (view.pendingKill !== null || whyAskToQuit(view) === 'kill_running') return false;
    leave(() => {
      app.relaunch({ execPath: programFile(), args: process.argv.slice(1) });
      app.quit();
    });
    return true;
  }

  /** Ends every part in its order, then does what ends the program. */
  function leave(then: () => void): void {
    if (leaving) return;
    leaving = true;
    windows.letGo();
    clearInterval(ticking);
    clearInterval(rereading);
    clearInterval(printing);
    reports.stop();
    publisher.stop();
    hotkey.stop();
    stopPrinting();
    identity.stop();
    monitor.stop();
    emergency.stop();
    link.stop();
    lineage.stop();
    gateway?.stop();
    audit.stop();
    tray?.destroy();
    void Promise.all([mirror.close(), telemetry.stop()]).then(then);
  }
}

/** What starts this program again: an AppImage runs from a folder that is gone after it. */
function programFile(): string {
  return process.env.APPIMAGE ?? process.execPath;
}
