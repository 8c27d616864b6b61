import type { LineageNode } from '@shared/lineage/graph';
import { type Layout, NODE_HEIGHT, NODE_WIDTH } from '@shared/lineage/layout';
import type { Trace } from '@shared/lineage/trace';
import { type Area, neighbour, seenIn } from '@shared/lineage/window';
import { type Edge, Position, ReactFlow, useReactFlow, type Viewport } from '@xyflow/react';
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useT } from '../../i18n';
import { MiniMap } from './MiniMap';
import { type BoxNode, NodeBox } from './NodeBox';

const NODE_TYPES = { box: NodeBox };
const MIN_ZOOM = 0.35;
const MAX_ZOOM = 2;
const MARGIN = 24;
const START: Viewport = { x: MARGIN, y: MARGIN, zoom: 1 };
/** So much of the window on each side is drawn ahead, so that panning draws nothing anew for a while. */
const AHEAD = 0.5;
const HANDLES: NonNullable<BoxNode['handles']> = [
  { type: 'target', position: Position.Left, x: 0, y: NODE_HEIGHT / 2, width: 1, height: 1 },
  {
    type: 'source',
    position: Position.Right,
    x: NODE_WIDTH,
    y: NODE_HEIGHT / 2,
    width: 1,
    height: 1,
  },
];

/** What is picked, and whether it was the keyboard that did. */
export interface Picked {
  readonly id: string;
  readonly by: 'mouse' | 'keyboard' | 'search';
}

export interface CanvasProps {
  readonly layout: Layout;
  readonly picked: Picked | null;
  /** What is to be seen: what was picked last, or the first of the trades that were opened. */
  readonly wanted: Picked | null;
  readonly traces: { readonly up: Trace; readonly down: Trace } | null;
  readonly opened: ReadonlySet<string>;
  readonly onPick: (picked: Picked) => void;
  readonly onOpen: (node: LineageNode) => void;
  /** Tells which part is seen, for a picture of it. */
  readonly onSeen: (area: Area) => void;
}

