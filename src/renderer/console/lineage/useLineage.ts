import { EMPTY_GRAPH, type LineageGraph } from '@shared/lineage/graph';
import type { LineagePart } from '@shared/lineage/ipc';
import { useEffect, useRef, useState } from 'react';
import { useApp } from '../../lib/store';

/** Trades that are still being read come without a longer log: they are looked for so often. */
const LOOK_EVERY_MS = 2_000;

type About = Omit<LineagePart, 'nodes' | 'edges' | 'parts'>;

export interface Held {
  readonly graph: LineageGraph;
  readonly about: About | null;
  /** Why nothing could be read, in the main process's words. */
  readonly failure: string | null;
}

const NOTHING: Held = { graph: EMPTY_GRAPH, about: null, failure: null };

/**
 * The whole graph as the terminal has it, fetched anew in parts whenever it is another.
 *
 * @param at the event up to which the log is read; null for all of it, as it is now.
 */
export function useLineage(at: number | null): Held {
  const [held, setHeld] = useState(NOTHING);
  const grown = useApp((state) => state.auditSeq);
  const wake = useRef<(() => void) | null>(null);
  useEffect(() => {
    let ended = false;
    let busy = false;
    let revision: number | null = null;
    // What was shown is of another time.
    setHeld(NOTHING);
    const look = async (): Promise<void> => {
      if (busy || document.hidden) return;
      busy = true;
      const next = await fetchGraph(revision, at).catch((error: Error) => error.message);
      busy = false;
      if (ended) return;
      if (typeof next === 'string') return setHeld((now) => ({ ...now, failure: next }));
      const { graph, about } = next;
      revision = about.revision;
      setHeld((now) => ({ graph: graph ?? now.graph, about, failure: null }));
    };
    wake.current = () => void look();
    void look();
    const timer = setInterval(() => void look(), LOOK_EVERY_MS);
    return () => {
      ended = true;
      wake.current = null;
      clearInterval(timer);
    };
  }, [at]);
  // A longer log may say more.
  useEffect(() => {
    if (grown > 0) wake.current?.();
  }, [grown]);
  return held;
}

async function fetchGraph(
  known: number | null,
  at: number | null,
): Promise<{ graph: LineageGraph | null; about: About }> {
  const first = await ask(known, 0, at);
  if (first.parts === 0) return { graph: null, about: first };
  const nodes = [...first.nodes];
  const edges = [...first.edges];
  for (let part = 1; part < first.parts; part += 1) {
    const next = await ask(null, part, at);
    // It became another while it was read: what is held goes on until the next look.
    if (next.revision !== first.revision) return { graph: null, about: { ...first, revision: -1 } };
    for (const node of next.nodes) nodes.push(node);
    for (const edge of next.edges) edges.push(edge);
  }
  return { graph: { nodes, edges }, about: first };
}

async function ask(known: number | null, part: number, at: number | null): Promise<LineagePart> {
  const answer = await window.vigia.call('lineage.part', { known, part, at });
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value;
}
