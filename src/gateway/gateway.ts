import { join } from 'node:path';
import { loadOrCreateKey } from '../node/keys';
import type { Logger } from '../node/logFile';
import { NODE_TIMERS, type Timers } from '../node/notify/lanes';
import { type Send, send } from '../node/notify/send';
import type { PolicyFiles } from '../node/policyFiles';
import { keyFor } from '../node/sealed';
import { sha256 } from '../node/sha256';
import { signNote } from '../node/signedNote';
import { SqliteEventStore } from '../node/sqliteEventStore';
import { type RandomBytes, uuidv7 } from '../shared/ids';
import { checkpointText, LOG_ORIGIN } from '../shared/log/checkpoint';
import type { LogEvent } from '../shared/log/event';
import type { Outcome } from '../shared/notify/outcome';
import { policiesInForce } from '../shared/policy/inForce';
import type { Environment } from '../shared/protocol/engine';
import type { Clock } from '../shared/time';
import { createAlertIntake } from './alerts/intake';
import type { Authenticate } from './auth/authenticate';
import { createGatekeeper } from './auth/gatekeeper';
import { createBridges } from './bridges/bridges';
import type { FileBridge } from './bridges/config';
import type { StartBridge } from './bridges/process';
import { type Turns, takeTurns } from './cluster/acting';
import { sealBucket } from './cluster/bucket';
import {
  type Cluster,
  forwardTo,
  type LeaseCounter,
  leaseFrom,
  tellPrinted,
} from './cluster/cluster';
import { shareKills } from './cluster/kills';
import { keepRecent } from './cluster/recent';
import { beginTurn } from './cluster/turn';
import { type Commands, createCommands, type Operator } from './commands';
import type { TlsFiles } from './config';
import { createDoors } from './doors';
import { beginDuties, type DutyOptions, type Missed } from './duties';
import { createEngineHub } from './engineHub';
import { createEventFrames } from './eventFrames';
import { createGuard } from './guard';
import { createBooks } from './incidents/books';
import { createKillDriver } from './killDriver';
import { keepKills } from './killLatch';
import { type GatewayLog, publicKeyText } from './log';
import { createGatewayMetrics } from './metrics';
import { driveModes } from './modeDriver';
import { createDeploymentDriver } from './models/deploymentDriver';
import { takeInventory } from './models/inventory';
import { leaseInTurn } from './monitor/leaseDesk';
import { startStandIn } from './monitor/standIn';
import { openOutbox } from './notify/outbox';
import { openLog, recordStart } from './openLog';
import { createDayBook } from './reports/dayBook';
import { openReportFiles } from './reports/files';
import type { DeliverReport } from './reports/keeper';
import { sharePrintings } from './reports/printings';
import { createRest } from './rest/index';
import { keepRetention } from './retention';
import { keepDeskSecrets } from './secrets';
import { createTelemetryFanout } from './telemetryFanout';
import { createTradeQueue, recordTrades } from './trades/recorder';

export interface GatewayOptions {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly environment: Environment;
  readonly deskName: string;
  /** The policy files; what the log has changed since holds instead. */
  readonly policies: PolicyFiles;
  readonly version: string;
  readonly authenticate: Authenticate;
  /** Null listens in plain text, which the configuration allows on this machine only. */
  readonly tls: TlsFiles | null;
  /** Of the webhook subscription of PagerDuty; none takes nothing from there. */
  readonly pagerdutySecret?: string | null;
  /** How bridges are run, and those that the configuration file has; without it there are none. */
  readonly bridges?: {
    readonly start: StartBridge;
    readonly configured: readonly FileBridge[];
    readonly env: Readonly<Record<string, string | undefined>>;
  };
  /** Sends a report; by the desk's e-mail channel where it is left out. */
  readonly deliverReport?: DeliverReport;
  /** What makes this one of several gateways on one log; alone where it is left out. */
  readonly cluster?: Cluster;
  /** Opens the log's store; SQLite where it is left out. */
  readonly openStore?: (path: string) => SqliteEventStore;
  /** Sends a notification; by network where it is left out. */
  readonly send?: (what: Send) => Promise<Outcome>;
  /** Timers of the notifier's retries; Node's where they are left out. */
  readonly timers?: Timers;
  /** Where it says what it did; nowhere when it is left out. */
  readonly journal?: Logger;
  readonly clock: Clock;
  /** Milliseconds that never jump. */
  readonly uptime: Clock;
  readonly random: RandomBytes;
}

export interface Gateway {
  readonly port: number;
  readonly log: GatewayLog;
  readonly commands: Commands;
  stop(): Promise<void>;
}

