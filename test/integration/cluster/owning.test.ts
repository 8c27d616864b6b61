import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLeases, openLeaseBucket } from '../../../src/gateway/cluster/leases';
import { LEASE_TIMES } from '../../../src/gateway/cluster/open';
import { leaseOf } from '../../../src/gateway/cluster/owning';
import { createEngineLink, type LinkedEngine } from '../../../src/gateway/engines/client/link';
import type { LogEvent } from '../../../src/shared/log/event';
import type { Mode } from '../../../src/shared/telemetry/types';
import { type MeasuredGateway, startGateways, startMember } from '../../bench/cluster/gateways';
import { ownershipFaults, type Told } from '../../chaos/checker';
import { connectTo } from '../../support/cluster';
import { FakeEngine } from '../../support/fakeEngine';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';
import { TestTerminal } from '../../support/testTerminal';

/** Of an engine, from a gateway that dies to another. */
const HANDED_OVER_WITHIN_MS = 5_000;
const ENGINE = 'engine-linked';

describe.skipIf(WHY_NO_NATS !== null)('three gateways that are programs of their own', () => {
  const home = mkdtempSync(join(tmpdir(), 'vigia-owning-'));
  let servers: NatsServers;
  let gateways: MeasuredGateway[];
  let terminal: TestTerminal;
  let engine: ReturnType<typeof linkEngine>;

  beforeAll(async () => {
    servers = await startNats({ servers: 3 });
    gateways = await startGateways(home, servers, 3);
    terminal = await TestTerminal.open(at(0).port);
    // Followed by the terminal: the first one stays.
    engine = linkEngine([1, 2, 0].map((index) => at(index).port));
    await terminal.until(() => terminal.ops.engines[ENGINE]?.connected === true);
    await terminal.until(() => terminal.ops.acting !== null);
  }, 60_000);
  afterAll(async () => {
    engine?.stop();
    for (const { program } of gateways ?? []) {
      signal(program.pid, 'SIGCONT');
      await program.end();
    }
    await servers?.stop();
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  const at = (index: number) => gateways[index] as MeasuredGateway;
  const owner = (id: string) => terminal.ops.engines[id]?.node;
  const said = (type: string, from = 0) =>
    terminal.events.slice(from).filter((event) => event.type === type);
  const faults = () => ownershipFaults(terminal.events as unknown as Told[]);

  /** Where an engine is connected, by the log, once that is another gateway than `former`. */
  async function movedFrom(id: string, former: string): Promise<LogEvent> {
    const moved = () =>
      terminal.events.findLast(
        ({ type, data }) => type === 'engine.connected' && data.engine === id,
      );
    await terminal.until(() => moved()?.data.node !== former);
    return moved() as LogEvent;
  }

  it('own an engine under the lease of the one it is at, which is another one’s within 5 s of a kill -9', async () => {
    expect(owner(ENGINE)).toBe('g1');
    const before = terminal.ops.leases;
    expect(said('engine.connected')).toMatchObject([{ data: { node: 'g1', lease: before.g1 } }]);
    const since = performance.now();
    signal(at(1).program.pid, 'SIGKILL');
    const { data } = await movedFrom(ENGINE, 'g1');
    expect(performance.now() - since).toBeLessThan(HANDED_OVER_WITHIN_MS);
    expect(data).toMatchObject({ node: 'g2', lease: before.g2 });
    // The next life of the one that died has a greater token, and nothing of the former one's.
    await at(1).program.end();
    gateways[1] = await startMember(home, servers, 'g1');
    await terminal.until(() => (terminal.ops.leases.g1 ?? 0) > (before.g1 ?? 0));
    expect(owner(ENGINE)).toBe('g2');
    expect(faults()).toEqual([]);
  }, 60_000);

  it('let one that was frozen past its lease say nothing of an engine that has moved since', async () => {
    const moving = new FakeEngine('engine-moving', 100);
    await moving.connect(at(1).port, moving.id);
    await terminal.until(() => owner(moving.id) === 'g1');
    const session = terminal.ops.engines[moving.id]?.session;
    signal(at(1).program.pid, 'SIGSTOP');
    // It lies in the frozen one's socket, and is read when that is over.
    moving.alert('said-to-the-frozen');
    await terminal.until(() => said('gateway.lost').some(({ data }) => data.node === 'g1'));
    await terminal.until(() => terminal.ops.engines[moving.id]?.connected === false);
    // The frozen one is not told that it leaves.
    await moving.connect(at(2).port, moving.id);
    await terminal.until(() => owner(moving.id) === 'g2');
    const moved = terminal.ops.engines[moving.id];
    signal(at(1).program.pid, 'SIGCONT');
    const token = terminal.ops.leases.g1 ?? 0;
    // An engine that comes to it then is owned under a token of its own.
    const late = new FakeEngine('engine-late', 0);
    await late.connect(at(1).port, late.id);
    await terminal.until(() => owner(late.id) === 'g1' && (terminal.ops.leases.g1 ?? 0) > token);
    // What it had to say before is in the log before that, or nowhere.
    await (await TestTerminal.open(at(1).port, 'thawed')).until(() => true);
    await terminal.until(() => said('session.opened').some(({ data }) => data.name === 'thawed'));
    expect(terminal.ops.engines[moving.id]).toEqual(moved);
    expect(moved?.session).not.toBe(session);
    moving.alert('said-to-the-owner');
    const alerts = () =>
      said('alert.raised')
        .map(({ data }) => String(data.alert))
        .filter((alert) => alert.startsWith(`engine:${moving.id}:`));
    await terminal.until(() => alerts().length > 0);
    expect(alerts()).toEqual([`engine:${moving.id}:said-to-the-owner`]);
    expect(faults()).toEqual([]);
    late.disconnect();
    moving.disconnect();
    await terminal.until(() => terminal.ops.engines[moving.id]?.connected === false);
  }, 60_000);

  it('lose no engine while the bucket of the leases stands still, hand one over and stop it', async () => {
    const connection = await connectTo(servers.addresses, 'onlooker');
    const bucket = await openLeaseBucket(connection, 3, LEASE_TIMES);
    const uptime = () => performance.now();
    const leases = createLeases({ bucket, node: 'onlooker', uptime, times: LEASE_TIMES });
    const holders = gateways.map(({ node }) => leaseOf(node));
    const lapsed = () => holders.map((lease) => leases.lapsed(lease));
    await expect.poll(lapsed).toEqual([false, false, false]);
    const from = terminal.events.length;
    await standStill(connection);
    await expect.poll(lapsed, { timeout: 10_000 }).toEqual([true, true, true]);
    const standing = new FakeEngine('engine-standing', 100);
    await standing.connect(at(0).port, standing.id);
    await terminal.until(() => owner(standing.id) === 'g0');
    expect([...said('gateway.lost', from), ...said('engine.lost', from)]).toEqual([]);

    const since = performance.now();
    signal(at(2).program.pid, 'SIGKILL');
    const { data } = await movedFrom(ENGINE, 'g2');
    expect(performance.now() - since).toBeLessThan(HANDED_OVER_WITHIN_MS);
    expect(data.lease).toBe(terminal.ops.leases[String(data.node)]);
    terminal.kill();
    await terminal.until(() =>
      [ENGINE, standing.id].every((id) => terminal.ops.chains[id]?.block != null),
    );
    expect([engine.mode(), standing.mode]).toEqual(['killed', 'killed']);
    expect(faults()).toEqual([]);
    leases.close();
    await connection.close();
  }, 60_000);
});

/** The bucket answers who looks, and takes nothing any more. */
async function standStill(connection: NatsConnection): Promise<void> {
  const { streams } = await jetstreamManager(connection);
  const { config } = await streams.info('KV_vigia-leases');
  const sealed = { ...config, sealed: true };
  await streams.update(config.name, sealed);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It was killed before.
  }
}

/** An engine on the link that engines of this repository have, told of all gateways. */
function linkEngine(ports: readonly number[]) {
  let mode: Mode = 'normal';
  const link = createEngineLink({
    gateway: ports.map((port) => `ws://127.0.0.1:${port}`).join(),
    ...{ token: ENGINE, random: Math.random, uptime: () => performance.now() },
    ...{ say: () => undefined, onRefused: () => undefined },
  });
  const about = { kind: 'fake', environment: 'paper' as const, instruments: ['USD/COP'] };
  const engine: LinkedEngine = {
    get mode() {
      return mode;
    },
    now: Date.now,
    register: () => ({
      engine: { id: ENGINE, name: ENGINE, software: 'test', ...about },
      ...{ loaded: null, available: [] },
    }),
    setMode(next) {
      mode = next;
    },
    ...{ beginSession: () => undefined, query: () => null, cards: () => [] },
    deadMan: () => undefined,
    operate(opId, operation) {
      const settled = { type: 'op.update' as const, opId, state: 'settled' as const };
      if (operation.op === 'read_back') {
        const nothing = { positions: [], workingOrders: [], telemetrySeq: 0 };
        link.send({ ...settled, items: [], readBack: { asOf: Date.now(), ...nothing } });
        return;
      }
      if (operation.op === 'block') mode = 'killed';
      if (operation.op === 'set_mode') mode = operation.mode;
      link.send({ ...settled, items: [{ kind: 'engine', id: ENGINE, outcome: 'done' }] });
    },
  };
  link.attach(engine);
  return { mode: () => mode, stop: link.stop };
}
