import { goneSince } from '@shared/lineage/graph';
import { type Layout, NODE_HEIGHT, NODE_WIDTH } from '@shared/lineage/layout';
import { WRONG, WRONG_WIDTH } from '@shared/lineage/svg';
import { type Area, lineOf, seenIn } from '@shared/lineage/window';
import type { Translate } from '../../i18n';
import { clip } from '../../lib/format';
import { factText, nodeLabel } from './texts';

/** Pixels of the picture for one of the layout's. */
const SCALE = 2;
const SIDE_MAX = 8_192;
/** Pixels of a picture that a window can hold beside everything else. */
const PIXELS_MAX = 2 ** 25;
const MARGIN = 24;
const LEGEND_HEIGHT = 28;

/** The whole graph where one picture holds it at its size; else the part that is seen. */
export function pictured(layout: Layout, seen: Area): Area {
  const right = layout.width + MARGIN;
  const bottom = layout.height + MARGIN;
  const whole = { left: -MARGIN, top: -MARGIN, right, bottom };
  const wide = right + MARGIN;
  const tall = bottom + MARGIN;
  return Math.max(wide, tall) <= SIDE_MAX && wide * tall <= PIXELS_MAX ? whole : seen;
}

/** A part of the graph with its legend, as a PNG in base64. */
export function pictureOf(layout: Layout, area: Area, t: Translate): string {
  const canvas = document.createElement('canvas');
  const wide = area.right - area.left;
  const tall = area.bottom - area.top + LEGEND_HEIGHT;
  const fits = Math.min(SIDE_MAX / Math.max(wide, tall, 1), Math.sqrt(PIXELS_MAX / (wide * tall)));
  const scale = Math.min(SCALE, fits);
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
    const wrong = node.mismatches.length > 0;
    const left = x[number] as number;
    const top = y[number] as number;
    context.fillStyle = color('surface');
    context.strokeStyle = color(wrong ? 'red-line' : 'muted');
    context.beginPath();
    context.roundRect(left, top, NODE_WIDTH, NODE_HEIGHT, 6);
    context.fill();
    context.stroke();
    context.font = `12px ${font}`;
    context.fillStyle = color('text');
    const room = wrong ? WRONG_WIDTH : 0;
    const name = clip(nodeLabel(node, t), 22);
    context.fillText(name, left + 8 + room, top + 18, NODE_WIDTH - 16 - room);
    if (wrong) {
      context.fillStyle = color('red');
      context.fillText(WRONG, left + 8, top + 18);
    }
    context.fillStyle = color('muted');
    const money = node.kind === 'trades' || node.kind === 'trade';
    const gone = goneSince(node) !== null;
    const note = gone ? t('lineage.gone') : factText(money ? 'pnl' : 'job', node.note, t);
    const line = [t(`lineage.kind.${node.kind}`), note].filter((one) => one !== '').join(' · ');
    context.fillText(clip(line, 30), left + 8, top + 35, NODE_WIDTH - 16);
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = color('red');
  context.fillText(WRONG, 8, tall - 10);
  context.fillStyle = color('muted');
  context.fillText(t('lineage.legend.mismatch'), 8 + WRONG_WIDTH, tall - 10);
  return canvas.toDataURL('image/png').replace(/^data:image\/png;base64,/, '');
}
