import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openStream } from '../../../src/gateway/cluster/stream';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';

const TITLE = `three servers${WHY_NO_NATS === null ? '' : ` (skipped: ${WHY_NO_NATS})`}`;

describe.skipIf(WHY_NO_NATS !== null)(TITLE, () => {
  let nats: NatsServers;
  const open: NatsConnection[] = [];
  beforeAll(async () => {
    nats = await startNats({ servers: 3 });
    const manager = await jetstreamManager(await dial(0));
    await manager.streams.add({ name: 'S', subjects: ['s'], num_replicas: 3 });
    await openStream(await dial(0), options);
  });
  const options = { name: 'T', replicas: 3, publishWithinMs: 1_000, retryMs: 50 };
  afterEach(() => Promise.all(open.splice(0).map((one) => one.close())));
  afterAll(() => nats?.stop());

  async function dial(index: number): Promise<NatsConnection> {
    const connection = await connect({ servers: nats.addresses[index] as string });
    open.push(connection);
    return connection;
  }

  /** The stream's followers by index, as its leader sees them. */
  async function followers(index: number) {
    const manager = await jetstreamManager(await dial(index));
    const { cluster } = await manager.streams.info('S');
    return (cluster?.replicas ?? []).map(({ name, ...replica }) => ({
      index: nats.names.indexOf(name),
      current: replica.current,
    }));
  }

  it('have the log on disk, three times, and let nothing be taken out of it', async () => {
    const manager = await jetstreamManager(await dial(1));
    const { config } = await manager.streams.info('T');
    expect(config).toMatchObject({
      ...{ subjects: ['T.log'], storage: 'file', num_replicas: 3, retention: 'limits' },
      ...{ deny_delete: true, deny_purge: true },
      // No limit of its own takes an old message out for a new one.
      ...{ max_msgs: -1, max_bytes: -1, max_age: 0, max_msgs_per_subject: -1 },
    });
    const stream = await openStream(await dial(0), { ...options, name: 'U' });
    await stream.publish('kept', 0);
    await expect(manager.streams.purge('U')).rejects.toThrow(/not permitted/);
    await expect(manager.streams.deleteMessage('U', 1)).rejects.toThrow(/not permitted/);
    expect(await stream.at(1)).toBe('kept');
  });

  it('one that was killed gets what it missed, at its old address', async () => {
    const [follower] = await followers(0);
    const killed = follower?.index as number;
    await nats.kill(killed);
    const publisher = jetstream(await dial((killed + 1) % 3));
    await publisher.publish('s', 'while it was dead');
    await nats.start(killed);
    await nats.ready();
    expect(await followers(killed)).toEqual([
      expect.objectContaining({ current: true }),
      expect.objectContaining({ current: true }),
    ]);
  });

  it.each(['cut', 'stall'] as const)('one that is cut off takes nothing: %s', async (how) => {
    const [follower] = await followers(0);
    const alone = follower?.index as number;
    const [inside, outside] = [await dial(alone), await dial((alone + 1) % 3)];
    nats.isolate(alone, how);
    await expect(jetstream(inside).publish('s', 'lost', { timeout: 500 })).rejects.toThrow();
    const { seq } = await jetstream(outside).publish('s', 'kept');
    nats.heal();
    await nats.ready();
    // The stalled one may still arrive: it was sent, and its outcome is not known.
    const after = await jetstream(inside).publish('s', 'again');
    expect(after.seq).toBeGreaterThan(seq);
  });

  it.each([
    ['deaf', 'arrives'],
    ['mute', 'does not arrive'],
  ] as const)('one way: what is said by one that is %s %s', async (how, what) => {
    const [follower] = await followers(0);
    const alone = follower?.index as number;
    const [inside, outside] = [await dial(alone), await dial((alone + 1) % 3)];
    const { streams } = await jetstreamManager(outside);
    const last = async () => (await streams.getMessage('S', { last_by_subj: 's' }))?.string();
    await jetstream(outside).publish('s', 'before');
    nats.isolate(alone, how);
    await expect(jetstream(inside).publish('s', how, { timeout: 500 })).rejects.toThrow();
    expect(await last()).toBe(what === 'arrives' ? how : 'before');
    nats.heal();
    await nats.ready();
  });

  it('what a leader took alone is not heard, though it says so itself when it is back', async () => {
    const manager = await jetstreamManager(await dial(0));
    const { cluster } = await manager.streams.info('T');
    const alone = nats.names.indexOf(cluster?.leader ?? '');
    const inside = await openStream(await dial(alone), options);
    const outside = await openStream(await dial((alone + 1) % 3), options);
    const heard: string[] = [];
    let hears = () => {};
    const leave = inside.follow(0, (place, text) => {
      heard.push(`${place} ${text}`);
      hears();
    });
    const until = (count: number) =>
      new Promise<void>((go) => {
        hears = () => heard.length >= count && go();
        hears();
      });
    await inside.publish('first', 0);
    nats.isolate(alone);
    await expect(inside.publish('taken alone', 1)).rejects.toThrow();
    await expect
      .poll(() => outside.publish('second', 1).catch(() => null), { timeout: 20_000 })
      .toBe(2);
    nats.heal();
    // Its own copy may take long to be whole again, or stay behind.
    await outside.publish('third', 2);
    await until(3);
    leave();
    expect(heard).toEqual(['1 first', '2 second', '3 third']);
  }, 60_000);
});
