import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openStream } from '../../../src/gateway/cluster/stream';
import { type LinkProxy, openProxy } from '../../chaos/proxy';
import { connectTo } from '../../support/cluster';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';

/** Its own way back took the client's 20 to 30 s. */
const AGAIN_WITHIN_MS = 5_000;
const options = { replicas: 1, publishWithinMs: 2_000, retryMs: 100 };

describe.skipIf(WHY_NO_NATS !== null)(
  'a follower whose link takes everything and gives nothing',
  () => {
    let servers: NatsServers;
    let proxy: LinkProxy;
    let stalled: NatsConnection;
    let other: NatsConnection;
    beforeAll(async () => {
      servers = await startNats();
      const [address = ''] = servers.addresses;
      proxy = await openProxy(() => 0);
      proxy.target(Number(address.split(':')[1]));
      other = await connect({ servers: address });
    });
    afterEach(() => stalled.close());
    afterAll(async () => {
      await other.close();
      await proxy.close();
      await servers.stop();
    });

    it.each([
      ['its connection was given up', 'disconnect', 1],
      ['a dial was given up', 'reconnecting', 2],
    ])(
      'follows again soon after it passes, once %s',
      async (name, type, times) => {
        stalled = await connectTo([`127.0.0.1:${proxy.port}`], 'follower');
        const follower = await openStream(stalled, { ...options, name: `S${times}` });
        const writer = await openStream(other, { ...options, name: `S${times}` });
        const heard = new Map<string, () => void>();
        const hears = (text: string) => new Promise<void>((go) => heard.set(text, go));
        const first = hears('first');
        const last = hears('last');
        const leave = follower.follow(0, (_, text) => heard.get(text)?.());
        const place = await writer.publish('first', 0);
        await first;
        proxy.set({ kind: 'stall', way: 'back' });
        await writer.publish('last', place);
        let left = times;
        for await (const status of stalled.status()) {
          if (status.type === type) left -= 1;
          if (left === 0) break;
        }
        proxy.set({ kind: 'none' });
        const late = new Promise((_, failed) => {
          setTimeout(() => failed(new Error(`nothing heard, ${name}`)), AGAIN_WITHIN_MS);
        });
        await expect(Promise.race([last, late])).resolves.toBeUndefined();
        leave();
      },
      30_000,
    );
  },
);
