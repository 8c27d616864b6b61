import { type Chart, niceTicks } from '../documents/chart';
import type { Block } from '../documents/document';
import { visible } from '../documents/document';
import type { TradingDayFigures } from './days';
import type { Report } from './report';
import { cot, decimal, figureText } from './text';
import type { ReportVocabulary } from './words';

/** A line of one point says nothing. */
const LINE_MIN = 2;
const LABEL_MAX = 22;

/** Equity at the close of each day of one currency; nothing where there are not two. */
export function equityChart(
  { days }: Report,
  currency: string | null,
  words: ReportVocabulary,
): Block[] {
  const own = days.filter((day) => day.currency === currency);
  const known = own.flatMap(({ endEquity }) => (endEquity === null ? [] : [endEquity]));
  if (known.length < LINE_MIN) return [];
  const chart = pointChart('line', own, ({ endEquity }) => endEquity, words);
  const [first, last] = [known[0] ?? 0, known.at(-1) ?? 0];
  const text = `${decimal(first, 2, words)} → ${decimal(last, 2, words)} ${currency ?? ''}`.trim();
  return [{ kind: 'figure', title: words.word('equityLine'), text, chart }];
}

/** PnL of each day of one currency; nothing where no day has one. */
export function pnlChart(
  { days }: Report,
  currency: string | null,
  words: ReportVocabulary,
): Block[] {
  const own = days.filter((day) => day.currency === currency);
  const known = own.flatMap(({ pnl }) => (pnl === null ? [] : [pnl]));
  if (known.length === 0) return [];
  const chart = pointChart('bars', own, ({ pnl }) => pnl, words);
  const said = (value: number): string => decimal(value, 2, words);
  const text = `${said(Math.min(...known))} … ${said(Math.max(...known))} ${currency ?? ''}`.trim();
  return [{ kind: 'figure', title: words.word('pnlBars'), text, chart }];
}

function pointChart(
  kind: 'line' | 'bars',
  days: readonly TradingDayFigures[],
  pick: (day: TradingDayFigures) => number | null,
  words: ReportVocabulary,
): Chart {
  const values = days.flatMap((day) => pick(day) ?? []);
  const zero = kind === 'bars' ? [0] : [];
  const ticks = niceTicks(Math.min(...values, ...zero), Math.max(...values, ...zero));
  const digits = ticks.some((tick) => !Number.isInteger(tick)) ? 2 : 0;
  return {
    kind,
    points: days.map((day) => ({ label: day.day.slice(5), value: pick(day) })),
    ticks: ticks.map((value) => ({ value, label: decimal(value, digits, words) })),
  };
}

/** Who was there over the period; gaps are gaps. */
export function uptimeChart({ uptime, period }: Report, words: ReportVocabulary): Block[] {
  if (uptime.length === 0) return [];
  const { name, word } = words;
  const label = (kind: string, id: string): string =>
    kind === 'gateway' ? name(kind) : `${name(kind)} ${visible(id)}`;
  const short = (text: string): string =>
    text.length > LABEL_MAX ? `${text.slice(0, LABEL_MAX - 1)}…` : text;
  const middle = period.from + (period.to - period.from) / 2;
  const chart: Chart = {
    kind: 'spans',
    ...period,
    rows: uptime.map(({ kind, id, since, until, gaps }) => ({
      ...{ label: short(label(kind, id)), since, until, gaps },
    })),
    ticks: [period.from, middle, period.to].map((value) => ({
      ...{ value, label: cot(value).slice(5, 16) },
    })),
  };
  const text = uptime
    .map(({ kind, id, share }) => `${label(kind, id)}: ${figureText(share, words)}`)
    .join('; ');
  return [{ kind: 'figure', title: word('uptime'), text, chart }];
}
