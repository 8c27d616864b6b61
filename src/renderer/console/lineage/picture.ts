import { type Layout, NODE_HEIGHT, NODE_WIDTH } from '@shared/lineage/layout';
import { type Area, lineOf, seenIn } from '@shared/lineage/window';
import type { Translate } from '../../i18n';
import { clip } from '../../lib/format';
import { factText, nodeLabel } from './texts';

/** Pixels of the picture for one of the layout's. */
const SCALE = 2;
const SIDE_MAX = 8_192;

/** The part of the graph that is seen, as a PNG in base64. */
export function pictureOf(layout: Layout, area: Area, t: Translate): string {
  const canvas = document.createElement('canvas');
  const wide = area.right - area.left;
  const tall = area.bottom - area.top;
  const scale = Math.min(SCALE, SIDE_MAX / Math.max(wide, tall, 1));
  canvas.width = Math.max(1, Math.round(wide * scale));
  canvas.height = Math.max(1, Math.round(tall * scale));
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this window cannot draw');
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(`--${name}`);
  context.fillStyle = color('bg');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  context.translate(-area.left, -area.top);
  const { x, y, index } = layout;
  const seen = seenIn(layout, area);
  context.strokeStyle = color('muted');
  for (const edge of seen.edges) context.stroke(new Path2D(lineOf(layout, edge)));
  const font = style.getPropertyValue('font-family') || 'sans-serif';
  for (const number of seen.nodes) {
    const node = index.graph.nodes[number];
    if (!node) continue;
    const left = x[number] as number;
    const top = y[number] as number;
    context.fillStyle = color('surface');
    context.strokeStyle = color(node.mismatches.length > 0 ? 'red-line' : 'muted');
    context.beginPath();
    context.roundRect(left, top, NODE_WIDTH, NODE_HEIGHT, 6);
    context.fill();
    context.stroke();
    context.font = `12px ${font}`;
    context.fillStyle = color('text');
    context.fillText(clip(nodeLabel(node, t), 22), left + 8, top + 18, NODE_WIDTH - 16);
    context.fillStyle = color('muted');
    const money = node.kind === 'trades' || node.kind === 'trade';
    const note = factText(money ? 'pnl' : 'job', node.note, t);
    const line = [t(`lineage.kind.${node.kind}`), note].filter((one) => one !== '').join(' · ');
    context.fillText(clip(line, 30), left + 8, top + 35, NODE_WIDTH - 16);
  }
  return canvas.toDataURL('image/png').replace(/^data:image\/png;base64,/, '');
}
