import { DESK_TIME_ZONE } from '../time';

/**
 * An instant as people write it: a day `2026-01-31`, meant in Bogota, whose start or end it is; a time
 * of that day `2026-01-31T14:00`, in Bogota; or an instant with its own offset.
 *
 * @returns UTC ms; null where nothing is written; undefined where it cannot be understood.
 */
export function instantOf(text: string | null, edge: 'start' | 'end'): number | null | undefined {
  if (text === null || text.trim() === '') return null;
  const trimmed = text.trim();
  const day = /^\d{4}-\d{2}-\d{2}$/.test(trimmed);
  const local = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?$/.test(trimmed);
  if (!day && !local) {
    const zoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(
      trimmed,
    );
    return zoned ? finite(Date.parse(trimmed)) : undefined;
  }
  const wall = finite(Date.parse(`${day ? `${trimmed}T00:00` : trimmed.replace(' ', 'T')}Z`));
  if (wall === undefined) return undefined;
  const at = wall - offsetAt(wall);
  return day && edge === 'end' ? at + 86_400_000 : at;
}

function finite(ts: number): number | undefined {
  return Number.isFinite(ts) ? ts : undefined;
}

const zone = new Intl.DateTimeFormat('en-US', {
  timeZone: DESK_TIME_ZONE,
  timeZoneName: 'longOffset',
});

/** How far Bogota is from UTC at a time, in ms; by tzdata. */
function offsetAt(ts: number): number {
  const name = zone.formatToParts(ts).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
  const size = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  return sign === '-' ? -size : size;
}

/** Zones change at full quarters of an hour, so one look serves for a quarter. */
const QUARTER_MS = 900_000;

/**
 * A writer of instants by Bogota's clock, their offset beside them: `2026-01-31T14:00:00.000-05:00`.
 * It looks up the zone once for times that lie together, as those of a log do.
 */
export function zonedIsoWriter(): (ts: number) => string {
  let quarter = Number.NaN;
  let offset = 0;
  let text = '';
  return (ts) => {
    if (Math.floor(ts / QUARTER_MS) !== quarter) {
      quarter = Math.floor(ts / QUARTER_MS);
      offset = offsetAt(ts);
      const minutes = Math.abs(offset) / 60_000;
      const two = (value: number): string => String(value).padStart(2, '0');
      text = `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
    }
    return `${new Date(ts + offset).toISOString().slice(0, -1)}${text}`;
  };
}
