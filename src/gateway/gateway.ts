import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { type WebSocket, WebSocketServer } from 'ws';
import { loadOrCreateKey } from '../node/keys';
import type { Logger } from '../node/logFile';
import type { PolicyFiles } from '../node/policyFiles';
import { sha256 } from '../node/sha256';
import { SqliteEventStore } from '../node/sqliteEventStore';
import { type RandomBytes, uuidv7 } from '../shared/ids';
import { LOG_ORIGIN } from '../shared/log/checkpoint';
import type { LogEvent } from '../shared/log/event';
import { inForceReader, type Policies } from '../shared/policy/inForce';
import type { Environment } from '../shared/protocol/engine';
import {
  ENGINE_SUBPROTOCOL,
  MAX_FRAME_BYTES,
  PATHS,
  TERMINAL_SUBPROTOCOL,
} from '../shared/protocol/wire';
import type { Clock } from '../shared/time';
import type { Authenticate } from './auth';
import { type Commands, createCommands } from './commands';
import type { TlsFiles } from './config';
import { serveControl } from './controlSession';
import { createEngineHub } from './engineHub';
import { createEventFrames } from './eventFrames';
import { createGuard } from './guard';
import { createKillDriver } from './killDriver';
import { keepUnsavedKills } from './killLatch';
import { createLog, type GatewayLog, publicKeyText } from './log';
import { createGatewayMetrics, type SocketKind } from './metrics';
import { driveModes } from './modeDriver';
import { createDeploymentDriver } from './models/deploymentDriver';
import { keepGovernance } from './models/governance';
import { takeInventory } from './models/inventory';
import { createLeaseDesk } from './monitor/leaseDesk';
import { startStandIn } from './monitor/standIn';
import { createRest } from './rest/index';
import { expireResumes } from './resumeExpiry';
import { createTelemetryFanout } from './telemetryFanout';

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
  /** Opens the log's store; SQLite where it is left out. */
  readonly openStore?: (path: string) => SqliteEventStore;
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

const REFUSALS = { 401: 'Unauthorized', 404: 'Not Found', 503: 'Service Unavailable' } as const;

