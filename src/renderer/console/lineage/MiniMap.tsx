import { type Layout, NODE_HEIGHT, NODE_WIDTH } from '@shared/lineage/layout';
import type { Area } from '@shared/lineage/window';
import { useViewport, type Viewport } from '@xyflow/react';
import { useEffect, useRef } from 'react';
import { useT } from '../../i18n';

const WIDTH = 168;
const HEIGHT = 112;

/**
 * The whole graph in a corner, and the part that is seen. Its two directions have scales of their
 * own: a graph may be a hundred times taller than wide.
 */
export function MiniMap(props: {
  readonly layout: Layout;
  /** The part of the plane that a viewport shows. */
  readonly areaOf: (viewport: Viewport) => Area;
  readonly onGo: (x: number, y: number) => void;
  readonly onFit: () => void;
}) {
  const t = useT();
  const { layout, areaOf, onGo, onFit } = props;
  // Moves with every frame of a pan, and nothing else does.
  const area = areaOf(useViewport());
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context) paint(context, layout);
  }, [layout]);
  const scaleX = WIDTH / Math.max(1, layout.width);
  const scaleY = HEIGHT / Math.max(1, layout.height);
  const left = clamp(area.left * scaleX, WIDTH);
  const top = clamp(area.top * scaleY, HEIGHT);
  return (
    <button
      type="button"
      aria-label={t('lineage.minimap')}
      className="absolute right-2 bottom-2 z-10 overflow-hidden border border-line bg-bg"
      style={{ width: WIDTH, height: HEIGHT }}
      onClick={(event) => {
        // A click by the keyboard has no place.
        if (event.detail === 0) return onFit();
        const box = event.currentTarget.getBoundingClientRect();
        onGo((event.clientX - box.left) / scaleX, (event.clientY - box.top) / scaleY);
      }}
    >
      <canvas ref={canvas} width={WIDTH} height={HEIGHT} aria-hidden />
      <span
        aria-hidden
        className="absolute border border-blue"
        style={{
          left,
          top,
          width: Math.max(3, clamp(area.right * scaleX, WIDTH) - left),
          height: Math.max(3, clamp(area.bottom * scaleY, HEIGHT) - top),
        }}
      />
    </button>
  );
}

function clamp(value: number, max: number): number {
  return Math.max(0, Math.min(max, value));
}

function paint(context: CanvasRenderingContext2D, layout: Layout): void {
  const style = getComputedStyle(document.documentElement);
  const plain = style.getPropertyValue('--muted');
  const red = style.getPropertyValue('--red-line');
  context.clearRect(0, 0, WIDTH, HEIGHT);
  const scaleX = WIDTH / Math.max(1, layout.width);
  const scaleY = HEIGHT / Math.max(1, layout.height);
  const wide = Math.max(1, NODE_WIDTH * scaleX - 1);
  const tall = Math.max(1, NODE_HEIGHT * scaleY);
  // Nodes that fall on one dot are one dot: the cost is the map's, not the graph's.
  const dots = new Map<number, boolean>();
  for (const [node, { mismatches }] of layout.index.graph.nodes.entries()) {
    const x = Math.floor((layout.x[node] as number) * scaleX);
    const y = Math.floor((layout.y[node] as number) * scaleY);
    const key = y * WIDTH + x;
    if (mismatches.length > 0 || !dots.has(key)) dots.set(key, mismatches.length > 0);
  }
  for (const [key, wrong] of dots) {
    context.fillStyle = wrong ? red : plain;
    context.fillRect(key % WIDTH, Math.floor(key / WIDTH), wide, tall);
  }
}
