import { COLUMNS, finish, type GraphIndex, indexSteps, type LineageGraph, SLICE } from './graph';

/**
 * Nodes in the columns that are known beforehand, ordered within each by the barycentre of their
 * neighbours (Sugiyama, Tagawa and Toda 1981), so that edges cross little. Trades, three quarters
 * of a large graph, lie in rows beside the model or the deployment they came from.
 */

export const NODE_WIDTH = 168;
export const NODE_HEIGHT = 44;
const COLUMN_STEP = 216;
const ROW_STEP = 56;
const CELL_STEP = 176;
const BLOCK_GAP = 28;
const PER_ROW = 3;
/** Passes over the columns before the trades; more change next to nothing. */
const SWEEPS = 4;
const UPSTREAM = COLUMNS.indexOf('trades');
const TRADES_X = UPSTREAM * COLUMN_STEP;
const TRADE_X = TRADES_X + PER_ROW * CELL_STEP + (COLUMN_STEP - NODE_WIDTH);

export interface Layout {
  readonly index: GraphIndex;
  /** Upper left corner of each node, in pixels, by its number. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Numbers of each column's nodes, from the top down. */
  readonly columns: readonly Int32Array[];
  readonly width: number;
  readonly height: number;
}

/** The order found for the columns before the trades, to be taken again while they stay the same. */
export interface LayoutMemory {
  signature: string;
  orders: readonly (readonly string[])[];
}

export const noMemory = (): LayoutMemory => ({ signature: '', orders: [] });

/** Lays a graph out in one go. The result follows from the graph alone, not from `memory`. */
export function layoutOf(graph: LineageGraph, memory: LayoutMemory = noMemory()): Layout {
  return finish(layoutSteps(graph, memory));
}

/**
 * Lays a graph out, yielding so that no step is long. `memory` is read and written: with the
 * columns before the trades unchanged, their order is not sought again.
 */
export function* layoutSteps(graph: LineageGraph, memory: LayoutMemory): Generator<void, Layout> {
  const index = yield* indexSteps(graph);
  const columns = yield* columnsOf(graph);
  const column = new Int8Array(graph.nodes.length);
  for (const [at, members] of columns.entries()) for (const node of members) column[node] = at;
  yield;
  const rank = new Int32Array(graph.nodes.length);
  yield* orderUpstream(index, columns, column, rank, memory);
  for (let at = UPSTREAM; at < COLUMNS.length; at += 1) {
    yield* orderByAnchor(index, columns, column, rank, at);
  }
  return yield* place(index, columns, column);
}

function* columnsOf(graph: LineageGraph): Generator<void, Int32Array[]> {
  const columns: number[][] = COLUMNS.map(() => []);
  const number = new Map(COLUMNS.map((kind, at) => [kind, at]));
  for (const [node, { kind }] of graph.nodes.entries()) {
    columns[number.get(kind) ?? 0]?.push(node);
    if (node % SLICE === 0) yield;
  }
  const byAge = (a: number, b: number): number => compareAge(graph, a, b);
  const sorted: Int32Array[] = [];
  for (const members of columns) sorted.push(yield* sortSteps(Int32Array.from(members), byAge));
  return sorted;
}

function compareAge({ nodes }: LineageGraph, a: number, b: number): number {
  const one = nodes[a];
  const other = nodes[b];
  if (!one || !other) return 0;
  return one.at - other.at || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);
}

function* orderUpstream(
  index: GraphIndex,
  columns: Int32Array[],
  column: Int8Array,
  rank: Int32Array,
  memory: LayoutMemory,
): Generator<void, void> {
  const { nodes } = index.graph;
  const number = (at: number) => {
    for (const [place, node] of (columns[at] as Int32Array).entries()) rank[node] = place;
  };
  const signature = yield* signatureOf(index, columns, column);
  if (signature === memory.signature) {
    for (let at = 0; at < UPSTREAM; at += 1) {
      const order = memory.orders[at] ?? [];
      columns[at] = Int32Array.from(order, (id) => index.numberOf.get(id) ?? 0);
      number(at);
      yield;
    }
    return;
  }
  for (let at = 0; at < UPSTREAM; at += 1) number(at);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const rightward = sweep % 2 === 0;
    for (let step = 0; step < UPSTREAM; step += 1) {
      const at = rightward ? step : UPSTREAM - 1 - step;
      const members = columns[at] as Int32Array;
      const weight = new Float64Array(nodes.length);
      for (const [place, node] of members.entries()) {
        weight[node] = barycentre(index, column, rank, node, rightward) ?? place;
        if (place % SLICE === 0) yield;
      }
      const compare = (a: number, b: number) =>
        (weight[a] as number) - (weight[b] as number) || (rank[a] as number) - (rank[b] as number);
      columns[at] = yield* sortSteps(members, compare);
      number(at);
    }
  }
  memory.signature = signature;
  memory.orders = columns
    .slice(0, UPSTREAM)
    .map((members) => Array.from(members, (node) => nodes[node]?.id ?? ''));
}

