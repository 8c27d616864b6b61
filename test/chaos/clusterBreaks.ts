import { cpSync, existsSync, rmSync } from 'node:fs';
import type { ClusterDesk, Node } from './clusterDesk';
import type { Trouble } from './proxy';

/** What is broken in a round. */
export const BREAKS = [
  'server killed',
  'server cut off',
  'server stalled',
  'server frozen',
  'server with old data',
  'gateway killed',
  'gateway cut off',
  'gateway stalled',
  'gateway stalled one way',
  'gateway frozen',
  'gateway with an old copy',
  'terminal killed',
] as const;
export type Break = (typeof BREAKS)[number];

/** Something that is broken, until it is healed. */
export interface Broken {
  /** The gateway whose engines must go elsewhere. */
  readonly gone: string | null;
  /** The gateway that neither engines nor terminals reach, and that they do not know to be gone. */
  readonly mute: string | null;
  heal(): Promise<void>;
}

const NOTHING = { gone: null, mute: null };

/** Of the old data of each place, the copy that was taken last. */
export type OldData = Set<string>;

/**
 * Breaks something of a desk that is whole.
 *
 * @param target which of the three
 * @param way which one way is stalled
 */
export async function breakIt(
  desk: ClusterDesk,
  kind: Break,
  target: number,
  way: 'onward' | 'back',
  old: OldData,
): Promise<Broken> {
  const { servers } = desk;
  const node = desk.nodes[target] as Node;
  switch (kind) {
    case 'server killed':
      await servers.kill(target);
      return { ...NOTHING, heal: () => servers.start(target) };
    case 'server with old data':
      await servers.kill(target);
      bringBack([servers.folders[target] as string], old);
      return { ...NOTHING, heal: () => servers.start(target) };
    case 'server cut off':
    case 'server stalled':
      servers.isolate(target, kind === 'server cut off' ? 'cut' : 'stall');
      return { ...NOTHING, heal: async () => servers.heal() };
    case 'server frozen':
      servers.freeze(target);
      return { ...NOTHING, heal: async () => servers.thaw(target) };
    case 'gateway killed':
      await node.kill();
      return { gone: node.name, mute: null, heal: () => node.start() };
    case 'gateway with an old copy': {
      await node.kill();
      // The latch stays: it is a file of its own, and is for this.
      bringBack(
        ['', '-wal', '-shm'].map((end) => node.copy + end),
        old,
      );
      return { gone: node.name, mute: null, heal: () => node.start() };
    }
    case 'gateway cut off':
      return trouble(node, { kind: 'refuse' });
    case 'gateway stalled':
      return trouble(node, { kind: 'stall' });
    case 'gateway stalled one way':
      return trouble(node, { kind: 'stall', way });
    case 'gateway frozen':
      node.signal('SIGSTOP');
      return { gone: null, mute: node.name, heal: async () => node.signal('SIGCONT') };
    case 'terminal killed':
      desk.clients[target % desk.clients.length]?.crash();
      return { ...NOTHING, heal: async () => undefined };
  }
}

/** Troubles a gateway's links to the servers. */
function trouble({ links }: Node, what: Trouble): Broken {
  for (const link of links) {
    link.set(what);
    if (what.kind === 'refuse') link.cut();
  }
  return {
    ...NOTHING,
    async heal() {
      for (const link of links) link.set({ kind: 'none' });
    },
  };
}

/** Puts the copy that was taken last in the place of files or a folder, and takes one of what was there. */
function bringBack(paths: readonly string[], old: OldData): void {
  const known = paths.some((path) => old.has(path));
  for (const path of paths) {
    if (existsSync(path)) cpSync(path, `${path}.new`, { recursive: true });
    if (known) {
      rmSync(path, { recursive: true, force: true });
      if (existsSync(`${path}.old`)) cpSync(`${path}.old`, path, { recursive: true });
    }
    rmSync(`${path}.old`, { recursive: true, force: true });
    if (existsSync(`${path}.new`)) cpSync(`${path}.new`, `${path}.old`, { recursive: true });
    rmSync(`${path}.new`, { recursive: true, force: true });
    old.add(path);
  }
}
