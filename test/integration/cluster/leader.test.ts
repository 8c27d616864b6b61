import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stepDown } from '../../../src/gateway/cluster/leader';
import { type LogStream, MovedOnError, openStream } from '../../../src/gateway/cluster/stream';
import { connectTo } from '../../support/cluster';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';

const TIMES = { publishWithinMs: 2_000, retryMs: 50 };

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
    stream = await openStream(connection, { name: 'VIGIA', replicas: 3, ...TIMES });
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
});

describe.skipIf(WHY_NO_NATS !== null)('a leader that has lost a text', () => {
  let servers: NatsServers;
  let connection: NatsConnection;
  const stepsDown = () =>
    new Promise<void>((done) => {
      connection.subscribe('$JS.API.STREAM.LEADER.STEPDOWN.*', { max: 1, callback: () => done() });
    });

  beforeAll(async () => {
    servers = await startNats();
    connection = await connectTo(servers.addresses, 'norte');
  });
  afterAll(async () => {
    await connection.close();
    await servers.stop();
  });

  it.each([
    ['that is next', 'MIDDLE', 1, 2],
    ['before what is next', 'END', 4, 0],
  ])('is to step down for who is refused again and again: %s', async (_, name, after, lost) => {
    const manager = await jetstreamManager(connection);
    // As the stream that is made here, but that something can be taken out of it.
    await manager.streams.add({ name, subjects: [`${name}.log`] });
    const stream = await openStream(connection, { name, replicas: 1, ...TIMES });
    for (const place of [0, 1, 2]) await stream.publish(`text ${place + 1}`, place);
    if (lost > 0) await manager.streams.deleteMessage(name, lost);
    const asked = stepsDown();
    for (let times = 0; times < 6; times += 1) {
      await expect(stream.publish('x', after)).rejects.toThrow(MovedOnError);
    }
    await asked;
  });

  it('is not, for who is refused because others were first', async () => {
    const stream = await openStream(connection, { name: 'OTHERS', replicas: 1, ...TIMES });
    const asked = vi.fn();
    connection.subscribe('$JS.API.STREAM.LEADER.STEPDOWN.OTHERS', { callback: asked });
    for (const place of [0, 1, 2]) await stream.publish(`text ${place + 1}`, place);
    for (let times = 0; times < 12; times += 1) {
      await expect(stream.publish('x', 1)).rejects.toThrow(MovedOnError);
    }
    // What was asked for before this was heard before it.
    await stream.at(2);
    await connection.flush();
    expect(asked).not.toHaveBeenCalled();
  });
});

describe.skipIf(WHY_NO_NATS !== null)('the stream, after the connection was lost', () => {
  let servers: NatsServers;
  let connection: NatsConnection;
  let stream: LogStream;
  const open = () => openStream(connection, { name: 'VIGIA', replicas: 1, ...TIMES });

  /** Another takes its place, made at another time. */
  async function replaced(text: string): Promise<void> {
    await (await jetstreamManager(connection)).streams.delete('VIGIA');
    await (await open()).publish(text, 0);
    const back = new Promise<void>((again) => {
      void (async () => {
        for await (const { type } of connection.status()) if (type === 'reconnect') again();
      })();
    });
    await servers.kill(0);
    await servers.start(0);
    await back;
  }

  beforeAll(async () => {
    servers = await startNats();
    connection = await connectTo(servers.addresses, 'norte');
    stream = await open();
    await stream.publish('a', 0);
  });
  afterAll(async () => {
    await connection.close();
    await servers.stop();
  });

  it('is known again by what was read of it: replicas may tell different times at which it was made', async () => {
    await replaced('a');
    expect(await stream.publish('b', 1)).toBe(2);
  }, 30_000);

  it('is not written to where another text is in that place', async () => {
    await replaced('z');
    await (await open()).publish('y', 1);
    await expect(stream.publish('c', 2)).rejects.toThrow(/is another one/);
    expect(await (await open()).last()).toBe(2);
  }, 30_000);
});
