import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { type WebSocket, WebSocketServer } from 'ws';
import { loadOrCreateKey } from '../node/keys';
import { sha256 } from '../node/sha256';
import { SqliteEventStore } from '../node/sqliteEventStore';
import { type RandomBytes, uuidv7 } from '../shared/ids';
import { LOG_ORIGIN } from '../shared/log/checkpoint';
import type { LogEvent } from '../shared/log/event';
import type { OperationsPolicy } from '../shared/policy/operations';
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
import { createKillDriver } from './killDriver';
import { keepUnsavedKills } from './killLatch';
import { createLog, type GatewayLog, publicKeyText } from './log';
import { createRest } from './rest';
import { expireResumes } from './resumeExpiry';
import { createTelemetryFanout } from './telemetryFanout';

export interface GatewayOptions {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly environment: Environment;
  readonly deskName: string;
  readonly policy: OperationsPolicy;
  /** SHA-256 of the policy file's text. */
  readonly policyHash: string;
  readonly version: string;
  readonly authenticate: Authenticate;
  /** Null listens in plain text, which the configuration allows on this machine only. */
  readonly tls: TlsFiles | null;
  /** Opens the log's store; SQLite where it is left out. */
  readonly openStore?: (path: string) => SqliteEventStore;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export interface Gateway {
  readonly port: number;
  readonly log: GatewayLog;
  readonly commands: Commands;
  stop(): Promise<void>;
}

/** Starts a gateway: verifies its log, takes running kills up and listens. @throws BrokenLogError, listen errors */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { policy, clock, random, environment } = options;
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
  if (log.state().policyVersion !== policy.version) {
    const data = { version: policy.version, hash: options.policyHash, document: policy };
    log.append({ type: 'policy.loaded', data });
  }

  // Before the kill driver hears of it: what is latched is latched before an engine is told.
  keepUnsavedKills(join(options.dataDir, 'latch.json'), log);
  const stopExpiring = expireResumes(log, clock);
  const hub = createEngineHub({ log, policy, gatewayId, clock, random });
  const driver = createKillDriver({ log, hub, times: policy.kill, clock });
  const commands = createCommands({ log, hub, policy, clock, history });

  const telemetry = createTelemetryFanout({ hub, policy, clock, welcome });
  const rest = createRest({ log, commands, authenticate: options.authenticate, clock });
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
        socket.end(`HTTP/1.1 ${serve} ${serve === 401 ? 'Unauthorized' : 'Not Found'}\r\n\r\n`);
      } else {
        sockets.handleUpgrade(request, socket, head, serve);
      }
    });
  });

  /** What serves the socket that is asked for, or the HTTP status that refuses it. */
  async function admit(request: IncomingMessage): Promise<((socket: WebSocket) => void) | number> {
    const path = (request.url ?? '').split('?')[0];
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const who = token === undefined ? null : await options.authenticate(token).catch(() => null);
    if (who === null) return 401;
    if (path === PATHS.engine && who.kind === 'engine') {
      return (socket) => hub.accept(socket, who.engine);
    }
    if (path === PATHS.telemetry && who.kind === 'operator') {
      return (socket) => telemetry.accept(socket, who.operator);
    }
    if (path === PATHS.control && who.kind === 'operator') {
      const { operator } = who;
      return (socket) => serveControl({ socket, operator, log, commands, policy, clock, welcome });
    }
    return 404;
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

  await listen(server, options.port, options.host);
  driver.start();
  return {
    port: (server.address() as AddressInfo).port,
    log,
    commands,
    async stop() {
      stopExpiring();
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
