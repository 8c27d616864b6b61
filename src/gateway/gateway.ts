import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { type WebSocket, WebSocketServer } from 'ws';
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
import { policyNameSchema } from '../shared/ops/events';
import type { OpsState } from '../shared/ops/state';
import { policiesInForce } from '../shared/policy/inForce';
import type { Environment } from '../shared/protocol/engine';
import {
  ENGINE_SUBPROTOCOL,
  MAX_FRAME_BYTES,
  PATHS,
  TERMINAL_SUBPROTOCOL,
} from '../shared/protocol/wire';
import type { Clock } from '../shared/time';
import { createAlertIntake } from './alerts/intake';
import type { Authenticate, Identity } from './auth/authenticate';
import { bearer, createGatekeeper, remoteOf } from './auth/gatekeeper';
import { createBridges } from './bridges/bridges';
import type { FileBridge } from './bridges/config';
import type { StartBridge } from './bridges/process';
import { type Turns, takeTurns, watchGateways } from './cluster/acting';
import { sealBucket } from './cluster/bucket';
import {
  type Cluster,
  forwardTo,
  type LeaseCounter,
  leaseFrom,
  serveOthers,
  tellPrinted,
} from './cluster/cluster';
import { shareKills } from './cluster/kills';
import { createClusterLog } from './cluster/log';
import { holdOwnership } from './cluster/owning';
import { keepRecent } from './cluster/recent';
import { type Commands, createCommands, type Operator } from './commands';
import type { TlsFiles } from './config';
import { serveControl } from './controlSession';
import { beginDuties, type DutyOptions, type Missed } from './duties';
import { createEngineHub } from './engineHub';
import { createEventFrames } from './eventFrames';
import { createGuard } from './guard';
import { createBooks } from './incidents/books';
import { createKillDriver } from './killDriver';
import { keepKills } from './killLatch';
import { createLog, type GatewayLog, publicKeyText } from './log';
import { createGatewayMetrics, type SocketKind } from './metrics';
import { driveModes } from './modeDriver';
import { createDeploymentDriver } from './models/deploymentDriver';
import { takeInventory } from './models/inventory';
import type { LeaseDesk, LeaseView } from './monitor/leaseDesk';
import { startStandIn } from './monitor/standIn';
import { openOutbox } from './notify/outbox';
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

const NO_LEASE: LeaseView = { holder: null, token: null, expiresInMs: 0 };
/** How long a closed trade waits for others, to be recorded with them. */
const TRADES_WAIT_MS = 2_000;
/** How often printings at the servers are compared with the record. */
const SHARE_EVERY_MS = 60_000;
const CHANNELS = ['control', 'telemetry', 'engine'] as const;

/** A gateway of several whose key is not the desk's: terminals would believe nothing that it signs. */
export class OtherKeyError extends Error {
  override readonly name = 'OtherKeyError';
  constructor(path: string) {
    super(
      `${path} is not the key that the log names: all gateways of a desk share one. Stop, and copy the file from a gateway that runs on this log`,
    );
  }
}

