import {
  finish,
  type GraphIndex,
  indexSteps,
  type LineageGraph,
  type NodeKind,
  SLICE,
} from './graph';
import { trace } from './trace';

/** What of the graph is shown. */
export interface LineageFilter {
  /** Only what this model was made from and what came of it; null for every model. */
  readonly model: string | null;
  /** Only what does not agree, with what it came from and what came of it. */
  readonly mismatches: boolean;
  readonly hidden: readonly NodeKind[];
}

export const EVERYTHING: LineageFilter = { model: null, mismatches: false, hidden: [] };

/** The part of a graph that a filter leaves; the very graph where it leaves everything. */
export function* filterSteps(
  graph: LineageGraph,
  filter: LineageFilter,
): Generator<void, LineageGraph> {
  const { model, mismatches, hidden } = filter;
  if (model === null && !mismatches && hidden.length === 0) return graph;
  const index = yield* indexSteps(graph);
  const sets: ReadonlySet<number>[] = [];
  if (model !== null) sets.push(around(index, [index.numberOf.get(model) ?? -1]));
  if (mismatches) {
    const wrong = [...graph.nodes.keys()].filter((at) => graph.nodes[at]?.mismatches.length);
    sets.push(around(index, wrong));
  }
  yield;
  const kept = new Set<string>();
  const nodes = [];
  for (const [at, node] of graph.nodes.entries()) {
    if (at % SLICE === 0) yield;
    if (hidden.includes(node.kind) || !sets.every((set) => set.has(at))) continue;
    kept.add(node.id);
    nodes.push(node);
  }
  const edges = [];
  for (const [at, edge] of graph.edges.entries()) {
    if (at % SLICE === 0) yield;
    if (kept.has(edge.from) && kept.has(edge.to)) edges.push(edge);
  }
  return { nodes, edges };
}

function around(index: GraphIndex, starts: readonly number[]): ReadonlySet<number> {
  const all = new Set<number>();
  for (const start of starts) {
    if (start < 0) continue;
    all.add(start);
    for (const node of trace(index, start, 'up').nodes) all.add(node);
    for (const node of trace(index, start, 'down').nodes) all.add(node);
  }
  return all;
}

/** {@link filterSteps} in one go. */
export function filtered(graph: LineageGraph, filter: LineageFilter): LineageGraph {
  return finish(filterSteps(graph, filter));
}
