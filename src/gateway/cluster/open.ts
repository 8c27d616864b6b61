import { setTimeout as delay } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { LeaseTimes } from '../../shared/lease/lease';
import type { Clock } from '../../shared/time';
import { ConfigError } from '../config';
import { openTextBucket } from './bucket';
import type { Cluster } from './cluster';
import { ClusterError } from './connect';
import { lateBucket, lateStream, lateTexts, openLate } from './late';
import { createLeases, openLeaseBucket } from './leases';
import { joinPeers } from './peers';
import { type LogStream, openStream } from './stream';

/** What gateways hand over within: a little over what a lease lasts. */
export const LEASE_TIMES: LeaseTimes = { renewEveryMs: 500, lostAfterMs: 2_500 };
const PUBLISH_WITHIN_MS = 2_000;
const FOLLOW_AGAIN_MS = 250;
const OPEN_AGAIN_MS = 500;
/** How long a start waits for the servers, where there is a copy. */
const WAIT_MS = 5_000;

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
 * Joins the gateways of a desk. Where there is a copy of the log to go on with, what no server has for
 * this gateway now is waited for a while and then had later: it begins on the copy alone, as one does
 * that is cut off.
 *
 * @param connect is called until it connects; the connection is closed with what is opened here
 * @throws what the servers say when the stream or the bucket is neither there nor can be made, and there
 *   is no copy; and what `connect` throws at first, but that no server is to be reached where there is one
 */
export async function openCluster(
  connect: () => Promise<NatsConnection>,
  options: {
    readonly node: string;
    readonly stream: string;
    readonly replicas: number;
    readonly uptime: Clock;
    /** Whether a copy of the log is there. */
    readonly hasCopy: boolean;
    /** Hears why it begins on the copy alone. */
    readonly onLate?: (why: Error) => void;
  },
): Promise<Cluster> {
  const { node, stream: name, replicas, uptime } = options;
  const connection = openLate(connect, OPEN_AGAIN_MS, (one) => one.close());
  const after = <Thing>(open: (connected: NatsConnection) => Promise<Thing>) =>
    openLate(() => connection.there.then(open), OPEN_AGAIN_MS);
  const stream = after((connected) => openLog(connected, name, replicas));
  const bucket = after((connected) => openLeaseBucket(connected, replicas, LEASE_TIMES));
  const texts = (of: string) =>
    after((connected) => openTextBucket(connected, `${name}-${of}`, replicas));
  const secrets = texts('secrets');
  const printings = texts('printings');
  const all = [stream, bucket, secrets, printings];
  const stop = async () => {
    for (const one of [...all, connection]) await one.stop();
  };
  const opened = connection.first.then(() => Promise.all(all.map(({ first }) => first)));
  // It may fail after it was waited for.
  opened.catch(() => undefined);
  try {
    await (options.hasCopy ? Promise.race([opened, delay(WAIT_MS)]) : opened);
  } catch (error) {
    // A mistake of the configuration does not pass; what servers lack for this gateway may.
    const mayBeLate =
      error instanceof ClusterError
        ? error.code === 'unreachable'
        : !(error instanceof ConfigError);
    if (!options.hasCopy || !mayBeLate) {
      await stop();
      throw error;
    }
    options.onLate?.(error as Error);
  }
  const leases = createLeases({ bucket: lateBucket(bucket), node, uptime, times: LEASE_TIMES });
  const peers = joinPeers(connection.there, { prefix: name, node, uptime });
  return {
    ...{ node, stream: lateStream(stream), leases, peers },
    ...{ secrets: lateTexts(secrets), printings: lateTexts(printings) },
    async close() {
      peers.close();
      leases.close();
      await stop();
    },
  };
}
