import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import { stepDown } from '../../../src/gateway/cluster/refusals';
import { openStream } from '../../../src/gateway/cluster/stream';
import { connectTo } from '../../support/cluster';
import { startNats, WHY_NO_NATS } from '../../support/nats';

describe.skipIf(WHY_NO_NATS !== null)('the leader of the log’s stream', () => {
  it('steps down when it is asked to, and what is next is taken by another', async () => {
    const servers = await startNats({ servers: 3 });
    const connection = await connectTo(servers.addresses, 'norte');
    try {
      const times = { publishWithinMs: 2_000, retryMs: 50 };
      const stream = await openStream(connection, { name: 'VIGIA', replicas: 3, ...times });
      expect(await stream.publish('first', 0)).toBe(1);
      const manager = await jetstreamManager(connection);
      const leader = async () => (await manager.streams.info('VIGIA')).cluster?.leader;
      const before = await leader();
      await stepDown(connection, 'VIGIA', 2_000);
      await expect.poll(() => leader().catch(() => before), { timeout: 20_000 }).not.toBe(before);
      // A leader that has just been chosen takes nothing for a moment.
      await expect
        .poll(() => stream.publish('second', 1).catch(() => 0), { timeout: 20_000 })
        .toBe(2);
    } finally {
      await connection.close();
      await servers.stop();
    }
  }, 60_000);
});
