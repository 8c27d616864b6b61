import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepDown } from '../../../src/gateway/cluster/leader';
import { openLeaseBucket } from '../../../src/gateway/cluster/leases';
import {
  type LogStream,
  openStream,
  type StreamUnavailableError,
} from '../../../src/gateway/cluster/stream';
import { connectTo } from '../../support/cluster';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';

const REFUSED = 200;
/** What a leader that comes back lets fall of what is proposed to it. */
const LACKED = 40;
/** As much as one may lack that is made to count on, and more than a few tries can make up. */
const LACKED_MAX = 500;
const patient = { timeout: 30_000 };

describe.skipIf(WHY_NO_NATS !== null)(
  'a leader that leads again and counts from where it left',
  () => {
    let servers: NatsServers;
    let connection: NatsConnection;

    beforeAll(async () => {
      servers = await startNats({ servers: 3 });
      connection = await connectTo(servers.addresses, 'norte');
    }, 60_000);
    afterAll(async () => {
      await connection.close();
      await servers.stop();
    });

    async function leaderOf(stream: string): Promise<string> {
      const manager = await jetstreamManager(connection, { checkAPI: false });
      return (await manager.streams.info(stream)).cluster?.leader ?? '';
    }

    /** Has leaders of a stream step down until one is as it should be. */
    async function ledBy(stream: string, wanted: (name: string) => boolean): Promise<void> {
      let before = '';
      const look = async () => {
        const now = await leaderOf(stream).catch(() => '');
        // It is asked once; until there is a next one, nobody answers.
        if (now !== '' && now !== before && !wanted(now)) {
          before = now;
          await stepDown(connection, stream, 2_000).catch(() => undefined);
        }
        return now !== '' && wanted(now);
      };
      await expect.poll(look, patient).toBe(true);
    }

    /** Publishes so many texts at once; such as go on from elsewhere are those of writers who come late, and are refused. */
    async function publish(subject: string, count: number, from?: number): Promise<void> {
      const options = { retries: 0, ...(from && { expect: { lastSequence: from } }) };
      const client = jetstream(connection);
      const all = Array.from({ length: count }, () => client.publish(subject, '', options));
      await Promise.allSettled(all);
    }
    const refuse = (subject: string, count: number) => publish(subject, count, 1_000_000);

    /** Publishes as a log does. @returns what became of it before it was taken */
    async function untilTaken(stream: LogStream, after: number) {
      const tries: StreamUnavailableError[] = [];
      const publish = () =>
        stream.publish('next', after).catch((error: StreamUnavailableError) => {
          tries.push(error);
          return null;
        });
      await expect.poll(publish, { ...patient, interval: 100 }).toBe(after + 1);
      return tries;
    }

    it('takes what is next after one that it does not answer, though it lets fall as much as others took meanwhile', async () => {
      const times = { publishWithinMs: 1_000, retryMs: 50 };
      const stream = await openStream(connection, { name: 'VIGIA', replicas: 3, ...times });
      let place = await stream.publish('first', 0);
      const first = await leaderOf('VIGIA');
      await refuse('VIGIA.log', REFUSED);
      await ledBy('VIGIA', (name) => name !== first);
      for (let count = 0; count < LACKED; count += 1) {
        place = await stream.publish(`${count}`, place).catch(() => stream.last());
      }
      await ledBy('VIGIA', (name) => name === first);
      const tries = await untilTaken(stream, place);
      expect(await stream.at(place + 1)).toBe('next');
      // That it lacks something shows in the first; what has it count on is over by the next.
      expect(tries.filter(({ inDoubt }) => inDoubt)).toHaveLength(1);
    }, 90_000);

    it('steps down where it lacks too much for that', async () => {
      const times = { publishWithinMs: 2_000, retryMs: 50 };
      const stream = await openStream(connection, { name: 'FAR', replicas: 3, ...times });
      await publish('FAR.log', 4 * LACKED_MAX);
      const place = await stream.last();
      const first = await leaderOf('FAR');
      await ledBy('FAR', (name) => name !== first);
      await refuse('FAR.log', 3 * LACKED_MAX);
      await ledBy('FAR', (name) => name === first);
      await untilTaken(stream, place);
      expect(await leaderOf('FAR')).not.toBe(first);
    }, 90_000);

    it('takes a lease again after a few renewals that it did not answer', async () => {
      const bucket = await openLeaseBucket(connection, 3, {
        renewEveryMs: 500,
        lostAfterMs: 2_500,
      });
      const name = 'KV_vigia-leases';
      const lastOf = async () => {
        const manager = await jetstreamManager(connection, { checkAPI: false });
        return (await manager.streams.info(name)).state.last_seq;
      };
      const put = async () => bucket.put('a', '{}', await lastOf()).catch(() => null);
      await put();
      const first = await leaderOf(name);
      await refuse('$KV.vigia-leases.a', REFUSED);
      await ledBy(name, (one) => one !== first);
      for (let count = 0; count < LACKED; count += 1) await put();
      await ledBy(name, (one) => one === first);
      let tries = 0;
      await expect
        .poll(async () => {
          tries += 1;
          return put();
        }, patient)
        .not.toBeNull();
      expect(tries).toBeLessThan(LACKED / 2);
    }, 90_000);
  },
);
