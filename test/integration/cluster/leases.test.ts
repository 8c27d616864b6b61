import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createLeases,
  type Grip,
  type LeaseChange,
  type Leases,
  openLeaseBucket,
} from '../../../src/gateway/cluster/leases';
import { type LinkProxy, openProxy } from '../../chaos/proxy';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';

const TIMES = { renewEveryMs: 500, lostAfterMs: 2_500 };
const HANDOVER_MS = TIMES.lostAfterMs + TIMES.renewEveryMs;
/** For a machine that is busy. */
const SOON = { timeout: 10_000 };
const uptime = () => performance.now();
const skipped = WHY_NO_NATS === null ? '' : ` (skipped: ${WHY_NO_NATS})`;

/** A gateway as far as leases go: its own connection, and the tokens it has been told it holds. */
interface Node {
  readonly name: string;
  readonly connection: NatsConnection;
  readonly leases: Leases;
}
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function openNode(name: string, servers: string[], replicas = 1): Promise<Node> {
  const connection = await connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  const bucket = await openLeaseBucket(connection, replicas, TIMES);
  const leases = createLeases({ bucket, node: name, uptime, times: TIMES });
  open.push(connection, leases);
  return { name, connection, leases };
}

/** A lease that a node asked for, once it has it. */
function held(node: Node, lease: string): Promise<Grip> {
  return new Promise((done) => {
    const grip = node.leases.hold(
      lease,
      (change) => change.held && queueMicrotask(() => done(grip)),
    );
  });
}

/** Holds a lease at each node and checks at each change that no other acts. */
function contend(nodes: readonly Node[], lease: string) {
  const grips = new Map<Node, Grip>();
  const overlaps: string[] = [];
  const changes: (LeaseChange & { readonly at: number; readonly node: Node })[] = [];
  const acting = () => nodes.filter((node) => grips.get(node)?.token() != null);
  for (const node of nodes) {
    const grip = node.leases.hold(lease, (change) => {
      changes.push({ ...change, at: uptime(), node });
      if (acting().length > 1) overlaps.push(`${acting().map(({ name }) => name)}`);
    });
    grips.set(node, grip);
  }
  return {
    ...{ acting, overlaps, changes },
    grip: (node: Node) => grips.get(node) as Grip,
    /** The one that acts, once one of `nodes` does. */
    async holder(among: readonly Node[] = nodes): Promise<Node> {
      await expect
        .poll(() => acting().some((one) => among.includes(one)), { timeout: 20_000, interval: 5 })
        .toBe(true);
      return acting()[0] as Node;
    },
  };
}

