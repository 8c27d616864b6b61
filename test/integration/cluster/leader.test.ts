import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepDown } from '../../../src/gateway/cluster/refusals';
import { type LogStream, openStream } from '../../../src/gateway/cluster/stream';
import { connectTo } from '../../support/cluster';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';

describe.skipIf(WHY_NO_NATS !== null)('the leader of the log’s stream', () => {
  let servers: NatsServers;
  let connection: NatsConnection;
  let stream: LogStream;
  let place = 0;
  const leader = async () => {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    return (await manager.streams.info('VIGIA')).cluster?.leader;
  };
  /** A leader that has just been chosen takes nothing for a moment. */
  const goesOn = async () => {
    const next = place + 1;
    await expect
      .poll(() => stream.publish(`text ${next}`, place).catch(() => 0), { timeout: 20_000 })
      .toBe(next);
    place = next;
  };

  beforeAll(async () => {
    servers = await startNats({ servers: 3 });
    connection = await connectTo(servers.addresses, 'norte');
    const times = { publishWithinMs: 2_000, retryMs: 50 };
    stream = await openStream(connection, { name: 'VIGIA', replicas: 3, ...times });
    place = await stream.publish('text 1', 0);
  }, 60_000);
  afterAll(async () => {
    await connection.close();
    await servers.stop();
  });

  it('steps down when it is asked to, and what is next is taken by another', async () => {
    const before = await leader();
    await stepDown(connection, 'VIGIA', 2_000);
    await expect.poll(() => leader().catch(() => before), { timeout: 20_000 }).not.toBe(before);
    await goesOn();
  }, 60_000);

  it('may be one that was started again: it tells another time at which the stream was made, and it is the same', async () => {
    const led = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      const index = servers.names.indexOf((await leader()) ?? '');
      await servers.kill(index);
      await servers.start(index);
      await servers.ready();
      await expect.poll(() => leader().catch(() => undefined), { timeout: 20_000 }).toBeDefined();
      await goesOn();
      led.add((await leader()) ?? '');
    }
    expect(led.size).toBeGreaterThan(1);
  }, 120_000);
});
