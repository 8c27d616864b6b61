import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addOperator } from '../../src/gateway/auth/operators';
import { seededRandom } from '../../src/gateway/engines/paper/market';
import { loadOrCreateKey } from '../../src/node/keys';
import { type NatsServers, startNats } from '../support/nats';
import { type Client, openClient } from './client';
import { writePolicies } from './desk';
import { type LeaseWatch, watchLeases } from './leases';
import { program, type Running, run } from './processes';
import { type LinkProxy, openProxy } from './proxy';

export const NODES = ['norte', 'centro', 'sur'] as const;

/** A gateway of three, as a program of its own. */
export interface Node {
  readonly name: string;
  readonly dataDir: string;
  /** Its own copy of the log. */
  readonly copy: string;
  /** Its links to the servers, each through a proxy. */
  readonly links: readonly LinkProxy[];
  /** How terminals and engines reach it. */
  readonly front: LinkProxy;
  /** Null while it is dead. */
  running(): Running | null;
  start(): Promise<void>;
  kill(): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

/** An engine with its account on disk, which knows all gateways. */
export interface Venue {
  readonly id: string;
  readonly ledger: string;
  readonly running: Running;
}

/** Three servers, three gateways, three engines and two terminals; every link to a gateway is by its proxy. */
export interface ClusterDesk {
  readonly servers: NatsServers;
  readonly nodes: readonly Node[];
  readonly venues: readonly Venue[];
  readonly clients: readonly Client[];
  /** The mirror of a terminal that is a program of its own. */
  readonly mirror: string;
  terminal(): Promise<Running>;
  readonly leases: LeaseWatch;
  /** What that terminal said of divergence. */
  readonly diverged: readonly string[];
  /** Ends that were not asked for. */
  readonly ended: readonly string[];
  close(): Promise<void>;
}

const STARTS_WITHIN_MS = 30_000;

/** Starts them all. @param home an empty folder; it stays when the desk is closed */
export async function openClusterDesk(seed: number, home: string): Promise<ClusterDesk> {
  const random = seededRandom(seed);
  const policyDir = writePolicies(home);
  const operatorsFile = join(home, 'operators.yaml');
  const lead = (id: string) => ({ id, displayName: id, roles: ['trading-lead' as const] });
  const tokens = [
    await addOperator(operatorsFile, lead('ana')),
    await addOperator(operatorsFile, lead('luis')),
  ] as const;
  const engineIds = NODES.map((_, at) => `venue-${at + 1}`);
  const engineTokens: string[] = [];
  for (const id of engineIds) {
    const account = { id, displayName: id, roles: ['engine' as const] };
    engineTokens.push(await addOperator(operatorsFile, account));
  }
  const [cli, venueProgram, terminalProgram] = (await Promise.all(
    ['src/gateway/cli.ts', 'test/chaos/programs/venue.ts', 'test/chaos/programs/terminal.ts'].map(
      program,
    ),
  )) as [string, string, string];

  const servers = await startNats({ servers: 3 });
  const leases = await watchLeases(servers.addresses);
  const key = join(home, 'signing.pem');
  loadOrCreateKey(key);
  const fronts = await Promise.all(NODES.map(() => openProxy(random)));
  const running = new Set<Running>();
  const proxies: LinkProxy[] = [...fronts];
  const ended: string[] = [];
  const diverged: string[] = [];
  let closing = false;

  const keep = (name: string, one: Running): Running => {
    running.add(one);
    void one.exited.then((code) => {
      running.delete(one);
      if (code !== null && !closing) ended.push(`${name} ended with ${code}: ${one.said()}`);
    });
    return one;
  };

  async function openNode(name: string, front: LinkProxy): Promise<Node> {
    const dataDir = join(home, name);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    copyFileSync(key, join(dataDir, 'signing.pem'));
    const links = await Promise.all(
      servers.addresses.map(async (address) => {
        const proxy = await openProxy(random);
        proxy.target(Number(address.split(':')[1]));
        return proxy;
      }),
    );
    proxies.push(...links);
    const cluster = { node: name, servers: links.map(({ port }) => `127.0.0.1:${port}`) };
    const config = join(home, `${name}.yaml`);
    const own = { port: 0, dataDir, operatorsFile, policyDir, environment: 'paper', cluster };
    writeFileSync(config, JSON.stringify(own));
    let process: Running | null = null;
    return {
      ...{ name, dataDir, copy: join(dataDir, 'log.db'), links, front },
      running: () => process,
      async start() {
        const until = performance.now() + STARTS_WITHIN_MS;
        while (!process) {
          try {
            process = await run([cli, '--config', config], /listening on/);
          } catch (error) {
            // As a supervisor does: it ends where no server answers, and is started again.
            if (performance.now() > until) throw error;
          }
        }
        front.target(Number(/:(\d+)\s*$/.exec(process.line)?.[1]));
        keep(name, process);
      },
      async kill() {
        const one = process;
        process = null;
        await one?.kill();
      },
      signal: (signal) => void (process && globalThis.process.kill(process.pid, signal)),
    };
  }

  const nodes = await Promise.all(NODES.map((name, at) => openNode(name, fronts[at] as LinkProxy)));
  const close = async () => {
    closing = true;
    for (const client of clients) client.close();
    for (const node of nodes) node.signal('SIGCONT');
    await Promise.all([...running].map((one) => one.kill()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await leases.close();
    await servers.stop();
  };
  const clients: Client[] = [];
  try {
    for (const node of nodes) await node.start();
    const ports = fronts.map(({ port }) => port);
    /** All addresses, each program with another one first. */
    const from = (first: number) => ports.map((_, at) => ports[(first + at) % 3] as number);
    const addresses = (first: number) => from(first).map((port) => `ws://127.0.0.1:${port}`);
    const venues = await Promise.all(
      engineIds.map(async (id, at) => {
        const ledger = join(home, `${id}.jsonl`);
        const token = engineTokens[at] as string;
        const args = [venueProgram, addresses(at).join(), token, id, ledger, String(seed + at)];
        return { id, ledger, running: keep(id, await run(args, /open/)) };
      }),
    );
    clients.push(
      openClient(from(0), tokens[0], 'terminal-ana'),
      openClient(from(1), tokens[1], 'terminal-luis'),
    );
    const mirror = join(home, 'audit.db');
    return {
      ...{ servers, nodes, venues, clients, mirror, leases, diverged, ended, close },
      terminal: async () =>
        keep(
          'terminal',
          await run(
            [terminalProgram, addresses(2).join(), tokens[0], mirror],
            /^mirror/,
            {},
            (line) => {
              if (line.startsWith('diverged')) diverged.push(line);
            },
          ),
        ),
    };
  } catch (error) {
    await close();
    throw error;
  }
}
