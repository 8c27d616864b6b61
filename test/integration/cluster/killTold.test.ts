import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LinkProxy, openProxy } from '../../chaos/proxy';
import { connectTo, type Member, openMember } from '../../support/cluster';
import { FakeEngine } from '../../support/fakeEngine';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';
import { TestTerminal } from '../../support/testTerminal';

describe.skipIf(WHY_NO_NATS !== null)('two gateways at the only server that is left', () => {
  let servers: NatsServers;
  let norte: Member;
  let sur: Member;
  let terminal: TestTerminal;
  /** The way from the second to the server. */
  let way: LinkProxy;
  const north = new FakeEngine('north', 100);
  const south = new FakeEngine('south', 100);

  beforeAll(async () => {
    servers = await startNats({ servers: 3 });
    const [a] = servers.addresses as [string];
    norte = await openMember([a], 'norte', { replicas: 3 });
    way = await openProxy(() => 0);
    way.target(Number(a.split(':')[1]));
    const through = [`127.0.0.1:${way.port}`];
    sur = await openMember(through, 'sur', { replicas: 3, keyFrom: norte.dataDir });
    terminal = await TestTerminal.open(norte.gateway.port, 'ana');
    await north.connect(norte.gateway.port);
    await south.connect(sur.gateway.port);
    await terminal.until(() =>
      ['north', 'south'].every((id) => terminal.ops.engines[id]?.connected),
    );
    await servers.kill(1);
    await servers.kill(2);
  }, 60_000);
  afterAll(async () => {
    north.disconnect();
    south.disconnect();
    await norte.gateway.stop();
    await sur.gateway.stop();
    await way.close();
    await servers.stop();
  }, 60_000);

  const patient = { timeout: 20_000 };
  const killsOf = ({ gateway }: Member) => gateway.log.state().kills;

  it('pass over what is told of as a kill and is none', async () => {
    const connection = await connectTo(servers.addresses.slice(0, 1), 'stranger');
    for (const text of ['', '{', '{}', 'null', '{"id":"e1","ts":1,"commandId":"k1","data":{}}']) {
      connection.publish('VIGIA.kill.00', text);
    }
    await connection.flush();
    // What comes next is heard after it.
    await connection.close();
  });

  it('stop the engines of both for a kill at one, though the log takes nothing', async () => {
    way.set({ kind: 'refuse' });
    way.cut();
    const id = terminal.kill();
    await expect.poll(() => north.sold, patient).toBe(100);
    expect(south.mode).toBe('normal');
    // Told of once it was given to nobody there, it is told again.
    way.set({ kind: 'none' });
    await expect.poll(() => south.sold, patient).toBe(100);
    const [there, here] = [norte, sur].map((one) => killsOf(one));
    expect(here?.map(({ commandId }) => commandId)).toEqual([id]);
    expect(there?.map(({ commandId }) => commandId)).toEqual([id]);
    for (const { gateway } of [norte, sur]) {
      expect(gateway.log.health().unsavedEvents).toBeGreaterThan(0);
    }
  }, 60_000);

  it('have it in the log once, when there is a majority again', async () => {
    await servers.start(1);
    await servers.start(2);
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    const waiting = () => [norte, sur].map(({ gateway }) => gateway.log.health().unsavedEvents);
    await expect.poll(waiting, patient).toEqual([0, 0]);
    const heads = () => [norte, sur].map(({ gateway }) => gateway.log.savedHead().hash);
    await expect.poll(() => new Set(heads()).size, patient).toBe(1);
    expect(terminal.events.filter(({ type }) => type === 'kill.requested')).toHaveLength(1);
    expect([north.sold, south.sold]).toEqual([100, 100]);
  }, 60_000);
});