/** Starts a gateway: verifies its log, takes running kills up and listens. @throws BrokenLogError, listen errors */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { clock, random, environment, journal } = options;
  const policy = options.policies.operations.document;
  const key = loadOrCreateKey(join(options.dataDir, 'signing.pem'));
  const openStore = options.openStore ?? ((path) => new SqliteEventStore(path, sha256));
  const store = openStore(join(options.dataDir, 'log.db'));
  const history: LogEvent[] = [];
  const log = await createLog({
    store,
    sha256,
    clock,
    random,
    key,
    origin: LOG_ORIGIN,
    checkpointEvery: policy.log.checkpointEvery,
    onReplay: (event) => {
      if (event.commandId !== null) history.push(event);
    },
  });
  if (log.state().epoch === null) {
    const data = {
      epoch: uuidv7(clock(), random),
      gatewayId: uuidv7(clock(), random),
      publicKey: publicKeyText(key),
      environment,
    };
    log.append({ type: 'log.opened', data });
  }
  const gatewayId = log.state().gatewayId ?? 'gateway';
  log.append({
    type: 'gateway.started',
    data: { version: options.version, runtime: `node ${process.versions.node}`, environment },
  });
  for (const name of ['operations', 'models', 'monitor'] as const) {
    const { document, hash } = options.policies[name];
    // The same file read again does not undo what a person changed since.
    if (log.state().policies[name]?.fileHash === hash) continue;
    const data = { name, version: document.version, hash, document };
    log.append({ type: 'policy.loaded', data });
  }
  const modelsPolicy = inForceReader('models', options.policies.models.document);
  const monitorPolicy = inForceReader('monitor', options.policies.monitor.document);
  const policies = (): Policies => ({
    operations: policy,
    models: modelsPolicy(log.state()),
    monitor: monitorPolicy(log.state()),
  });

  // Before the kill driver hears of it: what is latched is latched before an engine is told.
  keepUnsavedKills(join(options.dataDir, 'latch.json'), log);
  const stopExpiring = expireResumes(log, clock);
  const metrics = createGatewayMetrics(log);
  const guard = createGuard({ limits: policy.limits, uptime: options.uptime, metrics });
  const hub = createEngineHub({ log, policy, gatewayId, clock, random, guard, metrics });
  const driver = createKillDriver({ log, hub, times: policy.kill, clock });
  const stopModes = driveModes(log, hub);
  takeInventory(log, hub, () => policies().models);
  const deployments = createDeploymentDriver({
    ...{ log, hub, clock },
    policy: () => policies().models.rollback,
  });
  const stopGovernance = keepGovernance(log, () => policies().models, sha256, clock);
  const lease = createLeaseDesk(log, () => policies().monitor.lease, options.uptime);
  const { mayAct } = lease;
  const commands = createCommands({ log, hub, policies, sha256, clock, mayAct, history });
  const standIn = startStandIn({
    ...{ log, hub, commands, lease, policies, clock, random },
    folder: join(options.dataDir, 'monitor'),
  });

  const frames = createEventFrames(log);
  const telemetry = createTelemetryFanout({
    ...{ hub, policy, clock, uptime: options.uptime, metrics, welcome },
  });
  const rest = createRest({
    ...{ log, commands, policies, metrics, clock },
    authenticate: options.authenticate,
  });
  const answer = getRequestListener(rest.fetch);
  const server = options.tls
    ? createTlsServer({ ...options.tls, minVersion: 'TLSv1.2' }, answer)
    : createServer(answer);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    handleProtocols: (offered) =>
      [TERMINAL_SUBPROTOCOL, ENGINE_SUBPROTOCOL].find((one) => offered.has(one)) ?? false,
  });

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => undefined);
    void admit(request).then((serve) => {
      if (typeof serve === 'number') {
        socket.end(`HTTP/1.1 ${serve} ${REFUSALS[serve]}\r\n\r\n`);
      } else {
        sockets.handleUpgrade(request, socket, head, serve);
      }
    });
  });

  /** What serves the socket that is asked for, or the HTTP status that refuses it. */
  async function admit(
    request: IncomingMessage,
  ): Promise<((socket: WebSocket) => void) | keyof typeof REFUSALS> {
    const path = (request.url ?? '').split('?')[0];
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const who = token === undefined ? null : await options.authenticate(token).catch(() => null);
    if (who === null) {
      metrics.refused('http', 'unauthenticated');
      journal?.warn('refused', { path, from: request.socket.remoteAddress });
      return 401;
    }
    if (path === PATHS.engine && who.kind === 'engine') {
      return counted('engine', who.engine ?? 'any', (socket) => hub.accept(socket, who.engine));
    }
    if (path === PATHS.telemetry && who.kind === 'operator') {
      const { operator } = who;
      return counted('telemetry', operator.id, (socket) => telemetry.accept(socket, operator));
    }
    if (path === PATHS.control && who.kind === 'operator') {
      const { operator } = who;
      const parts = { operator, log, frames, commands, lease, policy, clock, welcome };
      return counted('control', operator.id, (socket) =>
        serveControl({ socket, ...parts, guard, metrics }),
      );
    }
    return 404;
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
  driver.start();
  deployments.start();
  return {
    port: (server.address() as AddressInfo).port,
    log,
    commands,
    async stop() {
      stopExpiring();
      standIn.stop();
      stopGovernance();
      stopModes();
      deployments.stop();
      driver.stop();
      telemetry.stop();
      hub.stop();
      for (const socket of sockets.clients) socket.terminate();
      await new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      });
      log.append({ type: 'gateway.stopped', data: { cause: 'asked to stop' } });
      await log.stop();
    },
  };
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
