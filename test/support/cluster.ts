import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { openCluster } from '../../src/gateway/cluster/open';
import type { Gateway, GatewayOptions } from '../../src/gateway/gateway';
import { loadOrCreateKey } from '../../src/node/keys';
import { newDataDir, openGateway } from './desk';

/** A gateway of several, and what is needed to end it as a crash would. */
export interface Member {
  readonly gateway: Gateway;
  readonly node: string;
  readonly dataDir: string;
  /** Cuts it off from the servers without a word. What stands in its log stays in its memory. */
  drop(): Promise<void>;
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
  const connection = await connect({
    ...{ servers: [...servers], maxReconnectAttempts: -1, reconnectTimeWait: 100 },
    ...{ pingInterval: 500, maxPingOut: 2, waitOnFirstConnect: true },
  });
  const uptime = () => performance.now();
  const cluster = await openCluster(connection, {
    ...{ node, stream: 'VIGIA', replicas: options.replicas, uptime },
  });
  const gateway = await openGateway(dataDir, 'paper', 0, { cluster, ...options.change }).catch(
    async (error) => {
      await cluster.close();
      throw error;
    },
  );
  return {
    ...{ gateway, node, dataDir },
    drop: () => connection.close(),
  };
}
