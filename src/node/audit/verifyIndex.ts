import Database from 'better-sqlite3';
import { marksOf, readableText } from '../../shared/audit/facets';
import { canonicalJson } from '../../shared/log/canonical';
import { foldOps } from '../../shared/ops/fold';
import type { OpsState } from '../../shared/ops/state';
import { eventOfRow } from '../eventRow';
import { SPAN, WORDS_TABLE, wordsOf } from './auditIndex';
import type { EventSource } from './source';
import type { Damage, Steps } from './verifyLog';

const PAGE = 2_000;
/** FTS5 gives a term's places in one sweep over the whole index: this many are taken at a step. */
const GULP = 50_000;

/**
 * Compares an index with the log it is of: every mark, every time, every span, every count, every
 * word and every state kept, which is folded anew. Each event's marks and words come to a sum, once from the index and once from the event
 * itself; where the sums differ is the damage.
 *
 * @returns the first damage; null when the index says what the log says.
 */
export function* verifyIndex(path: string, source: EventSource): Steps<Damage | null> {
  const index = new Database(path, { readonly: true });
  try {
    // One look at the file as it is now: it may be written meanwhile.
    index.exec('BEGIN');
    return yield* compare(index, source);
  } catch (error) {
    // A page of SQLite's that is no page, or a list of FTS5's that is none.
    return { kind: 'index', seq: null, detail: `cannot be read: ${(error as Error).message}` };
  } finally {
    index.close();
  }
}

function* compare(index: Database.Database, source: EventSource): Steps<Damage | null> {
  const meta = index.prepare("SELECT value FROM meta WHERE key = 'indexed'").pluck().get();
  const start = source.start();
  const indexed = meta === undefined ? start : (JSON.parse(meta as string) as typeof start);
  if (indexed.seq > start.seq && source.hashAt(indexed.seq) !== indexed.hash) {
    return bad(indexed.seq, 'is of another log');
  }
  const size = indexed.seq - start.seq;
  const of = size * 2;
  const sums = new Uint32Array(size);
  const outside = { seq: null as number | null };
  const add = (seq: number, text: string): void => {
    const at = seq - start.seq - 1;
    if (at < 0 || at >= size) outside.seq ??= seq;
    else sums[at] = ((sums[at] as number) + mix(text)) >>> 0;
  };

  // What the index says.
  const terms = new Map(
    (index.prepare('SELECT * FROM terms').all() as Term[]).map((term) => [term.id, term]),
  );
  const counts = new Map<number, number>();
  let taken = 0;
  for (const { term, seq } of index
    .prepare('SELECT term, seq FROM marks')
    .iterate() as Iterable<Mark>) {
    const known = terms.get(term);
    if (!known) return bad(seq, 'has a mark of no known value');
    counts.set(term, (counts.get(term) ?? 0) + 1);
    add(seq, markText(known.facet, known.value));
    taken += 1;
    if (taken % GULP === 0) yield { done: 0, of };
  }
  for (const [id, { facet, value, n }] of terms) {
    if (n !== (counts.get(id) ?? 0)) return bad(null, `counts ${facet} ${value} wrongly`);
  }
  for (let seq = start.seq + 1; seq <= indexed.seq; ) {
    const words = wordsOf(seq);
    for (const place of placesOf(index, words.table)) {
      if (place.doc < words.low || place.doc > words.high) outside.seq ??= place.doc;
      add(place.doc, wordText(place));
      taken += 1;
      if (taken % GULP === 0) yield { done: 0, of };
    }
    seq = words.high + 1;
  }
  if (outside.seq !== null) return bad(outside.seq, 'has an event that the log does not have');

  // What the log says.
  const timeOf = index.prepare('SELECT ts FROM times WHERE seq = ?').pluck();
  const spans = new Map<number, { low: number; high: number }>();
  const states = keptStates(index);
  // Null where earlier years were deleted and nothing of them is kept: then no state can be judged.
  let state = source.before();
  for (let from = start.seq + 1; from <= indexed.seq; from += PAGE) {
    const rows = source.rows(from, Math.min(PAGE, indexed.seq - from + 1));
    const events = rows.map(eventOfRow);
    const expected = new Map<number, number>();
    const sum = (seq: number, text: string): void => {
      expected.set(seq, ((expected.get(seq) ?? 0) + mix(text)) >>> 0);
    };
    for (const event of events) {
      expected.set(event.seq, 0);
      for (const [facet, value] of marksOf(event)) sum(event.seq, markText(facet, value));
      if (timeOf.get(event.seq) !== event.ts) return bad(event.seq, 'has another time');
      // Past the last state that is kept there is nothing to compare.
      if (state && event.seq <= states.last) state = foldOps(state, event);
      if (states.seqs.delete(event.seq) && state && !isState(states.at(event.seq), state)) {
        return bad(event.seq, 'has another state of the desk');
      }
      const span = Math.floor(event.seq / SPAN);
      const had = spans.get(span);
      spans.set(span, {
        low: Math.min(had?.low ?? event.ts, event.ts),
        high: Math.max(had?.high ?? event.ts, event.ts),
      });
    }
    const fresh = new Database(':memory:');
    fresh.exec(`CREATE VIRTUAL TABLE words ${WORDS_TABLE}`);
    const insert = fresh.prepare('INSERT INTO words (rowid, text) VALUES (?, ?)');
    fresh.transaction(() => {
      for (const event of events) insert.run(event.seq, readableText(event));
    })();
    for (const place of placesOf(fresh, 'words')) sum(place.doc, wordText(place));
    fresh.close();
    for (const event of events) {
      if (expected.get(event.seq) !== sums[event.seq - start.seq - 1]) {
        return bad(event.seq, 'has other marks or words than the event');
      }
    }
    yield { done: size + from - start.seq, of };
  }
  const kept = index.prepare('SELECT * FROM spans').all() as {
    span: number;
    low: number;
    high: number;
  }[];
  for (const { span, low, high } of kept) {
    const is = spans.get(span);
    if (is?.low !== low || is.high !== high) return bad(span * SPAN, 'has another span of time');
  }
  if (kept.length !== spans.size) return bad(null, 'lacks a span of time');
  for (const seq of states.seqs)
    return bad(seq, 'has a state of an event that the log does not have');
  const times = index.prepare('SELECT count(*) FROM times').pluck().get() as number;
  return times === size ? null : bad(null, 'has times of events that the log does not have');
}

