import type { Facet } from '../../shared/audit/facets';
import { type AuditFilter, isUnfiltered, phrasesOf } from '../../shared/audit/query';
import { type AuditIndex, wordsOf } from './auditIndex';
import type { EventSource } from './source';

/** Rows looked at in one step while the first page is wanted, and when the rest is counted: a few ms. */
const FIRST_ROWS = 1_024;
const ROWS = 8_192;
/** Finds kept as they are found, so that nobody looks for a first page twice. */
const KEPT = 512;
/** Rows taken at a time from a search for words. */
const GULP = 20_000;

/** The sequences that fit a filter, newest first, found bit by bit. */
export interface Matching {
  /** How many are known so far. */
  total(): number;
  done(): boolean;
  /** Looks on for some milliseconds. */
  step(): void;
  /** Those at a place of the list; shorter where the list is not known so far. */
  seqs(offset: number, limit: number): number[];
}

/** Begins to look for what fits, among the events `low` … `high`, both included. */
export function beginMatching(
  index: AuditIndex,
  source: EventSource,
  filter: AuditFilter,
  low: number,
  high: number,
): Matching {
  if (isUnfiltered(filter)) return everything(low, high);
  if (filter.command !== null) return storyOf(index, source, filter, low, high);
  const time = filter.from !== null || filter.to !== null;
  const within = time ? index.bounds(filter.from, filter.to) : { low, high };
  const range = { low: Math.max(low, within.low), high: Math.min(high, within.high) };
  const terms = termsOf(index, filter);
  if (terms === null || range.high < range.low) return listed([]);
  const phrases = filter.text === null ? [] : phrasesOf(filter.text);
  if (phrases.length > 0) return bySearch(index, phrases, terms, filter, range);
  return bySlices(index, terms, filter, range);
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/** A condition: the event has one of these terms. `n` is how many do. */
interface Terms {
  readonly ids: readonly number[];
  readonly n: number;
}

/** What must hold, the rarest first; null when a value is nobody's. */
function termsOf(index: AuditIndex, filter: AuditFilter): readonly Terms[] | null {
  const wanted: (readonly [Facet, readonly string[]])[] = [];
  if (filter.types.length > 0) wanted.push(['type', filter.types]);
  for (const facet of ['actor', 'role', 'model', 'engine', 'incident'] as const) {
    const value = filter[facet];
    if (value !== null) wanted.push([facet, [value]]);
  }
  const terms = wanted.map(([facet, values]) => {
    const known = values.flatMap((value) => index.term(facet, value) ?? []);
    return { ids: known.map(({ id }) => id), n: known.reduce((sum, { n }) => sum + n, 0) };
  });
  if (terms.some(({ ids }) => ids.length === 0)) return null;
  return terms.sort((a, b) => a.n - b.n);
}

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** Of an event whose sequence stands in `here`. */
function timesOf(filter: AuditFilter): readonly Condition[] {
  if (filter.from === null && filter.to === null) return [];
  const values = boundsOf(filter);
  const sql = 'SELECT 1 FROM times AS t WHERE t.seq = here AND t.ts >= ? AND t.ts < ?';
  return [{ sql: ` AND EXISTS (${sql})`, values }];
}

const boundsOf = ({ from, to }: AuditFilter): readonly number[] => [
  from ?? 0,
  to ?? Number.MAX_SAFE_INTEGER,
];

/** `here` in a condition is the column that has the sequence. */
function all(conditions: readonly Condition[], here: string): Condition {
  return {
    sql: conditions.map(({ sql }) => sql.replaceAll('= here', `= ${here}`)).join(''),
    values: conditions.flatMap(({ values }) => values),
  };
}

function having({ ids }: Terms): Condition {
  return {
    sql: ` AND EXISTS (SELECT 1 FROM marks AS m WHERE m.term IN (${placesFor(ids)}) AND m.seq = here)`,
    values: ids,
  };
}

const placesFor = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

/** Every event: a place in the list is a sequence. */
function everything(low: number, high: number): Matching {
  const total = Math.max(0, high - low + 1);
  return {
    total: () => total,
    done: () => true,
    step: () => undefined,
    seqs: (offset, limit) =>
      Array.from(
        { length: Math.max(0, Math.min(limit, total - offset)) },
        (_, at) => high - offset - at,
      ),
  };
}

function listed(seqs: readonly number[]): Matching {
  return {
    total: () => seqs.length,
    done: () => true,
    step: () => undefined,
    seqs: (offset, limit) => seqs.slice(offset, offset + limit),
  };
}

/** A command's events are few: they are taken from the log itself and looked at one by one. */
function storyOf(
  index: AuditIndex,
  source: EventSource,
  filter: AuditFilter,
  low: number,
  high: number,
): Matching {
  const own = source.story(filter.command ?? '').map(({ seq }) => seq);
  const within = new Set(own.filter((seq) => seq >= low && seq <= high));
  const rest = { ...filter, command: null };
  if (isUnfiltered(rest)) return listed([...within].sort((a, b) => b - a));
  const first = Math.min(...within);
  const last = Math.max(...within);
  if (within.size === 0) return listed([]);
  const others = beginMatching(index, source, rest, first, last);
  while (!others.done()) others.step();
  const found = others.seqs(0, others.total()).filter((seq) => within.has(seq));
  return listed(found);
}

/**
 * By numbers alone. The events are looked through slice by slice, each of about as many rows, and the
 * first finds are kept; a page deep in the list is found by the count of the slices before it, so that
 * it costs what the first one does.
 */
function bySlices(
  index: AuditIndex,
  terms: readonly Terms[],
  filter: AuditFilter,
  { low, high }: Range,
): Matching {
  const [rarest, ...others] = terms;
  const ids = rarest?.ids ?? [];
  const rest = rarest
    ? all([...others.map(having), ...timesOf(filter)], 'b.seq')
    : { sql: ' AND b.ts >= ? AND b.ts < ?', values: boundsOf(filter) };
  const base = rarest ? `marks AS b WHERE b.term IN (${placesFor(ids)})` : 'times AS b WHERE 1';
  const where = `FROM ${base} AND b.seq BETWEEN ? AND ?${rest.sql}`;
  const count = index.database.prepare(`SELECT count(*) ${where}`).pluck();
  const page = index.database
    .prepare(`SELECT b.seq ${where} ORDER BY b.seq DESC LIMIT ? OFFSET ?`)
    .pluck();
  const reach = index.database
    .prepare('SELECT seq FROM marks WHERE term = ? AND seq <= ? ORDER BY seq DESC LIMIT 1 OFFSET ?')
    .pluck();
  const values = (from: number, to: number) => [...ids, from, to, ...rest.values];
  /** Counted slices, newest first; `before` is how many fit in those before it. */
  const slices: { low: number; high: number; before: number; n: number }[] = [];
  const kept: number[] = [];
  let next = high;
  let total = 0;

  /** Where a slice of so many rows begins that ends at `next`. */
  function beginning(rows: number): number {
    if (!rarest) return Math.max(low, next - rows + 1);
    const each = Math.ceil(rows / ids.length);
    const reached = ids.map((id) => (reach.get(id, next, each) as number | undefined) ?? low);
    return Math.max(low, ...reached);
  }

  return {
    total: () => total,
    done: () => next < low,
    step() {
      if (next < low) return;
      const keeps = total < KEPT;
      const from = beginning(keeps ? FIRST_ROWS : ROWS);
      const found = keeps ? (page.all(...values(from, next), -1, 0) as number[]) : [];
      const n = keeps ? found.length : (count.get(...values(from, next)) as number);
      kept.push(...found);
      slices.push({ low: from, high: next, before: total, n });
      total += n;
      next = from - 1;
    },
    seqs(offset, limit) {
      if (offset + limit <= kept.length || kept.length === total) {
        return kept.slice(offset, offset + limit);
      }
      const found: number[] = [];
      let at = sliceOf(slices, offset);
      while (found.length < limit && at < slices.length) {
        const slice = slices[at] as (typeof slices)[number];
        const skip = Math.max(0, offset - slice.before);
        if (slice.n > skip) {
          const wanted = limit - found.length;
          found.push(...(page.all(...values(slice.low, slice.high), wanted, skip) as number[]));
        }
        at += 1;
      }
      return found;
    },
  };
}

/** The last slice that begins at or before a place. */
function sliceOf(
  slices: readonly { readonly before: number; readonly n: number }[],
  offset: number,
): number {
  let low = 0;
  let high = slices.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const slice = slices[middle] as (typeof slices)[number];
    if (slice.before + slice.n <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** By words, a table of them at a time; finds are kept as numbers. */
function bySearch(
  index: AuditIndex,
  phrases: readonly (readonly string[])[],
  terms: readonly Terms[],
  filter: AuditFilter,
  { low, high }: Range,
): Matching {
  const query = phrases.map((words) => `"${words.join(' ')}" *`).join(' AND ');
  const rest = all([...terms.map(having), ...timesOf(filter)], 'w.rowid');
  let found = new Uint32Array(1_024);
  let total = 0;
  let next = high;

  return {
    total: () => total,
    done: () => next < low,
    step() {
      if (next < low) return;
      const words = wordsOf(next);
      const from = Math.max(low, words.low);
      // The first page is wanted before the rest is known.
      const limit = total < KEPT ? KEPT : GULP;
      const seqs = index.database
        .prepare(
          `SELECT w.rowid FROM ${words.table} AS w WHERE ${words.table} MATCH ? AND w.rowid BETWEEN ? AND ?${rest.sql} ORDER BY w.rowid DESC LIMIT ?`,
        )
        .pluck()
        .all(query, from, next, ...rest.values, limit) as number[];
      if (total + seqs.length > found.length) {
        const larger = new Uint32Array(2 * (total + seqs.length));
        larger.set(found);
        found = larger;
      }
      found.set(seqs, total);
      total += seqs.length;
      next = seqs.length < limit ? from - 1 : (seqs.at(-1) as number) - 1;
    },
    seqs: (offset, limit) => [...found.subarray(offset, Math.min(total, offset + limit))],
  };
}