/**
 * Starts a gateway: verifies its log, takes running kills up and listens.
 *
 * @throws BrokenLogError, OtherHistoryError, OtherKeyError, listen errors
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { clock, random, environment, journal } = options;
  const policy = options.policies.operations.document;
  const key = loadOrCreateKey(join(options.dataDir, 'signing.pem'));
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
  const common = {
    ...{ store, sha256, clock, random, key, origin: LOG_ORIGIN },
    checkpointEvery: policy.log.checkpointEvery,
    onReplay: (event: LogEvent, state: OpsState) => {
      if (event.commandId !== null) history.push(event);
      if (event.seq > lookedAt) missed.push({ event, state });
      queue.replayed(event);
    },
  };
  const log = cluster
    ? await createClusterLog({
        ...{ ...common, stream: cluster.stream, uptime: options.uptime, signs: acting },
      })
    : await createLog(common);
  if (log.state().epoch === null) {
    const data = {
      epoch: uuidv7(clock(), random),
      gatewayId: uuidv7(clock(), random),
      publicKey: publicKeyText(key),
      environment,
    };
    log.append({ type: 'log.opened', data, holds: ({ epoch }) => epoch === null });
    await log.settled();
  }
  const [opened] = await log.read(1, 1);
  if (cluster && opened && opened.data.publicKey !== publicKeyText(key)) {
    await log.stop();
    throw new OtherKeyError(join(options.dataDir, 'signing.pem'));
  }
  const gatewayId = log.state().gatewayId ?? 'gateway';
  const owner =
    cluster && (await holdOwnership({ log, leases: cluster.leases, node: cluster.node }));
  const startedAs = owner && { node: owner.node, lease: owner.token() };
  log.append({
    type: 'gateway.started',
    data: {
      ...{ version: options.version, runtime: `node ${process.versions.node}`, environment },
      ...startedAs,
    },
    // The engines of a later life under this name are not lost by it.
    holds: ({ leases }) => !startedAs || (leases[startedAs.node] ?? 0) < startedAs.lease,
  });
  for (const name of policyNameSchema.options) {
    const { document, hash } = options.policies[name];
    // The same file read again does not undo what a person changed since.
    if (log.state().policies[name]?.fileHash === hash) continue;
    const data = { name, version: document.version, hash, document };
    const holds = ({ policies: now }: OpsState) => now[name]?.fileHash !== hash;
    log.append({ type: 'policy.loaded', data, holds });
  }
  const policies = policiesInForce(options.policies, log.state);

  // Before the kill driver hears of it: what is latched is latched before an engine is told.
  history.push(...keepKills(join(options.dataDir, 'latch.json'), log));
  const { uptime } = options;
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
        ...{ log, hub, policy, clock, random, uptime: options.uptime, kept: secrets },
        ...options.bridges,
        owner: `vigia-${gatewayId.slice(-12)}`,
      })
    : null;
  /** The monitor's lease as this gateway gives it: to nobody while another acts. */
  const ownLease: LeaseDesk = {
    ask: (holder, token) => duties?.lease.ask(holder, token) ?? NO_LEASE,
    release: (token) => duties?.lease.release(token),
    view: () => duties?.lease.view() ?? NO_LEASE,
    mayAct: (holder, token) => duties?.lease.mayAct(holder, token) === true,
  };
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
  const answer = getRequestListener(rest.fetch);
  const server = options.tls
    ? createTlsServer(tlsOptions(options.tls), answer)
    : createServer(answer);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    handleProtocols: (offered) =>
      [TERMINAL_SUBPROTOCOL, ENGINE_SUBPROTOCOL].find((one) => offered.has(one)) ?? false,
  });

  // The gateway's own bridges come in plain text, on this machine and by a door of their own.
  const door = bridges && options.tls ? createServer() : null;
  server.on('upgrade', (request, socket, head) => upgrade(request, socket, head, false));
  door?.on('upgrade', (request, socket, head) => upgrade(request, socket, head, true));

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, inside: boolean): void {
    socket.on('error', () => undefined);
    void admit(request, inside).then((serve) => {
      if (typeof serve === 'number') {
        socket.end(`HTTP/1.1 ${serve} ${STATUS_CODES[serve]}\r\n\r\n`);
      } else {
        sockets.handleUpgrade(request, socket, head, serve);
      }
    });
  }

  /** What serves the socket that is asked for, or the HTTP status that refuses it. */
  async function admit(
    request: IncomingMessage,
    inside: boolean,
  ): Promise<((socket: WebSocket) => void) | number> {
    const path = (request.url ?? '').split('?')[0];
    const channel = CHANNELS.find((one) => path === PATHS[one]);
    if (channel === undefined) return 404;
    const token = bearer(request.headers.authorization);
    const bridged = token !== undefined && channel === 'engine' ? bridges?.engineOf(token) : null;
    if (token !== undefined && bridged) {
      return counted('engine', bridged, (socket) => {
        gate.watch(socket, token, () => bridges?.stands(bridged, token) ?? false);
        hub.accept(socket, bridged);
      });
    }
    if (inside) return 404;
    const who = await gate.admit(token, remoteOf(request), channel);
    if (who === 'limited' || who === 'nobody' || token === undefined) {
      metrics.refused('http', who === 'limited' ? 'guessing' : 'unauthenticated');
      options.journal?.warn('refused', { path, from: remoteOf(request) });
      return who === 'limited' ? 429 : 401;
    }
    const serve = serves(channel, who);
    if (serve === null) return 403;
    const account = who.kind === 'operator' ? who.operator.id : (who.engine ?? 'any');
    return counted(channel, account, (socket) => {
      gate.watch(socket, token);
      serve(socket);
    });
  }

  function serves(channel: (typeof CHANNELS)[number], who: Identity) {
    if (channel === 'engine') {
      return who.kind === 'engine' ? (socket: WebSocket) => hub.accept(socket, who.engine) : null;
    }
    if (who.kind !== 'operator') return null;
    const { operator, expiresAt } = who;
    return (socket: WebSocket) => {
      if (channel === 'telemetry') telemetry.accept(socket, operator);
      else {
        const session = { socket, operator, tokenExpiresAt: expiresAt };
        const parts = { log, frames, commands, lease, mayHold, policy, clock, welcome };
        serveControl({ ...session, ...parts, guard, metrics });
      }
    };
  }

  /** Serves a socket that no limit keeps out, counted while it is open. */
  function counted(kind: SocketKind, who: string, serve: (socket: WebSocket) => void) {
    // The embedded desk's engines share one account; each is known by its own id later.
    if (guard.hindrance(kind, who) !== null) return 503 as const;
    return (socket: WebSocket): void => {
      guard.count(kind, who, socket);
      serve(socket);
    };
  }

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

  // Last of those that hear an event: nothing waits for a line of a journal.
  log.onRecorded(({ seq, type, commandId }) => {
    journal?.info(type, { seq, ...(commandId === null ? {} : { correlationId: commandId }) });
  });
  await listen(server, options.port, options.host);
  if (door) await listen(door, 0, '127.0.0.1');
  const { port: inner } = (door ?? server).address() as AddressInfo;
  const host = door || options.host === '0.0.0.0' ? '127.0.0.1' : options.host;
  const url = `ws://${host.includes(':') ? `[${host}]` : host}:${inner}`;
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
    shareKills(log, peers);
    turns = takeTurns({ log, leases, node: cluster.node, begin: beginTurn });
  }

  /** What only one gateway does is this one's from now on, until the way out is taken. */
  function beginTurn(own: GatewayLog): () => void {
    if (!cluster) throw new Error('a gateway that is alone has no turns');
    const { peers, leases } = cluster;
    // What is older than what is told again below was another's to tell.
    for (const file of [outboxFile, `${outboxFile}-wal`, `${outboxFile}-shm`]) {
      rmSync(file, { force: true });
    }
    const ways: (() => void)[] = [];
    const leave = (): void => {
      for (const way of ways.splice(0).reverse()) way();
    };
    // What the servers do not take now is tried again.
    const share = () => void reports.share().catch(() => undefined);
    const sharing = setInterval(share, SHARE_EVERY_MS);
    ways.push(() => clearInterval(sharing));
    try {
      const box = openOutbox(outboxFile, String(clock()));
      const mine = beginDuties(own, box, recent?.events() ?? [], dutyOptions);
      duties = mine;
      turnLog = own;
      ways.push(() => {
        duties = null;
        turnLog = null;
        mine.stop();
      });
      ways.push(() => bridges?.stop());
      bridges?.start(url);
      ways.push(serveOthers(peers, commands, mine.lease, mine.reports));
      ways.push(watchGateways(own, { node: cluster.node, peers, leases, uptime, clock }));
      setImmediate(() => {
        if (duties !== mine) return;
        driver.conclude();
        deployments.start();
        void secrets.look();
        share();
      });
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  return {
    port: (server.address() as AddressInfo).port,
    log,
    commands,
    async stop() {
      gate.stop();
      standIn.stop();
      await turns?.stop();
      recent?.stop();
      secrets.stop();
      reports.stop();
      bridges?.stop();
      door?.close();
      duties?.stop();
      alerts.stop();
      retention.stop();
      stopModes();
      deployments.stop();
      driver.stop();
      telemetry.stop();
      hub.stop();
      trades.stop();
      for (const socket of sockets.clients) socket.terminate();
      await new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      });
      log.append({
        type: 'gateway.stopped',
        data: { cause: 'asked to stop', ...(node !== null && { node }) },
      });
      await log.stop();
      await cluster?.close();
    },
  };
}

/** SECURITY: with an authority for clients, TLS itself refuses who has no certificate of it. */
function tlsOptions({ cert, key, clientCa }: TlsFiles) {
  const base = { cert, key, minVersion: 'TLSv1.2' } as const;
  if (clientCa === null) return base;
  return { ...base, ca: clientCa, requestCert: true, rejectUnauthorized: true };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((listening, failed) => {
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      listening();
    });
  });
}
