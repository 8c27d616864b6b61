import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Logger } from '../node/logFile';
import {
  ENGINE_SUBPROTOCOL,
  MAX_FRAME_BYTES,
  PATHS,
  TERMINAL_SUBPROTOCOL,
} from '../shared/protocol/wire';
import type { Identity } from './auth/authenticate';
import { bearer, type Gatekeeper, remoteOf } from './auth/gatekeeper';
import type { Bridges } from './bridges/bridges';
import type { TlsFiles } from './config';
import { type ControlSessionOptions, serveControl } from './controlSession';
import type { EngineHub } from './engineHub';
import type { Guard } from './guard';
import type { GatewayMetrics, SocketKind } from './metrics';
import type { createRest } from './rest/index';
import type { TelemetryFanout } from './telemetryFanout';

export interface DoorsOptions {
  readonly host: string;
  readonly port: number;
  /** Null listens in plain text. */
  readonly tls: TlsFiles | null;
  readonly rest: Pick<ReturnType<typeof createRest>, 'fetch'>;
  readonly gate: Gatekeeper;
  readonly guard: Guard;
  readonly metrics: GatewayMetrics;
  readonly hub: EngineHub;
  readonly telemetry: TelemetryFanout;
  /** What every control socket is served with. */
  readonly control: Omit<
    ControlSessionOptions,
    'socket' | 'operator' | 'tokenExpiresAt' | 'guard' | 'metrics'
  >;
  /** Whose engines have tokens of their own; null where this gateway runs none. */
  readonly bridges: Pick<Bridges, 'engineOf' | 'stands'> | null;
  readonly journal: Logger | undefined;
}

/** Where terminals, engines and requests come in. */
export interface Doors {
  /** Opens them. @returns the address that the gateway's own bridges come by. Rejects with errors of listening */
  listen(): Promise<string>;
  /** The port that is listened on. */
  port(): number;
  /** Cuts every socket; resolves once nothing is connected any more. */
  close(): Promise<void>;
}

const CHANNELS = ['control', 'telemetry', 'engine'] as const;

/** One server for HTTP and WebSockets: who is let in goes to the part that serves the channel. */
export function createDoors(options: DoorsOptions): Doors {
  const { bridges, gate, guard, metrics, hub, telemetry } = options;
  const answer = getRequestListener(options.rest.fetch);
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
        serveControl({ ...session, ...options.control, guard, metrics });
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

  return {
    async listen() {
      await listen(server, options.port, options.host);
      if (door) await listen(door, 0, '127.0.0.1');
      const { port: inner } = (door ?? server).address() as AddressInfo;
      const host = door || options.host === '0.0.0.0' ? '127.0.0.1' : options.host;
      return `ws://${host.includes(':') ? `[${host}]` : host}:${inner}`;
    },
    port: () => (server.address() as AddressInfo).port,
    async close() {
      door?.close();
      for (const socket of sockets.clients) socket.terminate();
      await new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      });
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
