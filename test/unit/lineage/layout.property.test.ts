import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COLUMNS,
  finish,
  indexSteps,
  type LineageGraph,
  runSliced,
} from '../../../src/shared/lineage/graph';
import {
  layoutOf,
  layoutSteps,
  NODE_HEIGHT,
  NODE_WIDTH,
  noMemory,
} from '../../../src/shared/lineage/layout';
import { trace } from '../../../src/shared/lineage/trace';
import {
  covers,
  grown,
  nearestFirst,
  neighbour,
  seenIn,
  toward,
} from '../../../src/shared/lineage/window';
import { largeGraph, nodeOf } from '../../support/lineage';

/** Any graph at all: edges may go back, to nowhere, or twice. */
const graphs: fc.Arbitrary<LineageGraph> = fc
  .array(fc.record({ kind: fc.constantFrom(...COLUMNS), at: fc.nat(20) }), { maxLength: 40 })
  .chain((made) => {
    const nodes = made.map(({ kind, at }, number) => nodeOf(`${kind}:${number}`, kind, at));
    const id = fc.constantFrom(...nodes.map((node) => node.id), 'nowhere');
    const by = fc.option(fc.subarray(['m1', 'm2', 'm3'], { minLength: 1 }), { nil: null });
    const edges = fc.array(fc.record({ from: id, to: id, by }), { maxLength: 80 });
    return edges.map((all) => ({ nodes, edges: all }));
  });
const places = (graph: LineageGraph, memory = noMemory()) => {
  const { x, y } = layoutOf(graph, memory);
  return new Map(graph.nodes.map(({ id }, at) => [id, [x[at], y[at]]]));
};
const shuffled = (graph: LineageGraph): fc.Arbitrary<LineageGraph> =>
  fc.record({
    nodes: fc.shuffledSubarray([...graph.nodes], { minLength: graph.nodes.length }),
    edges: fc.shuffledSubarray([...graph.edges], { minLength: graph.edges.length }),
  });

