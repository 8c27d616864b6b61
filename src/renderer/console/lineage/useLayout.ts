import { filterSteps, type LineageFilter } from '@shared/lineage/filter';
import { type LineageGraph, runSliced } from '@shared/lineage/graph';
import { type Layout, layoutSteps, noMemory } from '@shared/lineage/layout';
import { useEffect, useState } from 'react';

/** Work between two chances for the window to draw and to hear a key. */
const SLICE_MS = 8;

/** Lays out what a filter leaves of a graph, in slices; the one before stands until it is done. */
export function useLayout(graph: LineageGraph, filter: LineageFilter): Layout | null {
  const [layout, setLayout] = useState<Layout | null>(null);
  const [memory] = useState(noMemory);
  useEffect(() => {
    let wanted = true;
    const run = {
      budgetMs: SLICE_MS,
      now: () => performance.now(),
      pause: nextTask,
      stillWanted: () => wanted,
    };
    void runSliced(steps(), run).then((next) => {
      if (wanted && next) setLayout(next);
    });
    return () => {
      wanted = false;
    };

    function* steps() {
      return yield* layoutSteps(yield* filterSteps(graph, filter), memory);
    }
  }, [graph, filter, memory]);
  return layout;
}

/** Resolves in a task of its own, after what waits already. */
function nextTask(): Promise<void> {
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });
}
