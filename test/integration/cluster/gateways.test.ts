import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { type Member, openMember } from '../../support/cluster';
import { FakeEngine } from '../../support/fakeEngine';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';
import { TestTerminal } from '../../support/testTerminal';

describe.skipIf(WHY_NO_NATS !== null)('three gateways on three servers', () => {
  let servers: NatsServers;
  let members: Member[] = [];
  let engines: FakeEngine[];
  let terminals: TestTerminal[];

  beforeAll(async () => {
    servers = await startNats({ servers: 3 });
    const first = await openMember(servers.addresses, 'norte', { replicas: 3 });
    const rest = { replicas: 3, keyFrom: first.dataDir };
    members = [
      first,
      await openMember(servers.addresses, 'centro', rest),
      await openMember(servers.addresses, 'sur', rest),
    ];
    engines = members.map((_, at) => new FakeEngine(`e${at}`, 100));
    terminals = await Promise.all(
      members.map(({ gateway }) => TestTerminal.open(gateway.port, 'ana')),
    );
    await Promise.all(engines.map((engine, at) => engine.connect(members[at]?.gateway.port ?? 0)));
  }, 60_000);
  afterAll(async () => {
    for (const { gateway } of members) await gateway.stop();
    await servers.stop();
  }, 60_000);

  const everywhere = (holds: (terminal: TestTerminal) => boolean) =>
    Promise.all(terminals.map((terminal) => terminal.until(() => holds(terminal))));

  it('have one log: whoever asks whichever of them is told the same', async () => {
    await everywhere(({ ops }) => engines.every(({ id }) => ops.engines[id]?.connected === true));
    await everywhere(({ ops }) => ops.acting !== null);
    const heads = terminals.map(({ ops }) => ops.engines);
    expect(heads[1]).toEqual(heads[0]);
    expect(heads[2]).toEqual(heads[0]);
    const nodes = engines.map(({ id }) => heads[0]?.[id]?.node);
    expect(nodes).toEqual(['norte', 'centro', 'sur']);
  });

  it('carry a command out once, wherever it is given', async () => {
    const id = crypto.randomUUID();
    const pause = { scope: { kind: 'all' }, reason: 'una pausa', origin: 'console' };
    const answers = await Promise.all(terminals.map((one) => one.give('pause', pause, id)));
    expect(answers.map(({ stage }) => stage)).toEqual(['done', 'done', 'done']);
    await everywhere(({ ops }) => ops.desk.mode === 'paused');
    await everywhere(({ ops }) =>
      engines.every((one) => ops.engines[one.id]?.confirmedMode === 'paused'),
    );
    for (const { events } of terminals) {
      expect(
        events.filter(({ commandId, type }) => commandId === id && type === 'ops.paused'),
      ).toHaveLength(1);
    }
  });

  it('say again what an engine is in that one of them misses though it is there', async () => {
    const { log } = (members[0] as Member).gateway;
    const data = { engine: 'e1', cause: 'silent', lastHeardAt: Date.now(), positions: null };
    const [lost] = log.append({ type: 'engine.lost', data });
    const again = () =>
      terminals[0]?.events.findLast(({ type, seq }) => {
        return type === 'engine.connected' && seq > (lost?.seq ?? 0);
      });
    await everywhere(() => again() !== undefined);
    expect(again()?.data).toMatchObject({ engine: 'e1', node: 'centro', appliedMode: 'paused' });
    await everywhere(({ ops }) => ops.engines.e1?.confirmedMode === 'paused');
  });

  it('answer each who gives one command at the same gateway, while it is being decided', async () => {
    const twin = await TestTerminal.open(members[0]?.gateway.port ?? 0, 'luis');
    const id = crypto.randomUUID();
    const pause = { scope: { kind: 'all' }, reason: 'otra pausa', origin: 'console' };
    const both = [terminals[0], twin].map((one) => one?.give('pause', pause, id));
    const [first, second] = await Promise.all(both);
    expect(second?.stage).toBe(first?.stage);
    twin.socket.close();
  });

  it('refuse a command once, wherever it is given', async () => {
    const id = crypto.randomUUID();
    const unasked = { request: 'nobody-asked', reason: 'no consta', origin: 'console' };
    const answers = await Promise.all(
      terminals.map((one) => one.give('resume.approve', unasked, id)),
    );
    expect(answers.map(({ stage }) => stage)).toEqual(['rejected', 'rejected', 'rejected']);
    await everywhere(({ events }) => events.some(({ commandId }) => commandId === id));
    for (const { events } of terminals) {
      expect(events.filter(({ commandId }) => commandId === id)).toHaveLength(1);
    }
  });

  it('kill every engine, given at all of them under one id, and say flat once', async () => {
    const id = crypto.randomUUID();
    for (const terminal of terminals) terminal.kill({}, id);
    await everywhere(({ ops }) => ops.kills[0]?.flatAt != null);
    expect(engines.map(({ sold }) => sold)).toEqual([100, 100, 100]);
    for (const { events } of terminals) {
      const of = (type: string) => events.filter((event) => event.type === type);
      expect(of('kill.requested')).toHaveLength(1);
      expect(of('kill.halted')).toHaveLength(1);
      expect(of('kill.flat')).toHaveLength(1);
    }
  });

  it('leave one chain in every copy', async () => {
    for (const { gateway } of members) await gateway.stop();
    const copies = members.map(({ dataDir }) => new SqliteEventStore(`${dataDir}/log.db`, sha256));
    const found = copies.map((copy) => copy.verify());
    for (const one of found) expect(one.ok).toBe(true);
    const shortest = Math.min(...copies.map((copy) => copy.head().seq));
    expect(new Set(copies.map((copy) => copy.hashAt(shortest))).size).toBe(1);
    for (const copy of copies) copy.close();
    members = [];
  });
});
