import { assertNever } from '../assert';

/** A chart as numbers and the words at its edges. What is drawn of it follows from them alone. */
export type Chart =
  | {
      readonly kind: 'line' | 'bars';
      /** In order, at even distances; null is a gap and is drawn as one. */
      readonly points: readonly { readonly label: string; readonly value: number | null }[];
      /** Lines across, with what stands at their right end. */
      readonly ticks: readonly { readonly value: number; readonly label: string }[];
    }
  | {
      readonly kind: 'spans';
      readonly from: number;
      readonly to: number;
      /** Present from `since` to `until`, but for the gaps. */
      readonly rows: readonly {
        readonly label: string;
        readonly since: number;
        readonly until: number;
        readonly gaps: readonly { readonly from: number; readonly to: number }[];
      }[];
      readonly ticks: readonly { readonly value: number; readonly label: string }[];
    };

export type Tone = 'grid' | 'ink' | 'bad' | 'quiet';

/** What a chart is drawn with, in the units of its box. */
export type Shape =
  | {
      readonly shape: 'line';
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
      readonly tone: Tone;
    }
  | {
      readonly shape: 'rect';
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly tone: Tone;
    }
  | { readonly shape: 'path'; readonly d: string; readonly tone: Tone }
  | {
      readonly shape: 'text';
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly anchor: 'start' | 'middle' | 'end';
    };

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly Shape[];
}

const WIDTH = 640;
/** Room at the right for the ticks' labels, and below for those of the points. */
const RIGHT = 84;
const TOP = 8;
const PLOT = 132;
const FOOT = 18;
const ROW = 20;
const LABEL = 150;
/** Labels below a chart, at most. */
const LABELS_MAX = 8;

/** Round numbers that span an interval, about `count` of them (Heckbert, "Nice numbers for graph labels", 1990). */
export function niceTicks(low: number, high: number, count = 4): readonly number[] {
  const span = high > low ? high - low : Math.max(Math.abs(high), 1) / 10;
  const rough = span / Math.max(1, count - 1);
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((one) => one * magnitude >= rough) ?? 10) * magnitude;
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

/** What a chart is drawn with. The same chart gives the same shapes. */
export function drawChart(chart: Chart): Drawing {
  switch (chart.kind) {
    case 'line':
    case 'bars':
      return drawPoints(chart);
    case 'spans':
      return drawSpans(chart);
    default:
      return assertNever(chart);
  }
}

function drawPoints({ kind, points, ticks }: Extract<Chart, { points: unknown }>): Drawing {
  const values = [
    ...points.flatMap(({ value }) => (value === null ? [] : [value])),
    ...ticks.map(({ value }) => value),
    ...(kind === 'bars' ? [0] : []),
  ];
  const low = Math.min(...values);
  const high = Math.max(...values, low + Number.EPSILON);
  const y = (value: number): number => round(TOP + PLOT * (1 - (value - low) / (high - low || 1)));
  const width = WIDTH - RIGHT;
  const slot = width / Math.max(1, points.length);
  const x = (index: number): number => round(slot * (index + 0.5));
  const every = Math.ceil(points.length / LABELS_MAX);
  return {
    width: WIDTH,
    height: TOP + PLOT + FOOT,
    shapes: [
      ...ticks.flatMap(({ value, label }): Shape[] => [
        { shape: 'line', x1: 0, y1: y(value), x2: width, y2: y(value), tone: 'grid' },
        { shape: 'text', x: width + 4, y: y(value) + 3, text: label, anchor: 'start' },
      ]),
      ...(kind === 'bars'
        ? points.flatMap(({ value }, index) => bar(value, x(index), slot, y))
        : lines(points, x, y)),
      ...points.flatMap(({ label }, index): Shape[] =>
        index % every === 0
          ? [{ shape: 'text', x: x(index), y: TOP + PLOT + 13, text: label, anchor: 'middle' }]
          : [],
      ),
    ],
  };
}

function bar(
  value: number | null,
  middle: number,
  slot: number,
  y: (value: number) => number,
): Shape[] {
  if (value === null) return [];
  const width = round(Math.min(slot * 0.7, 36));
  const top = Math.min(y(value), y(0));
  const height = round(Math.max(1, Math.abs(y(value) - y(0))));
  const tone = value < 0 ? 'bad' : 'ink';
  return [{ shape: 'rect', x: round(middle - width / 2), y: top, width, height, tone }];
}

/** A stretch of known points each; one that stands alone is a dot. */
function lines(
  points: readonly { readonly value: number | null }[],
  x: (index: number) => number,
  y: (value: number) => number,
): Shape[] {
  const shapes: Shape[] = [];
  let path = '';
  let count = 0;
  const end = (index: number): void => {
    if (count > 1) shapes.push({ shape: 'path', d: path, tone: 'ink' });
    const value = points[index]?.value;
    if (count === 1 && value != null) {
      const dot = { x: x(index) - 2, y: round(y(value) - 2), width: 4, height: 4 };
      shapes.push({ shape: 'rect', ...dot, tone: 'ink' });
    }
    path = '';
    count = 0;
  };
  for (const [index, { value }] of points.entries()) {
    if (value === null) {
      end(index - 1);
      continue;
    }
    path += `${count === 0 ? 'M' : 'L'}${x(index)} ${y(value)}`;
    count += 1;
  }
  end(points.length - 1);
  return shapes;
}

function drawSpans({ from, to, rows, ticks }: Extract<Chart, { kind: 'spans' }>): Drawing {
  const width = WIDTH - LABEL - 8;
  const x = (at: number): number =>
    round(LABEL + width * Math.min(1, Math.max(0, (at - from) / Math.max(1, to - from))));
  const height = TOP + ROW * rows.length;
  return {
    width: WIDTH,
    height: height + FOOT,
    shapes: [
      ...ticks.flatMap(({ value, label }, index): Shape[] => {
        // The last one would run out of the box.
        const anchor = index === ticks.length - 1 ? 'end' : 'middle';
        return [
          { shape: 'line', x1: x(value), y1: TOP, x2: x(value), y2: height, tone: 'grid' },
          { shape: 'text', x: x(value), y: height + 13, text: label, anchor },
        ];
      }),
      ...rows.flatMap(({ label, since, until, gaps }, index): Shape[] => {
        const y = TOP + ROW * index + 4;
        const span = (a: number, b: number, tone: Tone): Shape => {
          // A gap is seen however short it is.
          const long = round(Math.max(tone === 'bad' ? 1 : 0, x(b) - x(a)));
          return { shape: 'rect', x: x(a), y, width: long, height: ROW - 8, tone };
        };
        return [
          { shape: 'text', x: LABEL - 6, y: y + 9, text: label, anchor: 'end' },
          span(since, until, 'quiet'),
          ...gaps.map((gap) => span(gap.from, gap.to, 'bad')),
        ];
      }),
    ],
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;
