import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { createClusterLog } from '../../../src/gateway/cluster/log';
import { isLatest, isOwned, type Ownership } from '../../../src/gateway/cluster/owning';
import { createEngineHub, type EngineHub } from '../../../src/gateway/engineHub';
import type { Guard } from '../../../src/gateway/guard';
import type { GatewayLog } from '../../../src/gateway/log';
import type { GatewayMetrics } from '../../../src/gateway/metrics';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import type { OpsState } from '../../../src/shared/ops/state';
import { ownershipFaults, type Told } from '../../chaos/checker';
import { quickPolicy } from '../../support/desk';
import { MemoryStream } from './memoryStream';

const { privateKey: key } = generateKeyPairSync('ed25519');
const policy = { ...quickPolicy, engines: { ...quickPolicy.engines, heartbeatMs: 3_600_000 } };
const NODES = ['norte', 'centro', 'sur'] as const;
const ENGINES = ['e1', 'e2'] as const;

/** An engine's end of a connection as a gateway has it; the other end may be long gone. */
class Socket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  closedWith: number | null = null;
  send(): void {}
  terminate(): void {}
  close(code: number): void {
    this.closedWith = code;
    this.readyState = 3;
  }
  says(message: object): void {
    this.emit('message', Buffer.from(JSON.stringify(message)), false);
  }
}

/** One life of a gateway. */
interface Life {
  readonly node: string;
  readonly log: GatewayLog;
  readonly end: ReturnType<MemoryStream['end']>;
  readonly hub: EngineHub;
  /** The bucket grants its lease anew. */
  grant(): void;
}

/** A connection of an engine to a gateway. */
interface Link {
  readonly engine: string;
  readonly socket: Socket;
  readonly at: Life;
}

/** Gateways with their hubs around one stream, and engines that are each at one of them. */
class Desk {
  now = 1_700_000_000_000;
  readonly stream = new MemoryStream();
  readonly lives: Life[] = [];
  /** The last life of each gateway's name. */
  readonly latest = new Map<string, Life>();
  readonly engines = new Map<string, Link>();
  readonly links: Link[] = [];
  #granted = new Map<string, number>();

  async start(node: string): Promise<void> {
    const end = this.stream.end();
    const log = await createClusterLog({
      ...{ store: new SqliteEventStore(':memory:', sha256), stream: end, sha256, key },
      ...{ origin: 'test', checkpointEvery: 1_000_000, random: randomBytes },
      ...{ clock: () => this.now, uptime: () => performance.now(), signs: () => false },
      ...{ retryMs: 1, catchUpMs: 100 },
    });
    let token = this.#next(node);
    const listeners: (() => void)[] = [];
    const owner: Ownership = {
      ...{ node, token: () => token },
      onGranted: (listener) => void listeners.push(listener),
    };
    const about = { version: 'test', runtime: 'test', environment: 'paper' } as const;
    const lease = token;
    log.append({
      ...{ type: 'gateway.started', data: { ...about, node, lease } },
      holds: ({ leases }) => (leases[node] ?? 0) < lease,
    });
    const hub = createEngineHub({
      ...{ log, policy, owner, gatewayId: 'g', clock: () => this.now, uptime: () => 0 },
      random: randomBytes,
      guard: { allowance: () => ({ take: () => true }) } as unknown as Guard,
      metrics: { frame() {}, refused() {} } as unknown as GatewayMetrics,
    });
    const life: Life = {
      ...{ node, log, end, hub },
      grant: () => {
        token = this.#next(node);
        for (const listener of listeners) listener();
      },
    };
    this.lives.push(life);
    this.latest.set(node, life);
  }

  #next(node: string): number {
    const token = (this.#granted.get(node) ?? 0) + 1;
    this.#granted.set(node, token);
    return token;
  }

  /** An engine dials a gateway. The one that it leaves hears of it, or is hung and does not. */
  move(engine: string, node: string, heard: boolean): void {
    const from = this.engines.get(engine);
    if (heard) from?.socket.emit('close', 1000);
    const at = this.latest.get(node) as Life;
    const socket = new Socket();
    at.hub.accept(socket as unknown as WebSocket, null);
    const link = { engine, socket, at };
    this.links.push(link);
    this.engines.set(engine, link);
    const about = { kind: 'fake', environment: 'paper', instruments: [], software: 'test' };
    const none = { loaded: null, available: [], selfPausedAt: null };
    const named = { engine: { id: engine, name: engine, ...about }, ...none };
    socket.says({ type: 'register', ...named, mode: 'normal', time: this.now });
    this.say(link);
  }

  isLatest(life: Life): boolean {
    return this.latest.get(life.node) === life;
  }

  /** An engine says something that nobody else does. */
  say(link: Link | undefined): void {
    const at = link ? this.links.indexOf(link) : -1;
    link?.socket.says({ type: 'self.paused', at, silentMs: 500, action: 'pause' });
  }

