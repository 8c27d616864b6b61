import { goneSince } from './graph';
import { type Layout, NODE_HEIGHT, NODE_WIDTH } from './layout';
import { lineOf } from './window';

/** The graph as a picture of its own and as data, for files. */

const COLORS = {
  background: '#0e1114',
  surface: '#161a1f',
  line: '#4a545e',
  text: '#e6e9ec',
  muted: '#97a1ab',
  red: '#e5484d',
} as const;
const MARGIN = 24;
const LABEL_MAX = 22;
/** Code points that XML 1.0 does not allow, and those that turn text round or hide it. */
const UNFIT = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u200b-\u200d\u2060\ufeff\ufffe\uffff]/gu;

/** What a picture says beside the labels, in the reader's language. */
export interface PictureTexts {
  readonly title: string;
  /** What the mark of a mismatch means. */
  readonly mismatch: string;
  /** Of a model whose artifact no engine has any more. */
  readonly gone: string;
}

/** Stands at a node that something does not agree with: red alone says nothing to some. */
export const WRONG = '▲';
const LEGEND_HEIGHT = 28;

/** Pixels by which a node's name makes room for {@link WRONG}. */
export const WRONG_WIDTH = 16;

/**
 * The laid-out graph as SVG, its legend below it. Labels are text and nothing else: no label can open an element, name a
 * resource or reorder its neighbours.
 */
export function toSvg(layout: Layout, texts: PictureTexts): string {
  const { index, x, y, width, height } = layout;
  const wide = Math.max(width, NODE_WIDTH) + 2 * MARGIN;
  const tall = height + LEGEND_HEIGHT + 2 * MARGIN;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-MARGIN} ${-MARGIN} ${wide} ${tall}" width="${wide}" height="${tall}" font-family="sans-serif" font-size="12">`,
    `<title>${xml(texts.title)}</title>`,
    `<rect x="${-MARGIN}" y="${-MARGIN}" width="100%" height="100%" fill="${COLORS.background}"/>`,
  ];
  for (let edge = 0; edge < index.from.length; edge += 1) {
    parts.push(`<path d="${lineOf(layout, edge)}" fill="none" stroke="${COLORS.line}"/>`);
  }
  for (const [node, one] of index.graph.nodes.entries()) {
    const { label, note, mismatches } = one;
    const wrong = mismatches.length > 0;
    const left = x[node] as number;
    const top = y[node] as number;
    const stroke = wrong ? COLORS.red : COLORS.line;
    const second = goneSince(one) === null ? note : texts.gone;
    parts.push(
      `<rect x="${left}" y="${top}" width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="6" fill="${COLORS.surface}" stroke="${stroke}"/>`,
      `<text x="${left + 8 + (wrong ? WRONG_WIDTH : 0)}" y="${top + 18}" fill="${COLORS.text}">${xml(cut(label))}</text>`,
      `<text x="${left + 8}" y="${top + 35}" fill="${COLORS.muted}">${xml(cut(second))}</text>`,
    );
    if (wrong) parts.push(wrongAt(left + 8, top + 18));
  }
  const legend = height + LEGEND_HEIGHT;
  parts.push(
    wrongAt(0, legend),
    `<text x="${WRONG_WIDTH}" y="${legend}" fill="${COLORS.muted}">${xml(texts.mismatch)}</text>`,
    '</svg>',
  );
  return `${parts.join('\n')}\n`;
}

/** The graph as JSON, with the place of each node. */
export function toJson({ index, x, y }: Layout): string {
  const nodes = index.graph.nodes.map((node, at) => ({ ...node, x: x[at], y: y[at] }));
  return `${JSON.stringify({ nodes, edges: index.graph.edges }, null, 1)}\n`;
}

function wrongAt(x: number, y: number): string {
  return `<text x="${x}" y="${y}" fill="${COLORS.red}">${WRONG}</text>`;
}

function cut(text: string): string {
  const points = Array.from(text.slice(0, 4 * LABEL_MAX));
  return points.length > LABEL_MAX
    ? `${points.slice(0, LABEL_MAX - 1).join('')}…`
    : points.join('');
}

function xml(text: string): string {
  return text
    .replace(UNFIT, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}
