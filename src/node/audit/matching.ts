import Database from 'better-sqlite3';
import type { Facet } from '../../shared/audit/facets';
import { type AuditFilter, isUnfiltered, phrasesOf } from '../../shared/audit/query';
import type { AuditIndex } from './auditIndex';
import type { EventSource } from './source';

/** Sequences counted at a time: a few milliseconds, so that a query can be left at any moment. */
const SLICE = 65_536;
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
  close(): void;
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
  const times = timesOf(filter);
  if (phrases.length > 0) return bySearch(index, phrases, terms, times, range);
  return bySlices(index, terms, times, range);
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

const NOTHING: Condition = { sql: '', values: [] };

function timesOf({ from, to }: AuditFilter): Condition {
  if (from === null && to === null) return NOTHING;
  return {
    sql: ' AND (SELECT ts FROM times WHERE times.seq = here) >= ? AND (SELECT ts FROM times WHERE times.seq = here) < ?',
    values: [from ?? 0, to ?? Number.MAX_SAFE_INTEGER],
  };
}

/** `here` in a condition is the column that has the sequence. */
function all(conditions: readonly Condition[], here: string): Condition {
  return {
    sql: conditions.map(({ sql }) => sql.replaceAll('= here', `= ${here}`)).join(''),
    values: conditions.flatMap(({ values }) => values),
  };
}

function having({ ids }: Terms): Condition {
  const places = ids.map(() => '?').join(', ');
  return {
    sql: ` AND EXISTS (SELECT 1 FROM marks AS m WHERE m.term IN (${places}) AND m.seq = here)`,
    values: ids,
  };
}

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
    close: () => undefined,
  };
}

function listed(seqs: readonly number[]): Matching {
  return {
    total: () => seqs.length,
    done: () => true,
    step: () => undefined,
    seqs: (offset, limit) => seqs.slice(offset, offset + limit),
    close: () => undefined,
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
  others.close();
  return listed(found);
}

/**
 * By numbers alone. The events are counted slice by slice; a page deep in the list is found by the
 * count of the slices before it, so that it costs what the first one does.
 */
function bySlices(
  index: AuditIndex,
  terms: readonly Terms[],
  times: Condition,
  { low, high }: Range,
): Matching {
  const [rarest, ...others] = terms;
  const base = rarest
    ? { from: 'marks AS b', where: `b.term IN (${rarest.ids.map(() => '?').join(', ')})` }
    : { from: 'times AS b', where: '1' };
  const rest = all([...others.map(having), times], 'b.seq');
  const where = `FROM ${base.from} WHERE ${base.where} AND b.seq BETWEEN ? AND ?${rest.sql}`;
  const count = index.database.prepare(`SELECT count(*) ${where}`).pluck();
  const page = index.database
    .prepare(`SELECT b.seq ${where} ORDER BY b.seq DESC LIMIT ? OFFSET ?`)
    .pluck();
  const values = (from: number, to: number) => [...(rarest?.ids ?? []), from, to, ...rest.values];
  /** Counted slices, newest first; `before` is how many fit in those before it. */
  const slices: { low: number; high: number; before: number; n: number }[] = [];
  let next = high;
  let total = 0;

  return {
    total: () => total,
    done: () => next < low,
    step() {
      if (next < low) return;
      const from = Math.max(low, next - SLICE + 1);
      const n = count.get(...values(from, next)) as number;
      slices.push({ low: from, high: next, before: total, n });
      total += n;
      next = from - 1;
    },
    seqs(offset, limit) {
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
    close: () => undefined,
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

/** By words: one search that goes on, its finds kept as numbers. */
function bySearch(
  index: AuditIndex,
  phrases: readonly (readonly string[])[],
  terms: readonly Terms[],
  times: Condition,
  { low, high }: Range,
): Matching {
  // A search that is under way keeps its connection: the index is written by another.
  const reader = new Database(index.path, { readonly: true });
  reader.pragma('busy_timeout = 2000');
  const query = phrases.map((words) => `"${words.join(' ')}" *`).join(' AND ');
  const rest = all([...terms.map(having), times], 'words.rowid');
  const rows = reader
    .prepare(
      `SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?${rest.sql} ORDER BY rowid DESC`,
    )
    .pluck()
    .iterate(query, low, high, ...rest.values) as IterableIterator<number>;
  let found = new Uint32Array(1_024);
  let total = 0;
  let done = false;

  return {
    total: () => total,
    done: () => done,
    step() {
      for (let taken = 0; taken < GULP && !done; taken += 1) {
        const row = rows.next();
        if (row.done) {
          done = true;
          reader.close();
          return;
        }
        if (total === found.length) {
          const larger = new Uint32Array(found.length * 2);
          larger.set(found);
          found = larger;
        }
        found[total] = row.value;
        total += 1;
        // The first page is wanted before the rest is known.
        if (total % 512 === 0 && total <= 2_048) return;
      }
    },
    seqs: (offset, limit) => [...found.subarray(offset, Math.min(total, offset + limit))],
    close() {
      if (done) return;
      done = true;
      rows.return?.();
      reader.close();
    },
  };
}