/** The states that the index keeps for looks into the past. */
function keptStates(index: Database.Database): {
  /** Those that were not compared yet. */
  readonly seqs: Set<number>;
  readonly last: number;
  at(seq: number): string;
} {
  const seqs = index.prepare('SELECT seq FROM folds ORDER BY seq').pluck().all() as number[];
  const one = index.prepare('SELECT state FROM folds WHERE seq = ?').pluck();
  return { seqs: new Set(seqs), last: seqs.at(-1) ?? 0, at: (seq) => one.get(seq) as string };
}

function isState(text: string, state: OpsState): boolean {
  const own = JSON.stringify(state);
  if (text === own) return true;
  try {
    // A state that was read back and folded on may have its members in another order.
    return canonicalJson(JSON.parse(text)) === canonicalJson(JSON.parse(own));
  } catch {
    return false;
  }
}

interface Term {
  readonly id: number;
  readonly facet: string;
  readonly value: string;
  readonly n: number;
}
interface Mark {
  readonly term: number;
  readonly seq: number;
}
interface Place {
  readonly term: string;
  readonly doc: number;
  readonly offset: number;
}

const markText = (facet: string, value: string): string => `${facet}\n${value}`;
const wordText = ({ term, offset }: Place): string => `${offset}\n${term}`;

/** Every word and where it stands, by a temporary table: the file itself is only read. */
function placesOf(database: Database.Database, words: string): Iterable<Place> {
  database.exec(`CREATE VIRTUAL TABLE temp.in_${words} USING fts5vocab(main, ${words}, instance)`);
  return database
    .prepare(`SELECT term, doc, "offset" FROM temp.in_${words}`)
    .iterate() as Iterable<Place>;
}

function bad(seq: number | null, detail: string): Damage {
  return { kind: 'index', seq, detail: `the index ${detail}` };
}

/** FNV-1a with a last stir, 32 bits: sums of these differ where one text differs, but for one case in 4 · 10⁹. */
function mix(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
