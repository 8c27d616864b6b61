import { canonicalJson } from '../log/canonical';
import type { LogEvent } from '../log/event';
import { timestamp } from '../time';
import { type Facet, marksOf } from './facets';

/** A column of `events.csv`: its name and what stands in it. */
interface CsvColumn {
  readonly name: string;
  readonly value: (event: LogEvent, marks: ReturnType<typeof marksOf>) => string;
}

/** Hours that America/Bogota is behind UTC; there has been no other since 1993, when summer time ended. */
const OFFSET = '-05:00';

const utc = (ts: number): string => new Date(ts).toISOString();
const marked = (facet: Facet) => (_: LogEvent, marks: ReturnType<typeof marksOf>) =>
  marks
    .filter(([one]) => one === facet)
    .map(([, value]) => value)
    .join(' | ');

/** The columns, in order. `docs/audit.md` says which rule each is for. */
export const CSV_COLUMNS: readonly CsvColumn[] = [
  { name: 'seq', value: ({ seq }) => String(seq) },
  { name: 'id', value: ({ id }) => id },
  { name: 'time_utc', value: ({ ts }) => utc(ts) },
  { name: 'time_bogota', value: ({ ts }) => `${timestamp(ts).replace(' ', 'T')}${OFFSET}` },
  { name: 'type', value: ({ type }) => type },
  { name: 'actor', value: ({ actor }) => actor.id },
  { name: 'role', value: ({ actor }) => actor.role },
  { name: 'terminal', value: ({ actor }) => actor.terminal ?? '' },
  { name: 'command_id', value: ({ commandId }) => commandId ?? '' },
  { name: 'reason', value: ({ reason }) => reason ?? '' },
  { name: 'model', value: marked('model') },
  { name: 'engine', value: marked('engine') },
  { name: 'incident', value: marked('incident') },
  { name: 'before', value: ({ data }) => member(data, BEFORE) },
  { name: 'after', value: ({ data }) => member(data, AFTER) },
  { name: 'data', value: ({ data }) => canonicalJson(data) },
  { name: 'prev_hash', value: ({ prevHash }) => prevHash },
  { name: 'hash', value: ({ hash }) => hash },
];

/** Members of `data` that say what was before and what is after, the first that is there. */
const BEFORE = ['before', 'from', 'previous', 'reportedMode'] as const;
const AFTER = ['after', 'to', 'mode', 'appliedMode', 'outcome', 'document'] as const;

function member(data: LogEvent['data'], names: readonly string[]): string {
  const name = names.find((one) => Object.hasOwn(data, one));
  if (name === undefined) return '';
  const value = data[name];
  return typeof value === 'string' ? value : canonicalJson(value ?? null);
}

export const CSV_HEADER = `${CSV_COLUMNS.map(({ name }) => name).join(',')}\r\n`;

/** One event as a line of CSV (RFC 4180), with nothing in it that a spreadsheet would run. */
export function csvLine(event: LogEvent): string {
  const marks = marksOf(event);
  return `${CSV_COLUMNS.map(({ value }) => csvCell(value(event, marks))).join(',')}\r\n`;
}

/**
 * A cell. What a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV
 * injection); the JSON beside it is the record, this is for reading.
 */
export function csvCell(text: string): string {
  // Spreadsheets skip white space before a formula's sign, and some take the full-width signs too.
  const bare = text.replaceAll('\u0000', '').trimStart();
  const formula = /^[=+\-@＝＋－＠]/u.test(bare) || /^[\t\r\n]/.test(text);
  const safe = formula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
