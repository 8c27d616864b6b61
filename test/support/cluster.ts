import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Cluster } from '../../src/gateway/cluster/cluster';
import { connectCluster } from '../../src/gateway/cluster/connect';
import { openCluster } from '../../src/gateway/cluster/open';
import type { Gateway, GatewayOptions } from '../../src/gateway/gateway';
import { loadOrCreateKey } from '../../src/node/keys';
import { newDataDir, openGateway } from './desk';

/** A gateway of several. */
export interface Member {
  readonly gateway: Gateway;
  readonly node: string;
  readonly dataDir: string;
}

/** Joins the gateways of the test's desk. */
export async function joinCluster(
  servers: readonly string[],
  node: string,
  replicas: number,
  hasCopy = false,
): Promise<Cluster> {
  const uptime = () => performance.now();
  const connect = () => connectTo(servers, node);
  return openCluster(connect, { node, stream: 'VIGIA', replicas, uptime, hasCopy });
}

/** A connection as a gateway's. */
export function connectTo(servers: readonly string[], node: string): Promise<NatsConnection> {
  const config = { node, stream: 'VIGIA', replicas: 3 as const, servers: [...servers] };
  return connectCluster(config, node, () => undefined);
}

/** Starts a gateway of several on servers that run. All of a desk share one signing key. */
export async function openMember(
  servers: readonly string[],
  node: string,
  options: {
    readonly replicas: number;
    readonly dataDir?: string;
    readonly keyFrom?: string;
    readonly change?: Partial<GatewayOptions>;
  },
): Promise<Member> {
  const dataDir = options.dataDir ?? newDataDir().path;
  const key = join(dataDir, 'signing.pem');
  if (options.keyFrom) copyFileSync(join(options.keyFrom, 'signing.pem'), key);
  else loadOrCreateKey(key);
  const cluster = await joinCluster(
    servers,
    node,
    options.replicas,
    existsSync(join(dataDir, 'log.db')),
  );
  const gateway = await openGateway(dataDir, 'paper', 0, { cluster, ...options.change }).catch(
    async (error) => {
      await cluster.close();
      throw error;
    },
  );
  return { gateway, node, dataDir };
}
