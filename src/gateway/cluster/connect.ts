import { createSecureContext } from 'node:tls';
import {
  type Authenticator,
  AuthorizationError,
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from '@nats-io/transport-node';
import { ConfigError, readText } from '../config';
import type { ClusterConfig } from './config';

/** No server took the connection; the message says of each that was tried why. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  constructor(
    /** `refused`: at least one answered, and does not know who this is. */
    readonly code: 'refused' | 'unreachable',
    message: string,
  ) {
    super(message);
  }
}

export type LinkStatus =
  | { readonly state: 'up'; readonly server: string }
  /** Attempts go on until the connection is closed. */
  | { readonly state: 'down'; readonly server: string }
  /** What a server says against this connection, for instance that it refuses its credentials. */
  | { readonly state: 'problem'; readonly message: string }
  | { readonly state: 'closed' };

/** A silent server is noticed after the third ping at the latest; one alone may be late for a busy process. */
const PING_EVERY_MS = 750;
const UNANSWERED_PINGS = 2;
const RECONNECT_MS = 200;
const JITTER_MS = 100;
const DIAL_MS = 2_000;

/**
 * Connects to the first of the servers that takes the connection. Once it has stood it is made anew for
 * ever, with whichever of them answers.
 *
 * @param name as the servers show it
 * @param onStatus hears of what comes after the first connection
 * @throws {ConfigError} when a file cannot be used
 * @throws {ClusterError} when no server takes it
 */
export async function connectCluster(
  config: ClusterConfig,
  name: string,
  onStatus: (status: LinkStatus) => void,
): Promise<NatsConnection> {
  const tls = readClusterTls(config);
  const authenticator = readAuthenticator(config);
  const options: NodeConnectionOptions = {
    ...{ name, noEcho: false, noRandomize: true, timeout: DIAL_MS },
    ...{ pingInterval: PING_EVERY_MS, maxPingOut: UNANSWERED_PINGS },
    ...{ maxReconnectAttempts: -1, reconnectTimeWait: RECONNECT_MS, ignoreAuthErrorAbort: true },
    ...{ reconnectJitter: JITTER_MS, reconnectJitterTLS: JITTER_MS, ignoreClusterUpdates: true },
    // Nobody reads the stack that is otherwise captured for each request.
    noAsyncTraces: true,
    ...(tls && { tls }),
    ...(authenticator && { authenticator }),
  };
  const problems: { readonly server: string; readonly error: Error }[] = [];
  for (const server of config.servers) {
    try {
      // One at a time: of several the library tells only of the last why it failed.
      const connection = await connect({ ...options, servers: [server] });
      connection.setServers(config.servers);
      void follow(connection, onStatus);
      return connection;
    } catch (error) {
      problems.push({ server, error: error as Error });
    }
  }
  const refused = problems.some(({ error }) => error instanceof AuthorizationError);
  const tried = problems.map(({ server, error }) => `${server} (${error.message})`).join(', ');
  if (!refused) throw new ClusterError('unreachable', `no NATS server answers: tried ${tried}`);
  const shown = config.credentialsFile ?? config.nkeyFile ?? 'no credentials';
  throw new ClusterError('refused', `NATS refuses this gateway with ${shown}: tried ${tried}`);
}

async function follow(
  connection: NatsConnection,
  onStatus: (status: LinkStatus) => void,
): Promise<void> {
  for await (const status of connection.status()) {
    switch (status.type) {
      case 'reconnect':
        onStatus({ state: 'up', server: status.server });
        break;
      case 'disconnect':
        onStatus({ state: 'down', server: status.server });
        break;
      case 'error':
        onStatus({ state: 'problem', message: status.error.message });
        break;
      case 'close':
        onStatus({ state: 'closed' });
        break;
    }
  }
}

function readClusterTls({ tls }: ClusterConfig) {
  if (!tls) return null;
  const ca = readText(tls.caFile, 'cluster.tls.caFile');
  const cert = tls.certFile && readText(tls.certFile, 'cluster.tls.certFile');
  const key = tls.keyFile && readText(tls.keyFile, 'cluster.tls.keyFile');
  const files = { ca, ...(cert && { cert }), ...(key && { key }) };
  try {
    createSecureContext(files);
  } catch (error) {
    const named = [tls.caFile, tls.certFile, tls.keyFile].filter((one) => one !== undefined);
    throw new ConfigError(
      `cluster.tls: ${named.join(', ')} cannot be used: ${(error as Error).message}`,
    );
  }
  return files;
}

function readAuthenticator({ credentialsFile, nkeyFile }: ClusterConfig): Authenticator | null {
  if (credentialsFile !== undefined) {
    const text = readText(credentialsFile, 'cluster.credentialsFile');
    const authenticator = credsAuthenticator(new TextEncoder().encode(text));
    return proven(authenticator, `cluster.credentialsFile: ${credentialsFile} is no .creds file`);
  }
  if (nkeyFile === undefined) return null;
  const seed = readText(nkeyFile, 'cluster.nkeyFile').trim();
  const authenticator = nkeyAuthenticator(new TextEncoder().encode(seed));
  return proven(authenticator, `cluster.nkeyFile: ${nkeyFile} is no NKey seed`);
}

/** Signs once, so that a file that is not what it should be is told before a server is asked. */
function proven(authenticator: Authenticator, problem: string): Authenticator {
  try {
    authenticator('nonce');
  } catch (error) {
    throw new ConfigError(`${problem}: ${(error as Error).message}`);
  }
  return authenticator;
}
