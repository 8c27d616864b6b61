import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { app, powerMonitor, safeStorage } from 'electron';
import { mask } from '../node/logFile';
import { readPolicies } from '../node/policyFiles';
import { uuidv7 } from '../shared/ids';
import type { LogEvent } from '../shared/log/event';
import { readersInForce } from '../shared/policy/inForce';
import type { ControlRequest } from '../shared/protocol/terminal';
import type { GatewayHealthView } from '../shared/view/desk';
import { createPastGuard } from './audit/past';
import { createCommandDesk } from './commands';
import { type Config, readTextFile } from './config';
import { chooseConnection } from './connection/choose';
import { createConnecting } from './connection/connecting';
import { tryGateway } from './connection/tryGateway';
import { assembleView, createDeskPublisher } from './deskView';
import { collectDiagnostics } from './diagnostics';
import { createDocuments } from './documents/documents';
import { createOwnDesk } from './embedded/ownDesk';
import { createEnding } from './ending';
import { diagnosisFacts } from './facts';
import { createIdentity } from './identity/identity';
import { probeCertificate } from './identity/pins';
import { createHandlers } from './ipc/handlers';
import { createIpcHost, type IpcHost } from './ipc/host';
import { openJournal } from './journal';
import { createKills } from './kill/kills';
import { createControlLink } from './link/controlLink';
import { createWatching } from './monitor/watching';
import { createNotices } from './notify/notices';
import { PAGES_ROOT } from './pages';
import { createRecord } from './record';
import { runtimeView } from './runtime';
import { createHeldSecrets } from './secrets';
import type { SettingsStore } from './settings';
import { applySettings } from './settingsInUse';
import { createTouch } from './touch';
import { createProgramUpdates } from './updates/programUpdates';
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
  const inForce = readersInForce(policies);
  const clock = Date.now;
  const newId = (): string => uuidv7(clock(), randomBytes);
  const embedded = connection.source === 'paper';
  // What a desk of its own leaves is not mixed with what the desk's gateway says, nor set aside by it.
  const data = embedded ? join(userData, 'paper') : userData;
  if (embedded) mkdirSync(data, { recursive: true, mode: 0o700 });
  const engineToken = randomBytes(32).toString('hex');
  const deskName = connection.deskName ?? 'USD/COP';
  const name = userInfo().username || 'operador';
  const ownDesk = embedded
    ? createOwnDesk({
        ...{ mainDir, userData, engineToken, clock },
        start: { policyDir, operator: { id: name, name }, deskName },
        onListening: (url) => reach([url]),
        onExit(cause) {
          journal.error('gateway.exit', { cause });
          commands.report('gateway_restarted', cause);
        },
        changed: () => changed(),
      })
    : null;
  const given = ownDesk?.token ?? connection.token;
  // The log is open before anybody can sign in.
  let tokenNow = (): string | null => given;
  const secrets = createHeldSecrets();
  secrets.keep(() => [tokenNow(), engineToken]);
  const runtime = runtimeView();
  const journal = openJournal({ userData, runtime, secrets: secrets.all, app, process });
  const terminal = {
    ...(connection.terminal ?? { id: settings.terminalId(randomUUID), name }),
    version: runtime.version,
  };
  let begun = false;
  let host: IpcHost | null = null;
  let health: Pick<GatewayHealthView, 'unsavedEvents' | 'storeError'> = {
    unsavedEvents: 0,
    storeError: null,
  };

  // What is sent to the windows, and when.
  const publisher = createDeskPublisher({
    assemble: () =>
      assembleView({
        ...{ desk, link, telemetry, kills, commands, hotkey, mirror, runtime, inForce },
        config: connection,
        connection: connecting.view(),
        monitor: monitor.view(),
        executions: executions(),
        ...identity.view(),
        ownChannels: emergency.view(),
        updates: updates.view(),
        gateway: {
          ...health,
          restarts: ownDesk?.restarts() ?? 0,
          lastExit: ownDesk?.lastExit() ?? null,
        },
      }),
    clock,
    send: (view) => host?.send('desk.changed', view),
  });
  const changed = publisher.now;

  // The log: followed here, kept by the mirror's thread.
  const { mirror, desk, audit, lineage, saveLineage, retention } = createRecord({
    ...{ mainDir, data, clock, journal, terminal, deskName, changed },
    modelsPolicy: inForce.models,
    policies: { operations: policy, models: policies.models.document },
    linkView: () => link.view(),
    restartLink: (cause) => link.restart(cause),
    report: (kind, detail) => commands.report(kind, detail),
    nameDeleted: (params) => commands.send('retention.name', params),
    send: (event, payload) => host?.send(event, payload),
    onOpened: () => watch(),
    onFresh: freshEvents,
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
      telemetryFrom.forget();
      link.connect(link.addresses());
    },
    onReady(address) {
      // Another one may have been looked at for the next start.
      if (!link.addresses().includes(address)) return;
      link.wake();
      telemetryFrom.again();
    },
  });
  tokenNow = identity.token;
  const connecting = createConnecting({
    ...{ now: connection, choose, identity, settings, terminal, tryGateway, changed },
  });

  const past = createPastGuard();

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
    onState({ state, address, cause }, was) {
      journal.info('link', { state, was, address, cause });
      if (state === 'live') {
        telemetryFrom.take(address);
        kills.linkUp();
        retention.look();
        monitor.linkUp();
        if (was !== 'stale') commands.linkUp();
      } else monitor.linkLost();
      if (state === 'down') commands.linkLost();
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
  const { kills, lastResort, testLastResort } = createKills({
    ...{ userData, data, journal, link, desk, identity, control, clock, newId },
    policy: policy.kill,
    report: commands.report,
    changed() {
      windows.alarm(kills.view().some((kill) => kill.alarm));
      emergency.kills(kills.view());
      changed();
    },
  });
  secrets.keep(() => lastResort.get().flatMap((target) => Object.values(target.secrets)));
  const { telemetry, telemetryFrom, monitor, watch, executions } = createWatching({
    ...{ mainDir, data, clock, newId, desk, link, identity, terminal, inForce },
    times: policy.link,
    changed: publisher.figures,
  });

  const { cards, postMortems, reports, stopPrinting } = createDocuments({
    ...{ desk, clock, mirror, audit, link, identity },
    modelsPolicy: inForce.models,
    userData: data,
    folder: join(app.getPath('documents'), 'Vigía'),
    language: () => settings.get().language,
    policies: { reports: policies.reports.document, incidents: policies.incidents.document },
    record: (params) => commands.send('report.record', params) !== null,
    acts: () => monitor.view().acts,
    onProgress: (progress) => host?.send('report.progress', progress),
  });
  const { emergency, desktop } = createNotices({
    ...{ userData, clock, changed },
    policy: () => inForce.notifications(desk.ops()),
    settings: settings.get,
    desk: () => ({
      name: desk.welcome()?.deskName ?? deskName,
      environment: desk.welcome()?.environment ?? desk.ops().environment ?? 'live',
    }),
    operator: () => desk.welcome()?.operator.id ?? name,
    onClick: () => windows.raisePanel(),
    sound: (level) => host?.send('notice.shown', { level }),
  });
  secrets.keep(emergency.secrets);

  const { quit, restart, leave } = createEnding({
    view: publisher.view,
    ask(reason) {
      windows.raisePanel();
      host?.send('quit.asked', { reason });
    },
    stop,
  });
  const updates = createProgramUpdates({
    ...{ userData, version: runtime.version, settings: settings.get, journal, leave, changed },
    ...{ view: publisher.view, report: commands.report },
  });
  const facts = () => diagnosisFacts(publisher.view(), connection, settings, start);

  // What people touch.
  const { hotkey, tray } = createTouch({
    ...{ clock, settings: settings.get, windows, askForKill, changed },
    icon: join(start.resources, 'icons/tray.png'),
    onFire() {
      const reason = settings.get().defaultReason;
      kills.fire({ scope: { kind: 'all' }, reason, closePositions: true, origin: 'hotkey' });
      identity.killed();
      windows.raisePanel();
    },
    onQuit: () => quit(false),
    report: commands.report,
  });
  host = createIpcHost({
    handlers: createHandlers({
      ...{ publisher, kills, commands, telemetry, audit, past, monitor, cards, lineage },
      ...{ emergency, lastResort, testLastResort, postMortems, reports, hotkey, identity },
      ...{ connecting, settings, updates, windows, quit, restart, saveLineage },
      collectDiagnostics: () =>
        collectDiagnostics({ userData, clock, facts, secrets: secrets.all }),
      onReady(window) {
        process.stdout.write(`vigia: ready ${window}\n`);
        // A panel that died and was loaded again begins nothing a second time.
        if (window !== 'panel' || begun) return;
        begun = true;
        ownDesk?.begin();
        // The first start's guide is in the console.
        if (!settings.get().guideDone) windows.openConsole();
        updates.started();
      },
      onSettings: (after, before) => inUse.take(after, before),
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
  if (ownDesk) setTimeout(ownDesk.begin, PANEL_WITHIN_MS);
  else reach(connection.gateways);
  const ticking = setInterval(() => {
    if (kills.running()) kills.tick();
    // Time alone can change it: enhanced monitoring ends by itself.
    watch();
  }, TICK_MS);
  const printing = setInterval(reports.look, PRINT_LOOK_MS);
  const inUse = applySettings({
    ...{ settings, journal },
    reread() {
      if (start.config.token !== null) void rereadToken();
    },
    onAccelerator: hotkey.bind,
    onLanguage: (language) => tray?.setLanguage(language),
    onUpdateServer: () => void updates.rekeyed(),
    onTaken(next) {
      connecting.reread();
      host?.send('settings.changed', next);
    },
  });
  app.on('second-instance', windows.raisePanel);
  app.on('activate', windows.raisePanel);
  // Windows may all be hidden; the hotkey and the link go on.
  app.on('window-all-closed', () => undefined);

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
    if (address) telemetryFrom.take(address);
  }

  function freshEvents(events: readonly LogEvent[]): void {
    // A kill that is on record comes before all that is merely told or tidied.
    for (const { type, commandId } of events) {
      if (type === 'kill.requested' && commandId) kills.logged(commandId, link.view().address);
    }
    for (const { commandId } of events) if (commandId) commands.logged(commandId);
    watch();
    retention.fresh(events);
    desktop.fresh(events, desk.ops());
  }

  function askForKill(origin: 'hotkey' | 'tray'): void {
    windows.raisePanel();
    host?.send('kill.dialog', { origin });
  }

  /** Ends every part in its order. */
  function stop(): Promise<unknown> {
    windows.letGo();
    clearInterval(ticking);
    clearInterval(printing);
    for (const one of [inUse, reports, publisher, hotkey]) one.stop();
    stopPrinting();
    for (const one of [identity, monitor, emergency, link, lineage, ownDesk, audit]) one?.stop();
    tray?.destroy();
    return Promise.all([mirror.close(), telemetry.stop()]);
  }
}