/** Nodes and edges before the trades, as one text: the same text has the same order. */
function* signatureOf(
  index: GraphIndex,
  columns: readonly Int32Array[],
  column: Int8Array,
): Generator<void, string> {
  const parts: string[] = [];
  for (let at = 0; at < UPSTREAM; at += 1) {
    for (const node of columns[at] as Int32Array) {
      const { id, at: since } = index.graph.nodes[node] ?? { id: '', at: 0 };
      const sources: string[] = [];
      for (const source of sourcesOf(index, node)) {
        if ((column[source] as number) < at) sources.push(index.graph.nodes[source]?.id ?? '');
      }
      parts.push(JSON.stringify([id, since, ...sources.sort()]));
      if (parts.length % SLICE === 0) yield;
    }
  }
  return parts.join();
}

function* sourcesOf(index: GraphIndex, node: number): Generator<number, void> {
  for (let at = index.inStart[node] as number; at < (index.inStart[node + 1] as number); at += 1) {
    yield index.from[index.into[at] as number] as number;
  }
}

/** Mean place of the neighbours on one side; null without any. Sums are of whole numbers: exact. */
function barycentre(
  index: GraphIndex,
  column: Int8Array,
  rank: Int32Array,
  node: number,
  left: boolean,
): number | null {
  const own = column[node] as number;
  const start = left ? index.inStart : index.outStart;
  const edges = left ? index.into : index.out;
  const ends = left ? index.from : index.to;
  let sum = 0;
  let count = 0;
  for (let at = start[node] as number; at < (start[node + 1] as number); at += 1) {
    const other = ends[edges[at] as number] as number;
    const there = column[other] as number;
    if (left ? there >= own : there <= own || there >= UPSTREAM) continue;
    sum += rank[other] as number;
    count += 1;
  }
  return count === 0 ? null : sum / count;
}

/** Orders trades by what they came from, then by time; equal neighbours make one block of rows. */
function* orderByAnchor(
  index: GraphIndex,
  columns: Int32Array[],
  column: Int8Array,
  rank: Int32Array,
  at: number,
): Generator<void, void> {
  const members = columns[at] as Int32Array;
  const anchor = new Float64Array(index.graph.nodes.length);
  for (const [place, node] of members.entries()) {
    anchor[node] = anchorOf(index, column, rank, node);
    if (place % SLICE === 0) yield;
  }
  const compare = (a: number, b: number) =>
    (anchor[a] as number) - (anchor[b] as number) || compareAge(index.graph, a, b);
  const sorted = yield* sortSteps(members, compare);
  for (const [place, node] of sorted.entries()) rank[node] = place;
  columns[at] = sorted;
}

/** The first of a node's sources from the top; those of the column next to it count before others. */
function anchorOf(index: GraphIndex, column: Int8Array, rank: Int32Array, node: number): number {
  const home = homeOf(index, column, rank, node);
  if (home === null) return Number.MAX_SAFE_INTEGER;
  return (COLUMNS.length - (column[home] as number)) * 2 ** 32 + (rank[home] as number);
}

function homeOf(
  index: GraphIndex,
  column: Int8Array,
  rank: Int32Array,
  node: number,
): number | null {
  const own = column[node] as number;
  let home: number | null = null;
  for (let at = index.inStart[node] as number; at < (index.inStart[node + 1] as number); at += 1) {
    const other = index.from[index.into[at] as number] as number;
    const there = column[other] as number;
    if (there >= own) continue;
    if (home === null) home = other;
    else {
      const nearer = there - (column[home] as number);
      if (nearer > 0 || (nearer === 0 && (rank[other] as number) < (rank[home] as number))) {
        home = other;
      }
    }
  }
  return home;
}