describe('layout', () => {
  it('keeps the columns in their order, with no node over another', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { x, y, columns } = layoutOf(graph);
        expect(columns.reduce((all, one) => all + one.length, 0)).toBe(graph.nodes.length);
        const edge = columns.map((members) => ({
          left: Math.min(...Array.from(members, (node) => x[node] as number)),
          right: Math.max(...Array.from(members, (node) => x[node] as number)) + NODE_WIDTH,
        }));
        const filled = edge.filter(({ left }) => Number.isFinite(left));
        for (const [at, one] of filled.slice(1).entries()) {
          expect(one.left).toBeGreaterThan(filled[at]?.right as number);
        }
        for (const members of columns) {
          for (const [at, one] of members.entries()) {
            for (const other of members.slice(at + 1)) {
              const apart =
                Math.abs((x[one] as number) - (x[other] as number)) >= NODE_WIDTH ||
                Math.abs((y[one] as number) - (y[other] as number)) >= NODE_HEIGHT;
              expect(apart).toBe(true);
            }
          }
        }
      }),
    );
  });

  it('follows from the graph alone: not from the order it was told in, nor from what came before', () => {
    fc.assert(
      fc.property(
        graphs.chain((graph) => fc.tuple(fc.constant(graph), shuffled(graph), graphs)),
        ([graph, other, before]) => {
          const memory = noMemory();
          layoutOf(before, memory);
          const scratch = places(graph);
          expect(places(other)).toEqual(scratch);
          expect(places(graph, memory)).toEqual(scratch);
          // And with a memory of the very same columns.
          expect(places(other, memory)).toEqual(scratch);
        },
      ),
    );
  });

  it('sees what lies in an area, and the edges between it', () => {
    fc.assert(
      fc.property(graphs, fc.nat(3_000), fc.nat(1_500), (graph, left, top) => {
        const layout = layoutOf(graph);
        const area = { left, top, right: left + 900, bottom: top + 500 };
        const seen = new Set(seenIn(layout, area).nodes);
        for (const node of graph.nodes.keys()) {
          const x = layout.x[node] as number;
          const y = layout.y[node] as number;
          const inside =
            x <= area.right &&
            x + NODE_WIDTH >= area.left &&
            y <= area.bottom &&
            y + NODE_HEIGHT >= area.top;
          if (inside) expect(seen.has(node)).toBe(true);
        }
        for (const edge of seenIn(layout, area).edges) {
          expect(seen.has(layout.index.from[edge] as number)).toBe(true);
          expect(seen.has(layout.index.to[edge] as number)).toBe(true);
        }
      }),
    );
  });

  it('draws what is nearest first, a few at a time, until what is wanted is drawn and nothing else', () => {
    const ids = fc.uniqueArray(fc.nat(60).map(String), { maxLength: 40 });
    fc.assert(
      fc.property(ids, ids, fc.integer({ min: 1, max: 12 }), (from, wanted, most) => {
        let drawn: readonly string[] = from;
        for (let frame = 0; frame <= 60; frame += 1) {
          const next = toward(drawn, wanted, most);
          if (next === drawn) break;
          const more = next.filter((one) => !drawn.includes(one));
          expect(more).toEqual(wanted.filter((one) => !drawn.includes(one)).slice(0, most));
          expect(drawn.filter((one) => !next.includes(one)).length).toBeLessThanOrEqual(most);
          // What stays keeps its order, so that no box is moved about in the page.
          expect(next.slice(0, next.length - more.length)).toEqual(
            drawn.filter((one) => next.includes(one)),
          );
          drawn = next;
        }
        expect([...drawn].sort()).toEqual([...wanted].sort());
      }),
    );
    const layout = layoutOf(largeGraph(1_000));
    const area = { left: 500, top: 400, right: 1_500, bottom: 1_000 };
    const seen = seenIn(layout, area).nodes;
    const far = nearestFirst(layout, area, seen).map((node) =>
      Math.hypot(
        (layout.x[node] as number) + NODE_WIDTH / 2 - 1_000,
        (layout.y[node] as number) + NODE_HEIGHT / 2 - 700,
      ),
    );
    expect(far.length).toBe(seen.length);
    expect(far).toEqual([...far].sort((one, other) => one - other));
    expect(covers(grown(area, 0.3), grown(area, 0.1))).toBe(true);
    expect(covers(grown(area, 0.1), grown(area, 0.3))).toBe(false);
  });

  it('a large graph in slices is the same, and draws no more than is seen', async () => {
    const graph = largeGraph(5_000);
    let pauses = 0;
    const sliced = await runSliced(layoutSteps(graph, noMemory()), {
      budgetMs: 0,
      now: () => performance.now(),
      pause: async () => {
        pauses += 1;
      },
    });
    const whole = layoutOf(graph);
    expect(sliced?.y).toEqual(whole.y);
    expect(pauses).toBeGreaterThan(20);
    const seen = seenIn(whole, { left: 0, top: 0, right: 1_300, bottom: 800 });
    expect(seen.nodes.length).toBeLessThan(500);
  });

  it('gives up between slices once nobody wants it', async () => {
    const run = {
      budgetMs: 0,
      now: () => 0,
      pause: async () => undefined,
      stillWanted: () => false,
    };
    expect(await runSliced(layoutSteps(largeGraph(5_000), noMemory()), run)).toBeNull();
  });

  it('the arrow keys stay in the column or follow an edge', () => {
    const layout = layoutOf(largeGraph(100));
    const { numberOf } = layout.index;
    const model = numberOf.get('model:0') as number;
    const id = (node: number | null) => (node === null ? null : layout.index.graph.nodes[node]?.id);
    expect(id(neighbour(layout, model, 'ArrowRight'))).toBe('deployment:0');
    expect(id(neighbour(layout, model, 'ArrowLeft'))).toBe('run:0');
    const below = neighbour(layout, model, 'ArrowDown');
    expect(id(below)).toMatch(/^model:/);
    expect(neighbour(layout, below as number, 'ArrowUp')).toBe(model);
  });
});

describe('trace', () => {
  it('ends, walks edges between nodes that are there, and is the same from both ends', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const index = finish(
          indexSteps({ ...graph, edges: graph.edges.map((one) => ({ ...one, by: null })) }),
        );
        for (const node of graph.nodes.keys()) {
          const up = trace(index, node, 'up');
          for (const edge of up.edges) {
            const from = index.from[edge] as number;
            expect(up.nodes.has(from) || from === node).toBe(true);
          }
          for (const other of up.nodes)
            expect(trace(index, other, 'down').nodes.has(node)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });
});