describe.skipIf(WHY_NO_NATS !== null)(`leases at one server${skipped}`, () => {
  let nats: NatsServers;
  let server: string;
  beforeAll(async () => {
    nats = await startNats();
    server = nats.addresses[0] as string;
  });
  afterAll(() => nats?.stop());

  const three = () => Promise.all(['a', 'b', 'c'].map((name) => openNode(name, [server])));

  it('one of three holds it, keeps it, and the others know who', async () => {
    const nodes = await three();
    const desk = contend(nodes, 'monitor');
    const holder = await desk.holder();
    // Longer than a lease lasts that nobody renews.
    await renewals(holder, 6);
    expect(desk.acting()).toEqual([holder]);
    const token = desk.grip(holder).token();
    expect(token).toBeGreaterThan(0);
    for (const { leases } of nodes) {
      await expect.poll(() => leases.view('monitor'), SOON).toEqual({ holder: holder.name, token });
    }
    expect(desk.changes.filter(({ held }) => held)).toHaveLength(1);
  });

  /** Resolves when the bucket has taken so many changes more. */
  async function renewals(node: Node, count: number): Promise<void> {
    const kv = await new Kvm(node.connection).open('vigia-leases');
    let left = count;
    for await (const _change of await kv.watch({ include: 'updates' })) {
      left -= 1;
      if (left === 0) return;
    }
  }

  it('one that falls silent is followed by another, and has stopped before', async () => {
    const nodes = await three();
    const desk = contend(nodes, 'silence');
    const holder = await desk.holder();
    const before = holder.leases.view('silence').token;
    const since = uptime();
    await holder.connection.close();
    const next = await desk.holder(nodes.filter((one) => one !== holder));
    expect(uptime() - since).toBeLessThan(HANDOVER_MS);
    const token = desk.grip(next).token() ?? 0;
    expect(token).toBeGreaterThan(before);
    expect(next.leases.view('silence')).toEqual({ holder: next.name, token });
    const stopped = desk.changes.find(
      ({ node, held, at }) => node === holder && !held && at > since,
    );
    const began = desk.changes.find(({ node, held }) => node === next && held);
    expect(stopped?.at).toBeLessThan(began?.at ?? 0);
    expect(desk.overlaps).toEqual([]);
  });

  it('one that gives it back is followed at once', async () => {
    const nodes = await three();
    const desk = contend(nodes, 'release');
    const holder = await desk.holder();
    const before = desk.grip(holder).token() ?? 0;
    const since = uptime();
    const released = desk.grip(holder).release();
    expect(desk.grip(holder).token()).toBe(null);
    const next = await desk.holder();
    expect(uptime() - since).toBeLessThan(TIMES.lostAfterMs / 2);
    await released;
    expect(next).not.toBe(holder);
    expect(next.leases.view('release').token).toBeGreaterThan(before);
  });

  it.each(['onward', 'back', undefined] as const)(
    'one cut off from its server stops before another begins, and sees that when it is back: %s',
    async (way) => {
      const proxy: LinkProxy = await openProxy(() => 0);
      proxy.target(Number(server.split(':')[1]));
      const far = await openNode('far', [`127.0.0.1:${proxy.port}`]);
      open.unshift(proxy);
      const lease = `partition ${way}`;
      const near = await openNode('near', [server]);
      const mine = await held(far, lease);
      const before = mine.token() ?? 0;
      const grips: Grip[] = [mine];
      const overlaps: (number | null)[] = [];
      const since = uptime();
      proxy.set(way ? { kind: 'stall', way } : { kind: 'stall' });
      await new Promise<void>((held) => {
        const grip = near.leases.hold(lease, (change) => {
          if (!change.held) return;
          overlaps.push(mine.token());
          held();
        });
        grips.push(grip);
      });
      expect(uptime() - since).toBeLessThan(HANDOVER_MS + TIMES.renewEveryMs);
      expect(overlaps).toEqual([null]);
      proxy.set({ kind: 'none' });
      const token = grips[1]?.token() ?? 0;
      expect(token).toBeGreaterThan(before);
      await expect.poll(() => far.leases.view(lease), SOON).toEqual({ holder: 'near', token });
      expect(mine.token()).toBe(null);
    },
  );

  it('one that is asked for anew gets a token of its own, and what was superseded gives nothing back', async () => {
    const [a, b] = (await three()) as [Node, Node];
    const first = await held(a, 'anew');
    const before = first.token() ?? 0;
    const second = await held(a, 'anew');
    const token = second.token() ?? 0;
    expect(first.token()).toBe(null);
    expect(token).toBeGreaterThan(before);
    await first.release();
    expect(second.token()).toBe(token);
    await second.release();
    await expect.poll(() => b.leases.view('anew'), SOON).toEqual({ holder: null, token });
    expect((await held(b, 'anew')).token()).toBeGreaterThan(token);
  });

  it('a gateway’s lease is taken at once by its next life, and left to it by one that was thought dead', async () => {
    const [former, onlooker] = (await three()) as [Node, Node];
    const lease = 'gateway/ñandú.*.>.=25 %';
    const old = await held(former, lease);
    const before = old.token() ?? 0;
    const next = await openNode(former.name, [server]);
    const grip = await held(next, lease);
    const token = grip.token() ?? 0;
    expect(token).toBeGreaterThan(before);
    await expect.poll(() => old.token(), SOON).toBe(null);
    await renewals(next, 6);
    expect([old.token(), grip.token()]).toEqual([null, token]);
    await expect
      .poll(() => onlooker.leases.view(lease), SOON)
      .toEqual({ holder: former.name, token });
  });

  it('whoever looks on sees it lapse when its holder falls silent or gives it back, not before', async () => {
    const [a, b] = (await three()) as [Node, Node];
    expect(b.leases.lapsed('mute')).toBe(true);
    const grip = await held(a, 'mute');
    await expect.poll(() => b.leases.lapsed('mute'), SOON).toBe(false);
    await renewals(a, 6);
    expect(b.leases.lapsed('mute')).toBe(false);
    await grip.release();
    await expect.poll(() => b.leases.lapsed('mute'), SOON).toBe(true);
    await held(a, 'mute');
    await expect.poll(() => b.leases.lapsed('mute'), SOON).toBe(false);
    await a.connection.close();
    await expect.poll(() => b.leases.lapsed('mute'), SOON).toBe(true);
  });

  it('a key that somebody deleted is free, and its tokens go on', async () => {
    const [a] = (await three()) as [Node];
    const former = (await held(a, 'borrado')).token() as number;
    const kv = await new Kvm(a.connection).open('vigia-leases');
    a.leases.close();
    await kv.delete('borrado');
    const next = await openNode('d', [server]);
    expect((await held(next, 'borrado')).token()).toBeGreaterThan(former);
  });

  it('a lease that would lapse before it is renewed is refused', () => {
    const bucket = {} as never;
    const times = { renewEveryMs: 1_500, lostAfterMs: 2_500 };
    expect(() => createLeases({ bucket, node: 'a', uptime, times })).toThrow(RangeError);
  });
});

