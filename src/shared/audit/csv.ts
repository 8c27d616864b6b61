import { canonicalJson, type Json } from '../log/canonical';
import type { LogEvent } from '../log/event';
import { changeOf } from './changes';
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
export const CSV_COLUMNS = [
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
  { name: 'before', value: ({ event }) => readable(changeOf(event).before) },
  { name: 'after', value: ({ event }) => readable(changeOf(event).after) },
  { name: 'data', value: ({ data }) => inertJson(data) },
  { name: 'prev_hash', value: ({ event }) => event.prevHash },
  { name: 'hash', value: ({ event }) => event.hash },
] as const satisfies readonly CsvColumn[];
export type CsvColumnName = (typeof CSV_COLUMNS)[number]['name'];

/** A value as it is read: a text by itself, all else as JSON. */
function readable(value: Json | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : inertJson(canonicalJson(value));
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
 * Where a spreadsheet of another locale would begin a cell of its own: it parts at semicolons or tabs,
 * and then takes a line break within quotation marks for a line's end.
 */
const CELL_WITHIN = /([;\t\r\n]["\s\0]*)([=+\-@＝＋－＠])/gu;

/** JSON of the same value, in which no formula begins behind a separator. */
function inertJson(json: string): string {
  // Behind a separator such a sign is always within a text: JSON has no semicolon elsewhere.
  return json.replace(CELL_WITHIN, (_, before: string, sign: string) => {
    return `${before}\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/**
 * A cell. What a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV
 * injection), at the cell's start and behind whatever else parts cells; `events.jsonl` is the record,
 * this is for reading.
 */
export function csvCell(text: string): string {
  // Spreadsheets skip white space before a formula's sign, and some take the full-width signs too.
  const bare = /^[\w{(]/.test(text) ? text : text.replaceAll('\u0000', '').trimStart();
  const formula = /^[=+\-@＝＋－＠]/u.test(bare) || /^[\t\r\n]/.test(text);
  const within = text.replace(CELL_WITHIN, "$1'$2");
  const safe = formula ? `'${within}` : within;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
