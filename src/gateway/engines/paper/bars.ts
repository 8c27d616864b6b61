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
  /** Bars out of order or repeated, left out. */
  readonly outOfOrder: number;
  /** Bars labelled 08–12 h UTC: Bogota's local time mislabelled, moved five hours on. */
  readonly relabelled: number;
  /** Bars with open = high = low = close: kept, since a quiet market looks the same. */
  readonly flat: number;
}

/** Bogota is UTC−5 the year round (no summer time since 1993): what mislabelled bars are off by. */
const BOGOTA_OFFSET_MS = 5 * 3_600_000;

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
  return { bars, findings: { bars: bars.length, unreadable, outOfOrder, relabelled, flat } };
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
