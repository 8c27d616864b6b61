import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';
import { slowDisk, whyNoSlowDisk } from '../../support/slowDisk';

const WHY_NOT = WHY_NO_NATS ?? (await whyNoSlowDisk());
const TITLE = `a server with a slow disk${WHY_NOT === null ? '' : ` (skipped: ${WHY_NOT})`}`;
/** Well over what a busy machine adds. */
const DELAY_MS = 200;
const SAMPLES = 10;

describe.skipIf(WHY_NOT !== null)(TITLE, () => {
  let servers: NatsServers;
  /** To the server that leads the stream. */
  let connection: NatsConnection;
  let leader: number;

  beforeAll(async () => {
    servers = await startNats({ servers: 3 });
    const anywhere = await connect({ servers: servers.addresses[0] as string });
    const manager = await jetstreamManager(anywhere);
    const { cluster } = await manager.streams.add({ name: 'S', subjects: ['s'], num_replicas: 3 });
    await anywhere.close();
    leader = servers.names.indexOf(cluster?.leader ?? '');
    connection = await connect({ servers: servers.addresses[leader] as string });
  }, 60_000);
  afterAll(async () => {
    await connection?.close();
    await servers?.stop();
  });

  async function timeOf(act: () => Promise<unknown>): Promise<number> {
    const from = performance.now();
    await act();
    return performance.now() - from;
  }
  const append = () => jetstream(connection, { timeout: 10_000 }).publish('s', 'x'.repeat(500));
  const ping = () => connection.flush();

  it('appends slowly what it leads, and answers on the network as ever', async () => {
    const disk = await slowDisk(servers.pid(leader), DELAY_MS);
    const appends: number[] = [];
    const pings: number[] = [];
    for (let count = 0; count < SAMPLES; count += 1) {
      let taken = false;
      const appending = timeOf(append).finally(() => {
        taken = true;
      });
      while (!taken) pings.push(await timeOf(ping));
      appends.push(await appending);
    }
    // Once into the log of the replication, once into the stream.
    expect(Math.min(...appends)).toBeGreaterThan(2 * DELAY_MS);
    const middle = pings.sort((a, b) => a - b)[Math.floor(pings.length / 2)];
    expect(middle).toBeLessThan(DELAY_MS / 10);
    // All of them while an append was under way: none waits for one.
    expect(pings.length).toBeGreaterThan(10 * SAMPLES);

    await disk.end();
    const after: number[] = [];
    for (let count = 0; count < SAMPLES; count += 1) after.push(await timeOf(append));
    expect(Math.min(...after)).toBeLessThan(DELAY_MS);
  }, 60_000);

  it('says why where it may not be made slow', async () => {
    const nobody = 2 ** 22;
    await expect(slowDisk(nobody, DELAY_MS)).rejects.toThrow(/strace: .*No such process/);
  });
});
