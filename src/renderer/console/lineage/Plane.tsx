import type { LineageNode } from '@shared/lineage/graph';
import type { Layout } from '@shared/lineage/layout';
import type { Trace } from '@shared/lineage/trace';
import { type Area, lineOf, nearestFirst, seenIn, toward } from '@shared/lineage/window';
import { memo, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useT } from '../../i18n';
import type { Picked } from './Canvas';
import { NodeBox } from './NodeBox';

/** Boxes put on the plane, and taken off, in one frame. */
const PER_FRAME = 16;

export interface PlaneProps {
  readonly layout: Layout;
  /** The part to draw. */
  readonly drawn: Area;
  readonly picked: Picked | null;
  readonly traces: { readonly up: Trace; readonly down: Trace } | null;
  readonly opened: ReadonlySet<string>;
  readonly onPick: (picked: Picked) => void;
  readonly onOpen: (node: LineageNode) => void;
}

/** What lies in a part of the plane: boxes, a frame's worth at a time, and all lines as two paths. */
export const Plane = memo(function Plane(props: PlaneProps) {
  const { layout, drawn, picked, traces, opened, onPick, onOpen } = props;
  // One for all boxes: each that asked for it would hear of every change of language itself.
  const t = useT();
  const seen = useMemo(() => seenIn(layout, drawn), [layout, drawn]);
  const wanted = useMemo(
    () =>
      nearestFirst(layout, drawn, seen.nodes).map(
        (number) => layout.index.graph.nodes[number]?.id ?? '',
      ),
    [layout, drawn, seen],
  );
  const shown = useInTurn(wanted);
  const lines = useMemo(() => linesOf(layout, seen, traces), [layout, seen, traces]);
  const onMouse = useCallback((id: string) => onPick({ id, by: 'mouse' }), [onPick]);
  return (
    <>
      <svg className="pointer-events-none absolute size-px overflow-visible" aria-hidden>
        <g data-lines fill="none">
          <path d={lines.plain} stroke="var(--muted)" />
          <path d={lines.traced} stroke="var(--blue)" strokeWidth={2} />
        </g>
      </svg>
      {shown.map((id) => {
        const number = layout.index.numberOf.get(id);
        const node = number === undefined ? undefined : layout.index.graph.nodes[number];
        // The layout may have become another since the box was put there.
        if (number === undefined || !node) return null;
        const selected = picked?.id === id;
        return (
          <NodeBox
            key={id}
            {...{ t, node, selected, onOpen }}
            x={layout.x[number] as number}
            y={layout.y[number] as number}
            traced={
              traces !== null && (traces.up.nodes.has(number) || traces.down.nodes.has(number))
            }
            focused={selected && picked.by === 'keyboard'}
            opened={opened.has(id)}
            onPick={onMouse}
          />
        );
      })}
    </>
  );
});

/** Follows `wanted` by some steps a frame, so that no frame has to draw a whole window. */
function useInTurn(wanted: readonly string[]): readonly string[] {
  const [shown, setShown] = useState<readonly string[]>([]);
  const latest = useRef(wanted);
  const frame = useRef(0);
  useEffect(() => {
    latest.current = wanted;
    if (frame.current !== 0 || toward(shown, wanted, PER_FRAME) === shown) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      setShown((now) => toward(now, latest.current, PER_FRAME));
    });
  }, [shown, wanted]);
  useEffect(
    () => () => {
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    },
    [],
  );
  return shown;
}

/** The lines of what is seen; the way to what is picked is drawn from however far off. */
function linesOf(
  layout: Layout,
  seen: ReturnType<typeof seenIn>,
  traces: PlaneProps['traces'],
): { readonly plain: string; readonly traced: string } {
  const nodes = new Set(seen.nodes);
  const edges = new Set(seen.edges);
  for (const edge of traces?.up.edges ?? []) {
    if (nodes.has(layout.index.to[edge] as number)) edges.add(edge);
  }
  const plain: string[] = [];
  const traced: string[] = [];
  for (const edge of edges) {
    const on = traces !== null && (traces.up.edges.has(edge) || traces.down.edges.has(edge));
    (on ? traced : plain).push(lineOf(layout, edge));
  }
  return { plain: plain.join(''), traced: traced.join('') };
}
