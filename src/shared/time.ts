/** The desk's time zone; the trading day and every time on the screen follow it, by tzdata and not by an offset. */
export const DESK_TIME_ZONE = 'America/Bogota';

/** Wall clock: Unix time in milliseconds. */
export type Clock = () => number;

const parts = new Intl.DateTimeFormat('en-CA', {
  timeZone: DESK_TIME_ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

function fields(ts: number): Record<string, string> {
  return Object.fromEntries(parts.formatToParts(ts).map((part) => [part.type, part.value]));
}

/** `HH:MM:SS` in COT. Not labelled: the caller writes COT beside it. */
export function timeOfDay(ts: number): string {
  const f = fields(ts);
  return `${f.hour}:${f.minute}:${f.second}`;
}

/** `YYYY-MM-DD HH:MM:SS.mmm` in COT, for tables where the millisecond counts. */
export function timestamp(ts: number): string {
  const f = fields(ts);
  const ms = String(((ts % 1000) + 1000) % 1000).padStart(3, '0');
  return `${f.year}-${f.month}-${f.day} ${f.hour}:${f.minute}:${f.second}.${ms}`;
}

/** The trading day `YYYY-MM-DD` of an instant, by the calendar of Bogota. */
export function tradingDay(ts: number): string {
  const f = fields(ts);
  return `${f.year}-${f.month}-${f.day}`;
}

/**
 * The instant at which Bogota's clocks show a day and a time.
 *
 * @param day `YYYY-MM-DD`.
 * @param time `HH:MM`.
 * @returns Unix ms.
 */
export function instantOf(day: string, time: string): number {
  const wanted = Date.parse(`${day}T${time}:00Z`);
  const shownAt = (ts: number): number => {
    const f = fields(ts);
    return Date.parse(`${f.year}-${f.month}-${f.day}T${f.hour}:${f.minute}:${f.second}Z`);
  };
  // The offset at the first guess may be another than at the instant itself; the second is right.
  const guess = wanted - (shownAt(wanted) - wanted);
  return guess - (shownAt(guess) - wanted);
}
