import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export interface Bar {
  /** Unix milliseconds of the bar's start. */
  readonly t: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** What a reader of real bars found and did about it. */
export interface BarFindings {
  readonly bars: number;
  /** Lines that are not a bar, left out. */
  readonly unreadable: number;
  /** Bars whose time another bar has already, left out. Order in the file does not matter. */
  readonly outOfOrder: number;
  /** Bars labelled 08–12 h UTC: Bogota's local time mislabelled, moved five hours on. */
  readonly relabelled: number;
  /** Bars with open = high = low = close: kept, since a quiet market looks the same. */
  readonly flat: number;
  /** Bars that the grid of five minutes lacks between the first and the last of each day. */
  readonly missing: number;
  readonly days: number;
}

/** Bogota is UTC−5 the year round (no summer time since 1993): what mislabelled bars are off by. */
const BOGOTA_OFFSET_MS = 5 * 3_600_000;
const BAR_MS = 300_000;
const DAY_MS = 86_400_000;

/**
 * Reads `time,open,high,low,close` bars (CSV, gzipped or not), coping with the dirt of real files.
 *
 * @throws when the file cannot be read or holds no bar at all.
 */
export function readBars(path: string): { bars: readonly Bar[]; findings: BarFindings } {
  const raw = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8');
  const parsed: Bar[] = [];
  let unreadable = 0;
  let relabelled = 0;
  for (const line of text.split('\n').slice(1)) {
    if (line.trim() === '') continue;
    const bar = parseLine(line);
    if (!bar) {
      unreadable += 1;
      continue;
    }
    const hour = new Date(bar.t).getUTCHours();
    const isLocal = hour >= 8 && hour < 13;
    if (isLocal) relabelled += 1;
    parsed.push(isLocal ? { ...bar, t: bar.t + BOGOTA_OFFSET_MS } : bar);
  }
  parsed.sort((a, b) => a.t - b.t);
  const bars = parsed.filter((bar, index) => index === 0 || bar.t > (parsed[index - 1]?.t ?? 0));
  if (bars.length === 0) throw new Error(`${path} holds no bar (time,open,high,low,close)`);
  const flat = bars.filter((bar) => bar.high === bar.low).length;
  const outOfOrder = parsed.length - bars.length;
  const findings = { bars: bars.length, unreadable, outOfOrder, relabelled, flat, ...gaps(bars) };
  return { bars, findings };
}

/**
 * Counts what is missing inside days. Days missing whole are not counted: without the exchange's
 * calendar they look like holidays. A session lies within one UTC day.
 */
function gaps(bars: readonly Bar[]): { missing: number; days: number } {
  let missing = 0;
  let days = 0;
  let before: Bar | null = null;
  for (const bar of bars) {
    const sameDay = before && Math.floor(before.t / DAY_MS) === Math.floor(bar.t / DAY_MS);
    if (before && sameDay) missing += Math.max(0, Math.round((bar.t - before.t) / BAR_MS) - 1);
    else days += 1;
    before = bar;
  }
  return { missing, days };
}

function parseLine(line: string): Bar | null {
  const [time = '', ...figures] = line.split(',');
  const t = Date.parse(time.replace(' ', 'T'));
  const [open, high, low, close] = figures.map(Number);
  if (open === undefined || high === undefined || low === undefined || close === undefined)
    return null;
  const positive = [open, high, low, close].every((price) => Number.isFinite(price) && price > 0);
  return Number.isFinite(t) && positive && high >= low ? { t, open, high, low, close } : null;
}
