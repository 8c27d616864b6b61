import { type Layout, NODE_HEIGHT, NODE_WIDTH } from './layout';

/** A part of the plane, in the layout's pixels. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * The nodes and edges to draw for a part of the plane: the nodes in it and the edges between them. An
 * edge from far off is left out: a model stands in the middle of its years, and a line tens of
 * thousands of pixels long says nothing and costs much. The cost follows from what is seen, not from
 * the graph.
 */
export function seenIn(
  layout: Layout,
  area: Area,
): { readonly nodes: readonly number[]; readonly edges: readonly number[] } {
  const { index, x, y, columns } = layout;
  const nodes = new Set<number>();
  for (const members of columns) {
    for (let at = firstBelow(members, y, area.top - NODE_HEIGHT); at < members.length; at += 1) {
      const node = members[at] as number;
      if ((y[node] as number) > area.bottom) break;
      const left = x[node] as number;
      if (left <= area.right && left + NODE_WIDTH >= area.left) nodes.add(node);
    }
  }
  const edges: number[] = [];
  for (const node of nodes) {
    const end = index.inStart[node + 1] as number;
    for (let at = index.inStart[node] as number; at < end; at += 1) {
      const edge = index.into[at] as number;
      if (nodes.has(index.from[edge] as number)) edges.push(edge);
    }
  }
  return { nodes: [...nodes], edges };
}

/** The nodes of `seen`, those nearest to the middle of `area` first. */
export function nearestFirst(layout: Layout, area: Area, seen: readonly number[]): number[] {
  const x = (area.left + area.right - NODE_WIDTH) / 2;
  const y = (area.top + area.bottom - NODE_HEIGHT) / 2;
  const far = (node: number): number =>
    Math.hypot((layout.x[node] as number) - x, (layout.y[node] as number) - y);
  return [...seen].sort((one, other) => far(one) - far(other));
}

/**
 * What is to be drawn next on the way from `drawn` to `wanted`: at most `most` more, in the order
 * in which they are wanted, and at most `most` fewer. The same array once nothing is left to do.
 */
export function toward(
  drawn: readonly string[],
  wanted: readonly string[],
  most: number,
): readonly string[] {
  const has = new Set(drawn);
  const wants = new Set(wanted);
  const more = wanted.filter((one) => !has.has(one)).slice(0, most);
  let spare = most;
  const kept = drawn.filter((one) => {
    if (wants.has(one) || spare === 0) return true;
    spare -= 1;
    return false;
  });
  return more.length === 0 && kept.length === drawn.length ? drawn : [...kept, ...more];
}

/** An edge's line as path data of SVG: a cubic curve from the right of one box to the left of another. */
export function lineOf({ index, x, y }: Layout, edge: number): string {
  const from = index.from[edge] as number;
  const to = index.to[edge] as number;
  const x1 = (x[from] as number) + NODE_WIDTH;
  const y1 = (y[from] as number) + NODE_HEIGHT / 2;
  const x2 = x[to] as number;
  const y2 = (y[to] as number) + NODE_HEIGHT / 2;
  const bend = Math.max(20, Math.abs(x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

/** Whether all of one area lies in another. */
export function covers(outer: Area, inner: Area): boolean {
  return (
    outer.left <= inner.left &&
    outer.top <= inner.top &&
    outer.right >= inner.right &&
    outer.bottom >= inner.bottom
  );
}

/** An area with so much of its own width and height more on each side. */
export function grown({ left, top, right, bottom }: Area, share: number): Area {
  const wide = (right - left) * share;
  const tall = (bottom - top) * share;
  return { left: left - wide, top: top - tall, right: right + wide, bottom: bottom + tall };
}

/** Place of the first member at or below `top`; a column's members go down, row by row. */
function firstBelow(members: Int32Array, y: Float64Array, top: number): number {
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((y[members[middle] as number] as number) < top) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The node next to one, as the arrow keys go: within the column, or along an edge. */
export function neighbour(
  layout: Layout,
  node: number,
  key: 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight',
): number | null {
  const { index, y } = layout;
  if (key === 'ArrowUp' || key === 'ArrowDown') {
    const column = layout.columns.find((members) => members.includes(node));
    const at = column?.indexOf(node) ?? -1;
    return column?.[at + (key === 'ArrowUp' ? -1 : 1)] ?? null;
  }
  const left = key === 'ArrowLeft';
  const start = left ? index.inStart : index.outStart;
  let nearest: number | null = null;
  for (let at = start[node] as number; at < (start[node + 1] as number); at += 1) {
    const edge = (left ? index.into[at] : index.out[at]) as number;
    const other = (left ? index.from[edge] : index.to[edge]) as number;
    const distance = (one: number) => Math.abs((y[one] as number) - (y[node] as number));
    if (nearest === null || distance(other) < distance(nearest)) nearest = other;
  }
  return nearest;
}
