import { canonicalJson } from '../log/canonical';
import type { LogEvent } from '../log/event';
import { type Facet, type Mark, marksOf } from './facets';
import { zonedIsoWriter } from './instant';

/** What a cell is made of. */
interface Row {
  readonly event: LogEvent;
  readonly marks: readonly Mark[];
  /** Canonical JSON of the event's data. */
  readonly data: string;
  readonly bogota: string;
}

/** A column of `events.csv`: its name and what stands in it. */
interface CsvColumn {
  readonly name: string;
  readonly value: (row: Row) => string;
}

const marked =
  (facet: Facet) =>
  ({ marks }: Row): string =>
    marks
      .filter(([one]) => one === facet)
      .map(([, value]) => value)
      .join(' | ');

/** The columns, in order. `docs/audit.md` says which rule each is for. */
export const CSV_COLUMNS: readonly CsvColumn[] = [
  { name: 'seq', value: ({ event }) => String(event.seq) },
  { name: 'id', value: ({ event }) => event.id },
  { name: 'time_utc', value: ({ event }) => new Date(event.ts).toISOString() },
  { name: 'time_bogota', value: ({ bogota }) => bogota },
  { name: 'type', value: ({ event }) => event.type },
  { name: 'actor', value: ({ event }) => event.actor.id },
  { name: 'role', value: ({ event }) => event.actor.role },
  { name: 'terminal', value: ({ event }) => event.actor.terminal ?? '' },
  { name: 'command_id', value: ({ event }) => event.commandId ?? '' },
  { name: 'reason', value: ({ event }) => event.reason ?? '' },
  { name: 'model', value: marked('model') },
  { name: 'engine', value: marked('engine') },
  { name: 'incident', value: marked('incident') },
  { name: 'before', value: ({ event }) => member(event.data, BEFORE) },
  { name: 'after', value: ({ event }) => member(event.data, AFTER) },
  { name: 'data', value: ({ data }) => data },
  { name: 'prev_hash', value: ({ event }) => event.prevHash },
  { name: 'hash', value: ({ event }) => event.hash },
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

/**
 * A writer of events as lines of CSV (RFC 4180), with nothing in them that a spreadsheet would run. It
 * takes an event and the canonical JSON of its data.
 */
export function csvWriter(): (event: LogEvent, data: string) => string {
  const bogota = zonedIsoWriter();
  return (event, data) => {
    const row: Row = { event, marks: marksOf(event), data, bogota: bogota(event.ts) };
    return `${CSV_COLUMNS.map(({ value }) => csvCell(value(row))).join(',')}\r\n`;
  };
}

/**
 * A cell. What a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV
 * injection); the JSON beside it is the record, this is for reading.
 */
export function csvCell(text: string): string {
  // Spreadsheets skip white space before a formula's sign, and some take the full-width signs too.
  const bare = /^[\w{(]/.test(text) ? text : text.replaceAll('\u0000', '').trimStart();
  const formula = /^[=+\-@＝＋－＠]/u.test(bare) || /^[\t\r\n]/.test(text);
  const safe = formula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