function* place(
  index: GraphIndex,
  columns: readonly Int32Array[],
  column: Int8Array,
): Generator<void, Layout> {
  const count = index.graph.nodes.length;
  const x = new Float64Array(count);
  const y = new Float64Array(count);
  const rank = new Int32Array(count);
  for (const members of columns) {
    for (const [at, node] of members.entries()) rank[node] = at;
    yield;
  }
  let height = 0;
  for (const at of [UPSTREAM, UPSTREAM + 1]) {
    let cursor = 0;
    let home: number | null = null;
    let cell = 0;
    for (const [number, node] of (columns[at] as Int32Array).entries()) {
      if (number % SLICE === 0) yield;
      const source = homeOf(index, column, rank, node);
      if (number > 0 && source !== home) {
        cursor += ROW_STEP * Math.ceil(cell / PER_ROW) + BLOCK_GAP;
        cell = 0;
      }
      // Opened trades lie beside their day.
      if (cell === 0 && at > UPSTREAM && source !== null) {
        cursor = Math.max(cursor, y[source] as number);
      }
      home = source;
      const left = at === UPSTREAM ? TRADES_X : TRADE_X;
      x[node] = left + (cell % PER_ROW) * CELL_STEP;
      y[node] = cursor + Math.floor(cell / PER_ROW) * ROW_STEP;
      height = Math.max(height, (y[node] as number) + NODE_HEIGHT);
      cell += 1;
    }
  }
  for (let at = UPSTREAM - 1; at >= 0; at -= 1) {
    let cursor = 0;
    for (const [number, node] of (columns[at] as Int32Array).entries()) {
      if (number % SLICE === 0) yield;
      x[node] = at * COLUMN_STEP;
      y[node] = Math.max(cursor, middleOfTargets(index, column, y, node) ?? cursor);
      cursor = (y[node] as number) + ROW_STEP;
    }
    height = Math.max(height, cursor - ROW_STEP + NODE_HEIGHT);
  }
  // Room for the first trades is there from the start: what comes later comes into sight.
  let width = TRADES_X + NODE_WIDTH;
  for (const [node, left] of x.entries()) {
    width = Math.max(width, left + NODE_WIDTH);
    if (node % SLICE === 0) yield;
  }
  return { index, x, y, columns, width, height };
}

function middleOfTargets(
  index: GraphIndex,
  column: Int8Array,
  y: Float64Array,
  node: number,
): number | null {
  let sum = 0;
  let count = 0;
  const own = column[node] as number;
  for (
    let at = index.outStart[node] as number;
    at < (index.outStart[node + 1] as number);
    at += 1
  ) {
    const other = index.to[index.out[at] as number] as number;
    if ((column[other] as number) <= own) continue;
    sum += y[other] as number;
    count += 1;
  }
  return count === 0 ? null : Math.round(sum / count);
}

/** A stable merge sort in short steps. */
function* sortSteps(
  members: Int32Array,
  compare: (a: number, b: number) => number,
): Generator<void, Int32Array> {
  let sorted = members.slice();
  for (let from = 0; from < sorted.length; from += SLICE) {
    sorted.subarray(from, from + SLICE).sort(compare);
    yield;
  }
  let spare = new Int32Array(sorted.length);
  for (let size = SLICE; size < sorted.length; size *= 2) {
    for (let from = 0; from < sorted.length; from += 2 * size) {
      const middle = Math.min(from + size, sorted.length);
      const end = Math.min(from + 2 * size, sorted.length);
      let one = from;
      let other = middle;
      for (let at = from; at < end; at += 1) {
        const first = sorted[one] as number;
        const second = sorted[other] as number;
        const takeOne = one < middle && (other >= end || compare(first, second) <= 0);
        spare[at] = takeOne ? first : second;
        if (takeOne) one += 1;
        else other += 1;
        if (at % SLICE === 0) yield;
      }
    }
    [sorted, spare] = [spare, sorted];
  }
  return sorted;
}
