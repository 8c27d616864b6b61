import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type LinkProxy, openProxy, type Trouble, type Way } from '../chaos/proxy';
import { endsWithUs } from './children';

/** Debian puts servers where an ordinary user's PATH does not look. */
const ENV = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin` };

/** Why tests that need NATS cannot run here; null when they can. */
export const WHY_NO_NATS: string | null =
  spawnSync('nats-server', ['--version'], { env: ENV }).status === 0
    ? null
    : 'nats-server is not installed';

export type Isolation = 'cut' | 'stall' | 'deaf' | 'mute';

/** Real nats-servers with JetStream on this machine, each by its index. */
export interface NatsServers {
  /** `host:port` for clients; it stays the same when a server is killed and started. */
  readonly addresses: readonly string[];
  /** As the servers call themselves, for instance in a stream's `cluster.leader`. */
  readonly names: readonly string[];
  /** Where each keeps its streams; to be touched only while it is dead. */
  readonly folders: readonly string[];
  /** SIGKILL. */
  kill(index: number): Promise<void>;
  /** Stops a server where it stands, as a disk does that answers no more, until it is thawed or killed. */
  freeze(index: number): void;
  thaw(index: number): void;
  /** Of a server that runs. */
  pid(index: number): number;
  /** What it said last, for a report. */
  said(index: number): string;
  /** Starts a killed server with the data it had; resolves when it listens. */
  start(index: number): Promise<void>;
  /**
   * Cuts a server from its peers, or lets their connections stand and passes nothing on them: neither way,
   * or not what they say to it (`deaf`), or not what it says to them (`mute`). Clients still reach it.
   */
  isolate(index: number, how?: Isolation): void;
  /** Ends every isolation; the servers find each other within about a second. */
  heal(): void;
  /** Resolves when all servers that run agree on a leader of JetStream and have caught up with it. */
  ready(): Promise<void>;
  /** Ends all of it and removes the data. */
  stop(): Promise<void>;
}

interface Server {
  readonly name: string;
  readonly folder: string;
  /** -1 before its first start: the system gives it one. */
  port: number;
  monitorPort: number;
  process: ChildProcess | null;
  said: string[];
}

const POLL_MS = 50;
const READY_WITHIN_MS = 30_000;
const KEPT_LINES = 200;
/** nats-server says so on standard error, also where the system chose the port. */
const LISTENS = {
  client: /Listening for client connections on .*:(\d+)$/,
  route: /Listening for route connections on .*:(\d+)$/,
  monitor: /Starting http monitor on .*:(\d+)$/,
};

/**
 * Starts them and waits until they are ready. Each reaches its peers by routes through proxies, so that
 * it can be cut from them. A leader's loss is noticed after 4 to 9 s, which nats-server has built in.
 *
 * @param options.servers how many: 1 without a cluster, else 3 or 5
 * @param options.config added to every server's configuration, for instance `tls {…}` or `authorization {…}`
 * @param options.direct routes go straight, as where they are measured; none can be isolated then
 */
export async function startNats(
  options: {
    readonly servers?: 1 | 3 | 5;
    readonly config?: string;
    readonly direct?: boolean;
  } = {},
): Promise<NatsServers> {
  const { servers: count = 1, config = '', direct = false } = options;
  const root = mkdtempSync(join(tmpdir(), 'vigia-nats-'));
  const names = Array.from({ length: count }, (_, index) => `nats-${index}`);
  const servers: Server[] = names.map((name) => ({
    ...{ name, folder: join(root, name), port: -1, monitorPort: 0, process: null, said: [] },
  }));
  /** By who dials, then by whom it reaches. */
  const routes: (LinkProxy | null)[][] = await Promise.all(
    names.map((from) =>
      Promise.all(names.map((to) => (from === to || direct ? null : openProxy(() => 0)))),
    ),
  );
  /** Where each listens for its peers; -1: wherever the system has it, and the proxies know. */
  const routePorts = direct ? await freePorts(count) : names.map(() => -1);

  function configOf(index: number): string {
    const { folder, port } = at(index);
    const peers = direct
      ? routePorts.filter((_, other) => count > 1 && other !== index)
      : (routes[index] ?? []).flatMap((proxy) => proxy?.port ?? []);
    const cluster = `cluster {
      name: vigia
      listen: "127.0.0.1:${routePorts[index]}"
      # Peers that tell each other where nobody listens go by these routes alone, and clients by their own list.
      advertise: "127.0.0.1:1"
      no_advertise: true
      routes: [${peers.map((peer) => `"nats-route://127.0.0.1:${peer}"`).join(', ')}]
    }`;
    return `server_name: ${names[index]}
    listen: "127.0.0.1:${port}"
    http: "127.0.0.1:-1"
    ping_interval: "1s"
    ping_max: 2
    jetstream { store_dir: ${JSON.stringify(folder)}, max_file_store: 1GB, max_memory_store: 64MB }
    ${peers.length > 0 ? cluster : ''}
    ${config}`;
  }

  function at(index: number): Server {
    const server = servers[index];
    if (!server) throw new Error(`there is no server ${index}`);
    return server;
  }

  async function start(index: number): Promise<void> {
    const server = at(index);
    if (server.process) throw new Error(`${names[index]} runs`);
    mkdirSync(server.folder, { recursive: true });
    const file = join(server.folder, 'server.conf');
    writeFileSync(file, configOf(index));
    const child = spawn('nats-server', ['-c', file], {
      ...{ env: ENV, stdio: ['ignore', 'ignore', 'pipe'] },
    });
    server.process = child;
    endsWithUs(child);
    const expected = new Set(Object.keys(LISTENS));
    if (count === 1) expected.delete('route');
    await new Promise<void>((listening, failed) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        // Said at each of the questions below.
        const isAnswer = line.includes('Healthcheck failed');
        if (!isAnswer) server.said = [...server.said, line].slice(-KEPT_LINES);
        const port = (pattern: RegExp) => Number(pattern.exec(line)?.[1] ?? 0);
        server.port = port(LISTENS.client) || server.port;
        server.monitorPort = port(LISTENS.monitor) || server.monitorPort;
        if (port(LISTENS.route) > 0) {
          for (const row of routes) row[index]?.target(port(LISTENS.route));
        }
        for (const [name, pattern] of Object.entries(LISTENS)) {
          if (pattern.test(line)) expected.delete(name);
        }
        if (expected.size === 0) listening();
      });
      child.once('exit', (code) => {
        server.process = null;
        failed(new Error(`${names[index]} ended with ${code}: ${server.said.join('\n')}`));
      });
    });
  }

  async function kill(index: number): Promise<void> {
    const child = at(index).process;
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async function ready(): Promise<void> {
    const until = performance.now() + READY_WITHIN_MS;
    const running = servers.filter((server) => server.process !== null);
    let reports = await Promise.all(running.map(reportOf));
    while (!agree(reports)) {
      if (performance.now() > until) {
        throw new Error(`the servers are not ready: ${JSON.stringify(reports)}`);
      }
      await delay(POLL_MS);
      reports = await Promise.all(running.map(reportOf));
    }
  }

  const stop = async () => {
    await Promise.all(names.map((_, index) => kill(index)));
    await Promise.all(routes.flat().map((proxy) => proxy?.close()));
    rmSync(root, { recursive: true, force: true });
  };

  try {
    await Promise.all(names.map((_, index) => start(index)));
    await ready();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    addresses: servers.map(({ port }) => `127.0.0.1:${port}`),
    folders: servers.map(({ folder }) => join(folder, 'jetstream')),
    ...{ names, kill, start, ready, stop },
    freeze: (index) => void at(index).process?.kill('SIGSTOP'),
    thaw: (index) => void at(index).process?.kill('SIGCONT'),
    pid(index) {
      const pid = at(index).process?.pid;
      if (pid === undefined) throw new Error(`${names[index]} does not run`);
      return pid;
    },
    said: (index) => at(index).said.join('\n'),
    isolate(index, how = 'cut') {
      const put = (proxy: LinkProxy | null | undefined, trouble: Trouble) => {
        proxy?.set(trouble);
        if (how === 'cut') proxy?.cut();
      };
      for (const proxy of routes[index] ?? []) put(proxy, isolation(how, 'onward', 'back'));
      for (const row of routes) put(row[index], isolation(how, 'back', 'onward'));
    },
    heal() {
      for (const proxy of routes.flat()) proxy?.set({ kind: 'none' });
    },
  };
}

/** @param says which way what the isolated one says goes, and what it `hears` */
function isolation(how: Isolation, says: Way, hears: Way): Trouble {
  if (how === 'cut') return { kind: 'refuse' };
  if (how === 'stall') return { kind: 'stall' };
  return { kind: 'stall', way: how === 'mute' ? says : hears };
}

/** Ports that nobody has now. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** What a server says of itself at its monitoring port. */
interface Report {
  readonly name: string;
  readonly healthy: boolean;
  /** To its peers, as they stand. */
  readonly routes: number;
  /** Absent where it stands alone. */
  readonly cluster?: {
    readonly leader?: string;
    /** Of the leader alone. */
    readonly replicas?: readonly { readonly name: string; readonly current: boolean }[];
  };
}

async function reportOf({ name, monitorPort }: Server): Promise<Report> {
  const at = `http://127.0.0.1:${monitorPort}`;
  const read = async <Answer>(path: string) => (await (await fetch(at + path)).json()) as Answer;
  const { ok: healthy } = await fetch(`${at}/healthz`);
  const { num_routes: routes } = await read<{ num_routes: number }>('/routez');
  const { meta_cluster: cluster } = await read<{ meta_cluster?: Report['cluster'] }>('/jsz');
  return { name, healthy, routes, ...(cluster && { cluster }) };
}

function agree(reports: readonly Report[]): boolean {
  const leader = reports.find(({ name }) => name === reports[0]?.cluster?.leader);
  const current = new Set(
    leader?.cluster?.replicas?.filter((one) => one.current).map(({ name }) => name),
  );
  return reports.every(
    ({ name, healthy, routes, cluster }) =>
      healthy &&
      routes === reports.length - 1 &&
      cluster?.leader === leader?.name &&
      (name === leader?.name || current.has(name) || !cluster),
  );
}
