import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StreamUnavailableError } from '../../../src/gateway/cluster/stream';
import { joinCluster, type Member, openMember } from '../../support/cluster';
import { FakeEngine } from '../../support/fakeEngine';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';
import { TestTerminal } from '../../support/testTerminal';

describe.skipIf(WHY_NO_NATS !== null)('a gateway that is started while no server answers', () => {
  let servers: NatsServers;
  let norte: Member;

  beforeAll(async () => {
    servers = await startNats({ servers: 3 });
    norte = await openMember(servers.addresses, 'norte', { replicas: 3 });
    const engine = new FakeEngine('motor', 100);
    await engine.connect(norte.gateway.port);
    while (norte.gateway.log.state().engines.motor?.connected !== true) {
      await new Promise((go) => setImmediate(go));
    }
    engine.disconnect();
    await norte.gateway.log.settled();
    await norte.gateway.stop();
  }, 60_000);
  afterAll(async () => {
    await norte.gateway.stop();
    await servers.stop();
  }, 60_000);

  it.each([
    ['none of them', [0, 1, 2]],
    ['no majority of them', [0, 1]],
  ])(
    'goes on with its copy: %s answers, and a kill reaches its engine',
    async (_, dead) => {
      for (const index of dead) await servers.kill(index);
      const { dataDir } = norte;
      norte = await openMember(servers.addresses, 'norte', { replicas: 3, dataDir });
      const { port, log } = norte.gateway;
      const before = log.savedHead().seq;
      // A server that led may not know at once that the others are gone.
      await new Promise<void>((told) => {
        const look = ({ storeError }: { storeError: string | null }) => {
          if (storeError !== null) told();
        };
        log.onHealth(look);
        look(log.health());
      });
      expect(log.health().storeError).toMatch(/replicated log|NATS server/);
      const terminal = await TestTerminal.open(port, 'ana');
      await terminal.until(() => terminal.events.length === before);
      const engine = new FakeEngine('motor', 100);
      await engine.connect(port);
      const id = terminal.kill();
      const answers = () => terminal.answers.filter((one) => one.id === id);
      await terminal.until(() => answers().some(({ stage }) => stage === 'accepted'));
      expect(answers().find(({ stage }) => stage === 'accepted')).toMatchObject({ unsaved: true });
      await terminal.until(() =>
        answers().some((one) => one.stage === 'effected' && one.step === 'flatten'),
      );
      expect([engine.mode, engine.sold]).toEqual(['killed', 100]);
      expect(log.savedHead().seq).toBe(before);

      for (const index of dead) await servers.start(index);
      await terminal.until(() => terminal.ops.kills[0]?.commandId === id);
      await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
      await terminal.until(() => terminal.ops.acting?.node === 'norte');
      const kills = terminal.events.filter(({ commandId }) => commandId === id);
      expect(kills.filter(({ type }) => type === 'kill.requested')).toHaveLength(1);
      expect(log.health().storeError).toBeNull();
      await terminal.give('resume', {
        ...{ scope: { kind: 'all' }, reason: 'ya', origin: 'console' },
        confirmation: 'CONFIRM_RESUME',
        checklist: { causeUnderstood: true, positionsReviewed: true, teamNotified: true },
      });
      terminal.socket.terminate();
      engine.disconnect();
      await log.settled();
      await norte.gateway.stop();
    },
    120_000,
  );

  it('without a copy it does not, and says whom it tried', async () => {
    for (const index of [0, 1, 2]) await servers.kill(index);
    await expect(joinCluster(servers.addresses, 'norte', 3)).rejects.toThrow(
      `no NATS server answers: tried ${servers.addresses[0]}`,
    );
    for (const index of [0, 1, 2]) await servers.start(index);
  }, 60_000);
});

describe.skipIf(WHY_NO_NATS !== null)('servers that take nothing for this gateway', () => {
  it('are no reason not to start where there is a copy, whatever it is that they say', async () => {
    const account = 'accounts { A { users: [ { user: a, password: a } ] } }\nno_auth_user: a';
    const servers = await startNats({ config: account });
    try {
      const { addresses } = servers;
      await expect(joinCluster(addresses, 'norte', 1)).rejects.toThrow(/JetStream/i);
      const late = await joinCluster(addresses, 'norte', 1, true);
      await expect(late.stream.last()).rejects.toThrow(StreamUnavailableError);
      await late.close();
    } finally {
      await servers.stop();
    }
  }, 30_000);
});
