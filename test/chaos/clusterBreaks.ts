import { cpSync, existsSync, rmSync } from 'node:fs';
import { slowDisk } from '../support/slowDisk';
import type { ClusterDesk, Node } from './clusterDesk';
import type { LinkProxy, Trouble, Way } from './proxy';

/**
 * What is broken in a round: a server's links are those to its peers, a gateway's those to the servers, and
 * out of reach it is for terminals and engines.
 */
export const BREAKS = [
  'server killed',
  'server cut off',
  'server stalled',
  'server stalled one way',
  'server frozen',
  'server with a slow disk',
  'server with old data',
  'gateway killed',
  'gateway cut off',
  'gateway stalled',
  'gateway stalled one way',
  'gateway out of reach',
  'gateway out of reach one way',
  'gateway frozen',
  'gateway with a slow disk',
  'gateway with an old copy',
  'terminal killed',
] as const;
export type Break = (typeof BREAKS)[number];

/** How something is broken. */
export interface How {
  /** Which of the three. */
  readonly target: number;
  /** Which one way is stalled: from who dials on, or back to it. */
  readonly way: Way;
  /** What a slow disk takes for each write, ms. */
  readonly writeMs: number;
}

/** Something that is broken, until it is healed. */
export interface Broken {
  /** The gateway whose engines must go elsewhere. */
  readonly gone: string | null;
  /** The gateway that neither engines nor terminals reach, and that they do not know to be gone. */
  readonly mute: string | null;
  /** The gateway whose own disk is slow: it waits for each write of its copy. */
  readonly slow: string | null;
  heal(): Promise<void>;
}

const NOTHING = { gone: null, mute: null, slow: null };

/** Breaks something of a desk that is whole. */
export async function breakIt(
  desk: ClusterDesk,
  kind: Break,
  { target, way, writeMs }: How,
): Promise<Broken> {
  const { servers } = desk;
  const node = desk.nodes[target] as Node;
  switch (kind) {
    case 'server killed':
      await servers.kill(target);
      return { ...NOTHING, heal: () => servers.start(target) };
    case 'server with old data':
      await servers.kill(target);
      bringBack([servers.folders[target] as string]);
      return { ...NOTHING, heal: () => servers.start(target) };
    case 'server cut off':
    case 'server stalled':
      servers.isolate(target, kind === 'server cut off' ? 'cut' : 'stall');
      return { ...NOTHING, heal: async () => servers.heal() };
    case 'server stalled one way':
      servers.isolate(target, way === 'onward' ? 'mute' : 'deaf');
      return { ...NOTHING, heal: async () => servers.heal() };
    case 'server with a slow disk': {
      const disk = await slowDisk(servers.pid(target), writeMs);
      return { ...NOTHING, heal: disk.end };
    }
    case 'server frozen':
      servers.freeze(target);
      return { ...NOTHING, heal: async () => servers.thaw(target) };
    case 'gateway killed':
      await node.kill();
      return { ...NOTHING, gone: node.name, heal: () => node.start() };
    case 'gateway with an old copy': {
      await node.kill();
      // The latch stays: it is a file of its own, and is for this.
      bringBack(copyFiles(node));
      return { ...NOTHING, gone: node.name, heal: () => node.start() };
    }
    case 'gateway cut off':
      return { ...NOTHING, heal: trouble(node.links, { kind: 'refuse' }) };
    case 'gateway stalled':
      return { ...NOTHING, heal: trouble(node.links, { kind: 'stall' }) };
    case 'gateway stalled one way':
      return { ...NOTHING, heal: trouble(node.links, { kind: 'stall', way }) };
    case 'gateway out of reach':
      return { ...NOTHING, mute: node.name, heal: trouble([node.front], { kind: 'stall' }) };
    case 'gateway out of reach one way': {
      // One that is only not heard by it does what it says.
      const mute = way === 'back' ? node.name : null;
      return { ...NOTHING, mute, heal: trouble([node.front], { kind: 'stall', way }) };
    }
    case 'gateway with a slow disk': {
      const disk = await slowDisk(node.running()?.pid ?? 0, writeMs);
      return { ...NOTHING, slow: node.name, heal: disk.end };
    }
    case 'gateway frozen':
      node.signal('SIGSTOP');
      return { ...NOTHING, mute: node.name, heal: async () => node.signal('SIGCONT') };
    case 'terminal killed':
      desk.clients[target % desk.clients.length]?.crash();
      return { ...NOTHING, heal: async () => undefined };
  }
}

/** Troubles links. @returns the way out */
function trouble(links: readonly LinkProxy[], what: Trouble): () => Promise<void> {
  for (const link of links) {
    link.set(what);
    if (what.kind === 'refuse') link.cut();
  }
  return async () => {
    for (const link of links) link.set({ kind: 'none' });
  };
}

/** Keeps a copy of the data of each server and gateway, as its death at this moment would leave it. */
export function keepOldData({ servers, nodes }: ClusterDesk): void {
  for (const [index, folder] of servers.folders.entries()) {
    servers.freeze(index);
    copyOver(folder, old(folder));
    servers.thaw(index);
  }
  for (const node of nodes) {
    node.signal('SIGSTOP');
    for (const path of copyFiles(node)) copyOver(path, old(path));
    node.signal('SIGCONT');
  }
}

const copyFiles = ({ copy }: Node) => ['', '-wal', '-shm'].map((end) => copy + end);
const old = (path: string) => `${path}.old`;

/** Puts the old data of who is dead in its place, and keeps what was there for the next time. */
function bringBack(paths: readonly string[]): void {
  for (const path of paths) {
    const now = `${path}.now`;
    copyOver(path, now);
    copyOver(old(path), path);
    copyOver(now, old(path));
    rmSync(now, { recursive: true, force: true });
  }
}

/** What is not there is not there afterwards either. */
function copyOver(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  if (existsSync(from)) cpSync(from, to, { recursive: true });
}
