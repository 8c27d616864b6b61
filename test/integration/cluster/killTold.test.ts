import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo, type Member, openMember } from '../../support/cluster';
import { FakeEngine } from '../../support/fakeEngine';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';
import { TestTerminal } from '../../support/testTerminal';

describe.skipIf(WHY_NO_NATS !== null)('two gateways at the only server that is left', () => {
  let servers: NatsServers;
  let norte: Member;
  let sur: Member;
  let terminal: TestTerminal;
  const north = new FakeEngine('north', 100);
  const south = new FakeEngine('south', 100);

  beforeAll(async () => {
    servers = await startNats({ servers: 3 });
    const [a] = servers.addresses as [string];
    norte = await openMember([a], 'norte', { replicas: 3 });
    sur = await openMember([a], 'sur', { replicas: 3, keyFrom: norte.dataDir });
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
    await servers.stop();
  }, 60_000);

  const patient = { timeout: 20_000 };
  const killsOf = ({ gateway }: Member) => gateway.log.state().kills;

  it('passes over what is told of as a kill and is none', async () => {
    const connection = await connectTo(servers.addresses.slice(0, 1), 'stranger');
    const heard = new Promise<void>((done) => {
      connection.subscribe('VIGIA.telemetry.*', { max: 1, callback: () => done() });
    });
    for (const text of ['', '{', '{}', 'null', '{"commandId":"k1","data":{}}']) {
      connection.publish('VIGIA.kill.00', text);
    }
    // What is told of an engine here is told on after what was said before it.
    await connection.flush();
    north.reportEquity(1);
    await heard;
    expect([...killsOf(norte), ...killsOf(sur)]).toEqual([]);
    await connection.close();
  }, 30_000);

  it('stop the engines of both for a kill at one, though the log takes nothing', async () => {
    const id = terminal.kill();
    await expect.poll(() => [north.sold, south.sold], patient).toEqual([100, 100]);
    expect(killsOf(sur).map(({ commandId }) => commandId)).toEqual([id]);
    for (const { gateway } of [norte, sur]) {
      expect(gateway.log.health().unsavedEvents).toBeGreaterThan(0);
    }
  }, 30_000);

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