  /** Somebody else calls an engine lost, as who acts for all does. */
  miss(engine: string, node: string): void {
    const { log } = this.latest.get(node) as Life;
    const known = log.state().engines[engine];
    if (!known?.connected || known.node === node) return;
    log.append({
      type: 'engine.lost',
      data: { engine, cause: 'silent', lastHeardAt: this.now, positions: null },
      holds: ({ engines }) => engines[engine]?.session === known.session,
    });
  }

  /** Everybody hears everything. */
  async calm(): Promise<void> {
    for (const { end } of this.lives) end.cutOff = false;
    const heads = () => new Set(this.lives.map(({ log }) => log.savedHead().hash));
    const waits = () => this.lives.some(({ log }) => log.health().unsavedEvents > 0);
    while (heads().size > 1 || waits()) {
      for (const { end } of this.lives) end.wake();
      await new Promise((go) => setImmediate(go));
    }
  }

  async stop(): Promise<void> {
    for (const { hub, log } of this.lives) {
      hub.stop();
      await log.stop();
    }
  }
}

type Act = (desk: Desk) => void | Promise<void>;
const node = fc.constantFrom(...NODES);
const engine = fc.constantFrom(...ENGINES);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ engine, node, heard: fc.boolean() }).map(
      (one): Act =>
        (desk) =>
          desk.move(one.engine, one.node, one.heard),
    ),
  },
  {
    weight: 4,
    arbitrary: engine.map(
      (one): Act =>
        (desk) =>
          desk.say(desk.engines.get(one)),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({ node, cutOff: fc.boolean() }).map(
      (one): Act =>
        (desk) => {
          const { end } = desk.latest.get(one.node) as Life;
          end.cutOff = one.cutOff;
          end.wake();
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ engine, node }).map(
      (one): Act =>
        (desk) =>
          desk.miss(one.engine, one.node),
    ),
  },
  {
    weight: 2,
    arbitrary: node.map(
      (one): Act =>
        (desk) =>
          desk.latest.get(one)?.grant(),
    ),
  },
  // The former life is cut off and hung, and comes back at the end.
  {
    weight: 1,
    arbitrary: node.map(
      (one): Act =>
        async (desk) => {
          const former = desk.latest.get(one) as Life;
          former.end.cutOff = true;
          await desk.start(one);
        },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.nat({ max: 5 }).map(
      (turns): Act =>
        async () => {
          for (let turn = 0; turn < turns; turn += 1) await new Promise((go) => setImmediate(go));
        },
    ),
  },
);

it('an engine has one owner at a time by the log, whoever is cut off, hung, granted anew or replaced', async () => {
  let owned = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
      const desk = new Desk();
      for (const one of NODES) await desk.start(one);
      for (const one of acts) {
        desk.now += 10;
        await one(desk);
      }
      await desk.calm();
      const [first] = desk.lives as [Life];
      const { seq } = first.log.savedHead();
      // Also what is hung, or at a life that was replaced, has a last word.
      for (const link of desk.links) desk.say(link);
      await desk.calm();
      const log = (await first.log.read(1, 10_000)) as unknown as Told[];
      const said = log.slice(seq).map(({ data }) => desk.links[Number(data.at)]);
      expect(said.every((link) => link && desk.isLatest(link.at))).toBe(true);
      expect(new Set(said.map((link) => link?.engine)).size).toBe(said.length);
      expect(ownershipFaults(log)).toEqual([]);
      for (const id of ENGINES) {
        const here = desk.engines.get(id);
        // What came to a life that was replaced has no owner until it dials anew.
        if (!here || !desk.isLatest(here.at)) continue;
        owned += 1;
        expect(said).toContain(here);
        expect(here.socket.closedWith).toBe(null);
        const has = [...desk.latest.values()].filter(({ hub }) => hub.isConnected(id));
        expect(has).toEqual([here.at]);
        expect(first.log.state().engines[id]).toMatchObject({
          ...{ connected: true, node: here.at.node },
        });
      }
      await desk.stop();
    }),
    { numRuns: 300 },
  );
  expect(owned).toBeGreaterThan(100);
}, 120_000);

it('a connection that was lost is later than one made before it, of which the log had not heard', () => {
  const engines = { e: { session: null, lastSession: '018c-later', node: 'sur' } };
  const state = { leases: { sur: 1, norte: 1 }, engines } as unknown as OpsState;
  const owned = (node: string, session: string) => ({ node, token: 1, engine: 'e', session });
  expect(isLatest(state, owned('norte', '018b-before'), null)).toBe(false);
  expect(isLatest(state, owned('norte', '018d-after'), null)).toBe(true);
  expect(isLatest(state, owned('norte', '018b-before'), '018c-later')).toBe(true);
  expect(isOwned(state, owned('sur', '018c-later'))).toBe(true);
  expect(isOwned(state, owned('sur', '018b-before'))).toBe(false);
});