/** The graph on a plane. Only what is seen, and a little around it, is given to React Flow. */
export function Canvas(props: CanvasProps) {
  const t = useT();
  const { layout, picked, wanted, traces, opened, onPick, onOpen, onSeen } = props;
  const flow = useReactFlow();
  const box = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState<Area>({ left: 0, top: 0, right: 0, bottom: 0 });

  const areaOf = useCallback(({ x, y, zoom }: Viewport): Area => {
    const { clientWidth = 0, clientHeight = 0 } = box.current ?? {};
    const left = -x / zoom;
    const top = -y / zoom;
    return { left, top, right: left + clientWidth / zoom, bottom: top + clientHeight / zoom };
  }, []);
  const moved = useCallback(
    (next: Viewport): void => {
      const area = areaOf(next);
      setDrawn((now) => (covers(now, area) ? now : grown(area)));
      onSeen(area);
    },
    [areaOf, onSeen],
  );
  const onMove = useCallback((_event: unknown, next: Viewport) => moved(next), [moved]);
  const go = useCallback(
    (x: number, y: number, zoom: number): void => {
      const next = { x: Math.round(x), y: Math.round(y), zoom };
      void flow.setViewport(next);
      moved(next);
    },
    [flow, moved],
  );
  const fitAll = useCallback((): void => {
    const { clientWidth = 0, clientHeight = 0 } = box.current ?? {};
    const wide = (clientWidth - 2 * MARGIN) / Math.max(1, layout.width);
    const tall = (clientHeight - 2 * MARGIN) / Math.max(1, layout.height);
    const zoom = Math.max(MIN_ZOOM, Math.min(1, wide, tall));
    // What is taller than the window is shown from its top.
    const spare = Math.max(MARGIN, (clientHeight - layout.height * zoom) / 2);
    go(MARGIN, spare, zoom);
  }, [go, layout]);
  const zoomBy = (factor: number): void => {
    const { clientWidth = 0, clientHeight = 0 } = box.current ?? {};
    const view = flow.getViewport();
    const zoom = Math.max(MIN_ZOOM, Math.min(MAX_ZOOM, view.zoom * factor));
    const keep = (offset: number, size: number) =>
      size / 2 - ((size / 2 - offset) / view.zoom) * zoom;
    go(keep(view.x, clientWidth), keep(view.y, clientHeight), zoom);
  };
  const centre = useCallback(
    (x: number, y: number): void => {
      const { clientWidth = 0, clientHeight = 0 } = box.current ?? {};
      const { zoom } = flow.getViewport();
      go(clientWidth / 2 - x * zoom, clientHeight / 2 - y * zoom, zoom);
    },
    [flow, go],
  );

  const first = useRef(true);
  useEffect(() => {
    if (!first.current || layout.index.graph.nodes.length === 0) return;
    first.current = false;
    fitAll();
  }, [fitAll, layout]);

  // What was picked elsewhere is brought into sight, once; a click is where the eye is already.
  const brought = useRef<Picked | null>(null);
  useEffect(() => {
    if (!wanted || wanted.by === 'mouse' || brought.current === wanted) return;
    const node = layout.index.numberOf.get(wanted.id);
    if (node === undefined) return;
    brought.current = wanted;
    const x = layout.x[node] as number;
    const y = layout.y[node] as number;
    const whole = { left: x, top: y, right: x + NODE_WIDTH, bottom: y + NODE_HEIGHT };
    if (!covers(areaOf(flow.getViewport()), whole)) {
      centre(x + NODE_WIDTH / 2, y + NODE_HEIGHT / 2);
    }
  }, [wanted, layout, areaOf, centre, flow]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => moved(flow.getViewport()));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [flow, moved]);

  const onMouse = useCallback((id: string) => onPick({ id, by: 'mouse' }), [onPick]);
  const made = useRef(new Map<string, BoxNode>());
  const { nodes, edges } = useMemo(() => {
    const { graph, from, to } = layout.index;
    const area = seenIn(layout, drawn);
    const seen = new Set(area.nodes);
    const lined = new Set(area.edges);
    // The way to what is picked is drawn from however far off.
    for (const edge of traces?.up.edges ?? []) {
      if (!seen.has(to[edge] as number)) continue;
      lined.add(edge);
      seen.add(from[edge] as number);
    }
    const id = (node: number): string => graph.nodes[node]?.id ?? '';
    const before = made.current;
    const boxes = new Map<string, BoxNode>();
    for (const number of seen) {
      const node = graph.nodes[number];
      if (!node) continue;
      const selected = picked?.id === node.id;
      const traced =
        traces !== null && (traces.up.nodes.has(number) || traces.down.nodes.has(number));
      const next: BoxNode = {
        id: node.id,
        type: 'box',
        position: { x: layout.x[number] as number, y: layout.y[number] as number },
        width: NODE_WIDTH,
        height: NODE_HEIGHT,
        handles: HANDLES,
        data: {
          ...{ node, selected, traced, opened: opened.has(node.id), onOpen, onPick: onMouse },
          focused: selected && picked.by === 'keyboard',
        },
      };
      const known = before.get(node.id);
      boxes.set(node.id, known && sameBox(known, next) ? known : next);
    }
    made.current = boxes;
    const lines: Edge[] = [...lined].map((edge) => {
      const on = traces !== null && (traces.up.edges.has(edge) || traces.down.edges.has(edge));
      return {
        id: String(edge),
        source: id(from[edge] as number),
        target: id(to[edge] as number),
        style: { stroke: on ? 'var(--blue)' : 'var(--muted)', strokeWidth: on ? 2 : 1 },
        zIndex: on ? 1 : 0,
      };
    });
    return { nodes: [...boxes.values()], edges: lines };
  }, [layout, drawn, traces, picked, opened, onMouse, onOpen]);

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = picked ? layout.index.numberOf.get(picked.id) : undefined;
    switch (event.key) {
      case 'ArrowUp':
      case 'ArrowDown':
      case 'ArrowLeft':
      case 'ArrowRight': {
        const next = at === undefined ? 0 : neighbour(layout, at, event.key);
        const id = next === null ? undefined : layout.index.graph.nodes[next]?.id;
        if (id !== undefined) onPick({ id, by: 'keyboard' });
        break;
      }
      case 'Enter': {
        const node = at === undefined ? undefined : layout.index.graph.nodes[at];
        if (node) onOpen(node);
        break;
      }
      case 'f':
      case 'F':
        fitAll();
        break;
      case '+':
        zoomBy(1.25);
        break;
      case '-':
        zoomBy(0.8);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  const control = 'border border-line bg-raised px-2 py-1 hover:border-muted';
  return (
    <div
      ref={box}
      className="relative min-h-0 flex-1 overflow-hidden border border-line"
      onKeyDownCapture={onKey}
    >
      <ReactFlow
        aria-label={t('lineage.canvas')}
        tabIndex={0}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        defaultViewport={START}
        minZoom={MIN_ZOOM}
        maxZoom={MAX_ZOOM}
        onlyRenderVisibleElements
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        zoomOnDoubleClick={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        proOptions={{ hideAttribution: true }}
        onMove={onMove}
      />
      <div className="absolute top-2 right-2 z-10 flex gap-1 text-[12px]">
        <button type="button" className={control} onClick={fitAll}>
          {t('lineage.fit')} <kbd className="figure text-muted">F</kbd>
        </button>
        <button
          type="button"
          aria-label={t('lineage.zoomIn')}
          className={control}
          onClick={() => zoomBy(1.25)}
        >
          +
        </button>
        <button
          type="button"
          aria-label={t('lineage.zoomOut')}
          className={control}
          onClick={() => zoomBy(0.8)}
        >
          −
        </button>
      </div>
      <MiniMap layout={layout} areaOf={areaOf} onGo={centre} onFit={fitAll} />
    </div>
  );
}

/** A box that is the same is given again as it was, so that it is not drawn anew. */
function sameBox(one: BoxNode, other: BoxNode): boolean {
  const names = Object.keys(other.data) as (keyof BoxNode['data'])[];
  return (
    one.position.x === other.position.x &&
    one.position.y === other.position.y &&
    names.every((name) => one.data[name] === other.data[name])
  );
}

function covers(outer: Area, inner: Area): boolean {
  return (
    outer.left <= inner.left &&
    outer.top <= inner.top &&
    outer.right >= inner.right &&
    outer.bottom >= inner.bottom
  );
}

function grown({ left, top, right, bottom }: Area): Area {
  const wide = (right - left) * AHEAD;
  const tall = (bottom - top) * AHEAD;
  return { left: left - wide, top: top - tall, right: right + wide, bottom: bottom + tall };
}
