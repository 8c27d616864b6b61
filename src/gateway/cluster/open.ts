import type { NatsConnection } from '@nats-io/transport-node';
import type { LeaseTimes } from '../../shared/lease/lease';
import type { Clock } from '../../shared/time';
import { openTextBucket } from './bucket';
import type { Cluster } from './cluster';
import { createLeases, openLeaseBucket } from './leases';
import { joinPeers } from './peers';
import { type LogStream, openStream } from './stream';

/** What gateways hand over within: a little over what a lease lasts. */
export const LEASE_TIMES: LeaseTimes = { renewEveryMs: 500, lostAfterMs: 2_500 };
const PUBLISH_WITHIN_MS = 2_000;
const FOLLOW_AGAIN_MS = 250;

/** Opens the stream alone. @param replicas of one that is made; null makes none */
export function openLog(
  connection: NatsConnection,
  name: string,
  replicas: number | null,
): Promise<LogStream> {
  const times = { publishWithinMs: PUBLISH_WITHIN_MS, retryMs: FOLLOW_AGAIN_MS };
  return openStream(connection, { name, replicas, ...times });
}

/**
 * Joins the gateways of a desk on a connection, which is closed with it.
 *
 * @throws what the servers say when the stream or the bucket is neither there nor can be made
 */
export async function openCluster(
  connection: NatsConnection,
  options: {
    readonly node: string;
    readonly stream: string;
    readonly replicas: number;
    readonly uptime: Clock;
  },
): Promise<Cluster> {
  const { node, stream: name, replicas, uptime } = options;
  const stream = await openLog(connection, name, replicas);
  const bucket = await openLeaseBucket(connection, replicas, LEASE_TIMES);
  const secrets = await openTextBucket(connection, `${name}-secrets`, replicas);
  const printings = await openTextBucket(connection, `${name}-printings`, replicas);
  const leases = createLeases({ bucket, node, uptime, times: LEASE_TIMES });
  const peers = joinPeers(connection, { prefix: name, node, uptime });
  return {
    ...{ node, stream, leases, secrets, printings, peers },
    async close() {
      peers.close();
      leases.close();
      await connection.close();
    },
  };
}
