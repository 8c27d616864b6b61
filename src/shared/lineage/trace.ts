import { COLUMNS, type GraphIndex } from './graph';

/** What a node came from, or what came of it. */
export interface Trace {
  /** Numbers of the nodes, the start left out. */
  readonly nodes: ReadonlySet<number>;
  /** Numbers of the edges walked. */
  readonly edges: ReadonlySet<number>;
}

/**
 * Walks from a node to everything that made it (`up`) or everything it touched (`down`).
 *
 * A card's edges are walked as that card states them: a feature set that two models share does not
 * lead from one to the other's data.
 */
export function trace(index: GraphIndex, start: number, direction: 'up' | 'down'): Trace {
  const up = direction === 'up';
  const starts = up ? index.inStart : index.outStart;
  const edgesOf = up ? index.into : index.out;
  const ends = up ? index.from : index.to;
  const nodes = new Set<number>();
  const edges = new Set<number>();
  /** By node: for which cards it was reached; the empty name is for all of them. */
  const seen = new Map<number, Set<string>>();
  const waiting: [node: number, card: string][] = [];

  function reach(node: number, card: string): void {
    const cards = seen.get(node) ?? new Set();
    if (cards.has('') || cards.has(card)) return;
    seen.set(node, cards.add(card));
    if (node !== start) nodes.add(node);
    waiting.push([node, card]);
  }

  reach(start, '');
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [node, card] = next;
    for (let at = starts[node] as number; at < (starts[node + 1] as number); at += 1) {
      const edge = edgesOf[at] as number;
      const by = index.by[edge] ?? null;
      if (by === null) {
        edges.add(edge);
        reach(ends[edge] as number, '');
        continue;
      }
      const cards = card === '' ? by : by.includes(card) ? [card] : [];
      if (cards.length === 0) continue;
      edges.add(edge);
      for (const one of cards) reach(ends[edge] as number, one);
    }
  }
  return { nodes, edges };
}

/** Ids of a trace's nodes by column, the latest first. */
export function byColumn(index: GraphIndex, { nodes }: Trace): readonly (readonly string[])[] {
  const columns = COLUMNS.map((): number[] => []);
  const place = new Map(COLUMNS.map((kind, at) => [kind, at]));
  const of = (node: number) => index.graph.nodes[node];
  for (const node of nodes) columns[place.get(of(node)?.kind ?? 'data') ?? 0]?.push(node);
  return columns.map((members) =>
    members.sort((a, b) => (of(b)?.at ?? 0) - (of(a)?.at ?? 0)).map((node) => of(node)?.id ?? ''),
  );
}