describe.skipIf(WHY_NO_NATS !== null)(`leases at three servers${skipped}`, () => {
  it('of changes that follow the same one the bucket takes one', async () => {
    const nats = await startNats({ servers: 3 });
    open.unshift({ close: () => nats.stop() });
    const buckets = await Promise.all(
      nats.addresses.map(async (server) => {
        const connection = await connect({ servers: server });
        open.push(connection);
        return openLeaseBucket(connection, 3, { ...TIMES, renewEveryMs: 10_000 });
      }),
    );
    for (let last = 0; last < 100; last++) {
      const taken = await Promise.all(buckets.map((one, index) => one.put('x', `${index}`, last)));
      expect(taken.filter((revision) => revision !== null)).toEqual([last + 1]);
    }
  });

  it('go on when a server dies, and one that watched by it hears of what comes after', async () => {
    const nats = await startNats({ servers: 3 });
    open.unshift({ close: () => nats.stop() });
    const nodes = await Promise.all(
      ['a', 'b', 'c'].map((name) => openNode(name, [...nats.addresses], 3)),
    );
    const desk = contend(nodes, 'monitor');
    const holder = await desk.holder();
    const manager = await jetstreamManager((nodes[0] as Node).connection);
    /** The watches, by the server each hangs on. */
    async function watches(): Promise<Map<string, string>> {
      const all = new Map<string, string>();
      for await (const { name, cluster } of manager.consumers.list('KV_vigia-leases')) {
        all.set(name, cluster?.leader ?? '');
      }
      return all;
    }
    const before = await watches();
    const watcher = await openNode('w', [...nats.addresses], 3);
    await expect.poll(() => watcher.leases.view('monitor').holder, SOON).toBe(holder.name);
    const [its] = [...(await watches())].filter(([name]) => !before.has(name));
    await nats.kill(nats.names.indexOf(its?.[1] as string));
    // Made after the death, and told by nothing but the watch.
    await held(holder, 'gateway/x');
    await expect
      .poll(() => watcher.leases.view('gateway/x').holder, { timeout: 30_000 })
      .toBe(holder.name);
    await desk.holder();
    expect(desk.overlaps).toEqual([]);
  }, 60_000);
});
