import { describe, expect, it } from 'vitest';
import { EVERYTHING, filtered } from '../../../src/shared/lineage/filter';
import { largeGraph } from '../../support/lineage';

const graph = largeGraph(60);
const ids = (filter: object) =>
  filtered(graph, { ...EVERYTHING, ...filter }).nodes.map(({ id }) => id);

describe('filter', () => {
  it('leaves the very graph where it asks for nothing', () => {
    expect(filtered(graph, EVERYTHING)).toBe(graph);
  });

  it('leaves one model with what made it and what came of it', () => {
    const left = ids({ model: 'model:1' });
    expect(left).toContain('data:0');
    expect(left).toContain('trades:1:3');
    expect(left).not.toContain('model:0');
    expect(left).not.toContain('trades:0:3');
  });

  it('leaves what does not agree and what hangs together with it', () => {
    const found = { kind: 'engine_hash', about: 'e1', expected: 'a', found: 'b' } as const;
    const nodes = graph.nodes.map((node) =>
      node.id === 'run:2' ? { ...node, mismatches: [found] } : node,
    );
    const left = filtered({ ...graph, nodes }, { ...EVERYTHING, mismatches: true });
    expect(left.nodes.map(({ id }) => id)).toContain('model:2');
    expect(left.nodes.map(({ id }) => id)).not.toContain('model:1');
  });

  it('leaves columns out, and with them the edges to them', () => {
    const left = filtered(graph, { ...EVERYTHING, hidden: ['trades', 'run'] });
    const there = new Set(left.nodes.map(({ id }) => id));
    expect([...there].some((id) => /^(trades|run):/.test(id))).toBe(false);
    for (const { from, to } of left.edges) expect(there.has(from) && there.has(to)).toBe(true);
    expect(left.edges.length).toBeGreaterThan(0);
  });
});
