/** The lineage as a graph: what each column holds, and what a node says of itself. */

/** The columns, from left to right. */
export const COLUMNS = [
  'data',
  'features',
  'run',
  'model',
  'deployment',
  'trades',
  'trade',
] as const;
export type NodeKind = (typeof COLUMNS)[number];

/** What does not agree, and where it was said. `expected` and `found` are hashes. */
export interface Mismatch {
  readonly kind:
    | 'engine_hash'
    | 'deployment_hash'
    | 'dataset_hash'
    | 'reported_hash'
    | 'norm_stats_hash'
    | 'feature_order_hash';
  /** The engine, the run, the model or the dataset's version it is about. */
  readonly about: string;
  readonly expected: string;
  readonly found: string;
}

/** Names of a node's facts; each is a text of the windows. */
export const FACTS = [
  'hash',
  'dvc',
  'period',
  'namespace',
  'orderHash',
  'normStats',
  'featureCount',
  'features',
  'run',
  'job',
  'producer',
  'state',
  'version',
  'stage',
  'owner',
  'registered',
  'artifact',
  'gone',
  'kind',
  'by',
  'engines',
  'day',
  'count',
  'pnl',
  'unknownPnl',
  'instrument',
  'side',
  'quantity',
  'entry',
  'exit',
  'opened',
  'closed',
] as const;
export type FactName = (typeof FACTS)[number];

export interface LineageNode {
  readonly id: string;
  readonly kind: NodeKind;
  /** As people know it; from outside and not to be trusted as markup. */
  readonly label: string;
  readonly note: string;
  /** When it came about, Unix ms; 0 where nobody said. Orders nodes that nothing else orders. */
  readonly at: number;
  /** The model it belongs to; null upstream of models. */
  readonly model: string | null;
  readonly mismatches: readonly Mismatch[];
  readonly facts: readonly (readonly [FactName, string])[];
  /** How many events of the log it rests on. */
  readonly events: number;
}

export interface LineageEdge {
  readonly from: string;
  readonly to: string;
  /**
   * Models whose cards state it; null where it holds by itself. Two cards may share a feature set:
   * what one says of its data is not so for the other, and a trace must not mix them.
   */
  readonly by: readonly string[] | null;
}

export interface LineageGraph {
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
}

/** Since when no engine has a model's artifact any more, Unix ms; null where that is not so. */
export function goneSince({ facts }: LineageNode): number | null {
  const gone = facts.find(([name]) => name === 'gone')?.[1];
  return gone === undefined ? null : Number(gone);
}

export const EMPTY_GRAPH: LineageGraph = { nodes: [], edges: [] };

/** A graph made for walking: nodes by number, edges of each node in one array per direction. */
export interface GraphIndex {
  readonly graph: LineageGraph;
  readonly numberOf: ReadonlyMap<string, number>;
  /** Ends of every edge by number; edges whose ends are not both there are left out. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly by: readonly (readonly string[] | null)[];
  /** Edges that leave (enter) node `n`: `out[outStart[n]] … out[outStart[n + 1] - 1]`. */
  readonly outStart: Int32Array;
  readonly out: Int32Array;
  readonly inStart: Int32Array;
  readonly into: Int32Array;
}

/** Items handled between two chances to let others run. */
export const SLICE = 2_048;

/** Numbers a graph's nodes and edges, yielding so that no step is long. */
export function* indexSteps(graph: LineageGraph): Generator<void, GraphIndex> {
  const numberOf = new Map<string, number>();
  for (const [index, node] of graph.nodes.entries()) {
    numberOf.set(node.id, index);
    if (index % SLICE === 0) yield;
  }
  const count = graph.nodes.length;
  const from: number[] = [];
  const to: number[] = [];
  const by: (readonly string[] | null)[] = [];
  const outStart = new Int32Array(count + 1);
  const inStart = new Int32Array(count + 1);
  for (const [index, edge] of graph.edges.entries()) {
    if (index % SLICE === 0) yield;
    const a = numberOf.get(edge.from);
    const b = numberOf.get(edge.to);
    if (a === undefined || b === undefined) continue;
    from.push(a);
    to.push(b);
    by.push(edge.by);
    outStart[a + 1] = (outStart[a + 1] as number) + 1;
    inStart[b + 1] = (inStart[b + 1] as number) + 1;
  }
  for (let node = 0; node < count; node += 1) {
    outStart[node + 1] = (outStart[node + 1] as number) + (outStart[node] as number);
    inStart[node + 1] = (inStart[node + 1] as number) + (inStart[node] as number);
  }
  yield;
  const out = new Int32Array(from.length);
  const into = new Int32Array(from.length);
  const outNext = outStart.slice();
  const inNext = inStart.slice();
  for (let edge = 0; edge < from.length; edge += 1) {
    const a = from[edge] as number;
    const b = to[edge] as number;
    out[outNext[a] as number] = edge;
    outNext[a] = (outNext[a] as number) + 1;
    into[inNext[b] as number] = edge;
    inNext[b] = (inNext[b] as number) + 1;
  }
  return {
    ...{ graph, numberOf, by, outStart, out, inStart, into },
    from: Int32Array.from(from),
    to: Int32Array.from(to),
  };
}

/** Runs steps to their end in one go. */
export function finish<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * Runs steps in slices of at most `budgetMs`, pausing between them.
 *
 * @param stillWanted false gives up at the next pause; the result is then null.
 */
export async function runSliced<Result>(
  steps: Generator<void, Result>,
  run: {
    readonly budgetMs: number;
    readonly now: () => number;
    readonly pause: () => Promise<void>;
    readonly stillWanted?: () => boolean;
  },
): Promise<Result | null> {
  let began = run.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (run.now() - began < run.budgetMs) continue;
    await run.pause();
    if (run.stillWanted?.() === false) return null;
    began = run.now();
  }
}