/** How long a closed trade waits for others, to be recorded with them. */
const TRADES_WAIT_MS = 2_000;

/**
 * Starts a gateway: verifies its log, takes running kills up and listens.
 *
 * @throws BrokenLogError, OtherHistoryError, OtherKeyError, listen errors
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { clock, uptime, random, environment, journal } = options;
  const policy = options.policies.operations.document;
  const keyFile = join(options.dataDir, 'signing.pem');
  const key = loadOrCreateKey(keyFile);
  const openStore = options.openStore ?? ((path) => new SqliteEventStore(path, sha256));
  const store = openStore(join(options.dataDir, 'log.db'));
  const history: LogEvent[] = [];
  const { cluster = null } = options;
  const node = cluster?.node ?? null;
  const outboxFile = join(options.dataDir, 'outbox.db');
  // Of several gateways the one that acts tells people, from an outbox of its turn.
  const outbox = cluster ? null : openOutbox(outboxFile, String(clock()));
  const lookedAt = outbox?.handled() ?? Number.POSITIVE_INFINITY;
  const missed: Missed[] = [];
  const queue = createTradeQueue();
  let turns: Turns | null = null;
  const acting = () => cluster === null || turns?.acting() === true;
  let turnLog: GatewayLog | null = null;
  const turn = () => (cluster ? (acting() ? turnLog : null) : log);
  const opened = await openLog({
    ...{ store, key, keyFile, environment, cluster, clock, uptime, random, signs: acting },
    checkpointEvery: policy.log.checkpointEvery,
    onReplay(event, state) {
      if (event.commandId !== null) history.push(event);
      if (event.seq > lookedAt) missed.push({ event, state });
      queue.replayed(event);
    },
  });
  const { log, gatewayId, owner } = opened;
  recordStart(opened, options);
  const policies = policiesInForce(options.policies, log.state);

  // Before the kill driver hears of it: what is latched is latched before an engine is told.
  const latched = keepKills(join(options.dataDir, 'latch.json'), log);
  history.push(...latched);
  const metrics = createGatewayMetrics(log);
  const guard = createGuard({ limits: policy.limits, uptime, metrics });
  const hub = createEngineHub({
    ...{ log, policy, gatewayId, owner, clock, uptime, random, guard, metrics },
  });
  const driver = createKillDriver({ log, hub, times: policy.kill, clock, turn });
  const stopModes = driveModes(log, hub);
  takeInventory(log, hub, () => policies().models);
  const deployments = createDeploymentDriver({
    ...{ log, hub, clock, turn },
    policy: () => policies().models.rollback,
  });
  const mayHold = ({ roles }: Operator) =>
    roles.some((role) => policies().monitor.permissions.hold.includes(role));
  const books = createBooks(hub, () => policies().incidents, clock);
  const newId = () => uuidv7(clock(), random);
  const secrets = keepDeskSecrets({
    ...{ log, dataDir: options.dataDir, newId },
    shared: cluster && {
      bucket: sealBucket(cluster.secrets, keyFor('vigia secrets 1', key)),
      turn,
      onForeign: (name) => journal?.warn('foreign secret', { name }),
    },
  });
  const toPrinted = cluster && tellPrinted(cluster.peers);
  const reports = openReportFiles({
    ...{ log, policies, sha256, folder: join(options.dataDir, 'reports') },
    shared:
      cluster && sharePrintings(sealBucket(cluster.printings, keyFor('vigia printings 1', key))),
    printed: (one) => duties?.reports.printed(one) ?? toPrinted?.(one) ?? 'late',
  });
  const dutyOptions: DutyOptions = {
    ...{ hub, policies, books, days: createDayBook(hub, clock), secrets, journal, sha256 },
    ...{ reports, deskName: options.deskName, clock, uptime, newId },
    deliverReport: options.deliverReport,
    send: options.send ?? ((what) => send(what, clock)),
    timers: options.timers ?? NODE_TIMERS,
    jitter: () => (random(1)[0] ?? 0) / 256,
  };
  let duties = outbox && beginDuties(log, outbox, missed, dutyOptions);
  const bridges = options.bridges
    ? createBridges({
        ...{ log, hub, policy, clock, random, uptime, kept: secrets },
        ...options.bridges,
        owner: `vigia-${gatewayId.slice(-12)}`,
      })
    : null;
  const ownLease = leaseInTurn(() => duties?.lease);
  const others = cluster && leaseFrom(cluster.peers);
  const lease: LeaseCounter = {
    ...ownLease,
    ask: (holder, token) => (duties || !others ? ownLease : others).ask(holder, token),
    release: (token) => (duties || !others ? ownLease : others).release(token),
  };
  const forward = cluster && forwardTo(cluster.peers);
  const commands = createCommands({
    ...{ log, hub, policies, books, sha256, clock, bridges, history },
    // Of several gateways each goes by the log, which says whose token is the last.
    mayAct: (holder, fence) => {
      if (!cluster) return ownLease.mayAct(holder, fence);
      const { monitor } = log.state();
      return monitor.holder === holder && monitor.token === fence;
    },
    publicKey: publicKeyText(key),
    secrets,
    testChannel: (...about) => duties?.notifier.test(...about),
    forward: () => (acting() ? null : forward),
  });
  const standIn = startStandIn({
    ...{ log, hub, commands, policies, clock, random, uptime, lease: ownLease },
    folder: join(options.dataDir, 'monitor'),
  });

  const frames = createEventFrames(log);
  const telemetry = createTelemetryFanout({
    ...{ hub, policy, clock, uptime, guard, metrics, welcome },
    window: standIn.window,
  });
  const trades = recordTrades({ log, hub, queue, waitMs: TRADES_WAIT_MS });
  const retention = keepRetention({ log, folder: join(options.dataDir, 'reports'), journal });
  const { limits, recheckEveryMs } = policy.auth;
  const { authenticate } = options;
  const gate = createGatekeeper({ log, authenticate, limits, recheckEveryMs, clock });
  const alerts = createAlertIntake({ log, policy: () => policies().incidents.alerts, clock });
  const rest = createRest({
    ...{ log, commands, policies, gate, guard, metrics, clock, books, alerts, reports },
    pagerdutySecret: options.pagerdutySecret ?? null,
    audit: {
      logFile: join(options.dataDir, 'log.db'),
      desk: {
        name: options.deskName,
        version: options.version,
        publicKey: publicKeyText(key),
      },
      sign: (position) => signNote(checkpointText(LOG_ORIGIN, position), LOG_ORIGIN, key),
    },
  });
  const doors = createDoors({
    ...{ host: options.host, port: options.port, tls: options.tls },
    ...{ rest, gate, guard, metrics, hub, telemetry, bridges, journal },
    control: { log, frames, commands, lease, mayHold, policy, clock, welcome },
  });

  function welcome() {
    const { epoch, policyVersion } = log.state();
    return {
      gatewayId,
      epoch: epoch ?? gatewayId,
      head: log.savedHead(),
      time: clock(),
      environment,
      deskName: options.deskName,
      policyVersion: policyVersion ?? policy.version,
      publicKey: publicKeyText(key),
      heartbeatMs: policy.link.heartbeatMs,
    };
  }

  // Whoever carries a kill out, or answers for it, has heard of it before.
  const stopTelling = cluster && shareKills(log, cluster.peers, latched);
  // Last of those that hear an event: nothing waits for a line of a journal.
  log.onRecorded(({ seq, type, commandId }) => {
    journal?.info(type, { seq, ...(commandId === null ? {} : { correlationId: commandId }) });
  });
  const url = await doors.listen();
  if (!cluster) bridges?.start(url);
  driver.start();
  deployments.start();
  const recent = cluster && keepRecent(log, uptime);
  if (cluster) {
    // Who begins its turn without them tells people of bridges that fail.
    await secrets.look();
    const { peers, leases } = cluster;
    hub.listen({
      telemetry(engine, session, items) {
        if (hub.isConnected(engine)) peers.telemetry(engine, session, items);
      },
    });
    peers.onTelemetry(hub.relay);
    turns = takeTurns({
      ...{ log, leases, node: cluster.node },
      begin: (own) =>
        beginTurn(own, {
          ...{ cluster, outboxFile, commands, driver, deployments, secrets, bridges, url },
          ...{ duties: dutyOptions, clock, uptime, missed: () => recent?.events() ?? [] },
          held(mine) {
            duties = mine;
            turnLog = mine && own;
          },
        }),
    });
  }

  return {
    port: doors.port(),
    log,
    commands,
    async stop() {
      gate.stop();
      standIn.stop();
      await turns?.stop();
      stopTelling?.();
      recent?.stop();
      secrets.stop();
      reports.stop();
      bridges?.stop();
      duties?.stop();
      alerts.stop();
      retention.stop();
      stopModes();
      deployments.stop();
      driver.stop();
      telemetry.stop();
      hub.stop();
      trades.stop();
      await doors.close();
      log.append({
        type: 'gateway.stopped',
        data: { cause: 'asked to stop', ...(node !== null && { node }) },
      });
      await log.stop();
      await cluster?.close();
    },
  };
}
