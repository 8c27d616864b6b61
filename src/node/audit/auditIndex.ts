import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { FACETS, type Facet, type Mark, marksOf, readableText } from '../../shared/audit/facets';
import type { FacetValues } from '../../shared/audit/query';
import type { LogPosition } from '../../shared/log/event';
import { EMPTY_LOG } from '../../shared/log/event';
import { foldOps } from '../../shared/ops/fold';
import type { OpsState } from '../../shared/ops/state';
import { VERSION } from '../../shared/version';
import { eventOfRow } from '../eventRow';
import type { EventSource } from './source';

/** Counts up whenever the tables or what stands in them change: an index of another form is made anew. */
const FORMAT = 2;
/** Sequences of one row of `spans`. */
export const SPAN = 4_096;
/**
 * Sequences of one table of words. FTS5 puts all places of all words with one beginning together before it
 * gives the first: a table of its own for each part of the log keeps that short, however long the log.
 */
const WORDS_SPAN = 262_144;
/** A state is kept every so many events, so that no look into the past folds more than that. */
const FOLD_EVERY = 20_000;
/** Values of one facet that are offered; a log may know more. */
const OFFERED = 500;

/** FTS5 with accents and case folded; only the words are kept, not the text. */
export const WORDS_TABLE =
  "USING fts5 (text, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2')";

export interface WordsTable {
  readonly table: string;
  /** The first and the last sequence it is for. */
  readonly low: number;
  readonly high: number;
}

/** The table that has the words of an event. */
export function wordsOf(seq: number): WordsTable {
  const part = Math.floor(seq / WORDS_SPAN);
  const low = part * WORDS_SPAN;
  return { table: `words_${part}`, low, high: low + WORDS_SPAN - 1 };
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS terms (
    id INTEGER PRIMARY KEY, facet TEXT NOT NULL, value TEXT NOT NULL, n INTEGER NOT NULL,
    UNIQUE (facet, value)
  );
  CREATE TABLE IF NOT EXISTS marks (
    term INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (term, seq)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS times (seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS spans (
    span INTEGER PRIMARY KEY, low INTEGER NOT NULL, high INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS folds (seq INTEGER PRIMARY KEY, state TEXT NOT NULL);
`;

/**
 * What makes a log searchable, in a file of its own beside it: who, what and when by number, and the
 * words. It holds nothing that the log does not hold, so it is never repaired and never migrated: one
 * that is damaged, of another form or of another log is thrown away and made anew. The log's own file
 * is only read.
 */
export class AuditIndex {
  /** Writes and short reads. */
  readonly database: Database.Database;
  readonly #terms = new Map<string, { id: number; n: number }>();
  #indexed: LogPosition;
  #ops: OpsState | null = null;

  constructor(
    readonly path: string,
    private readonly source: EventSource,
  ) {
    this.database = openUsable(path, source);
    const kept = this.database.prepare("SELECT value FROM meta WHERE key = 'indexed'").get();
    this.#indexed = kept
      ? (JSON.parse((kept as { value: string }).value) as LogPosition)
      : source.start();
    for (const term of this.database.prepare('SELECT * FROM terms').all() as Term[]) {
      this.#terms.set(`${term.facet}\n${term.value}`, { id: term.id, n: term.n });
    }
  }

  /** Up to where the log is in the index. */
  indexed(): LogPosition {
    return this.#indexed;
  }

  /** Takes up to `limit` further events of the log into the index, in one transaction. @returns how many */
  follow(limit: number): number {
    const rows = this.source.rows(this.#indexed.seq + 1, limit);
    const last = rows.at(-1);
    if (!last) return 0;
    const db = this.database;
    const before = new Map([...this.#terms].map(([key, { id, n }]) => [key, { id, n }]));
    let ops = this.#opsAtIndexed();
    try {
      db.transaction(() => {
        const addMark = statement(db, 'INSERT OR IGNORE INTO marks (term, seq) VALUES (?, ?)');
        const addTime = statement(db, 'INSERT INTO times (seq, ts) VALUES (?, ?)');
        let words = { high: 0, add: null as Database.Statement | null };
        const spans = new Map<number, { low: number; high: number }>();
        const touched = new Set<string>();
        for (const row of rows) {
          const event = eventOfRow(row);
          for (const mark of marksOf(event)) {
            const key = `${mark[0]}\n${mark[1]}`;
            const term = this.#termOf(key, mark);
            term.n += 1;
            touched.add(key);
            addMark.run(term.id, event.seq);
          }
          addTime.run(event.seq, event.ts);
          if (event.seq > words.high) {
            const { table, high } = wordsOf(event.seq);
            db.exec(`CREATE VIRTUAL TABLE IF NOT EXISTS ${table} ${WORDS_TABLE}`);
            words = { high, add: db.prepare(`INSERT INTO ${table} (rowid, text) VALUES (?, ?)`) };
          }
          words.add?.run(event.seq, readableText(event));
          const span = spans.get(Math.floor(event.seq / SPAN));
          spans.set(Math.floor(event.seq / SPAN), {
            low: Math.min(span?.low ?? event.ts, event.ts),
            high: Math.max(span?.high ?? event.ts, event.ts),
          });
          if (ops) {
            ops = foldOps(ops, event);
            if (event.seq % FOLD_EVERY === 0) this.#keepFold(ops);
          }
        }
        for (const [span, { low, high }] of spans) {
          statement(
            db,
            `INSERT INTO spans (span, low, high) VALUES (?, ?, ?)
             ON CONFLICT (span) DO UPDATE SET low = min(low, excluded.low), high = max(high, excluded.high)`,
          ).run(span, low, high);
        }
        for (const key of touched) {
          const term = this.#terms.get(key);
          if (term) statement(db, 'UPDATE terms SET n = ? WHERE id = ?').run(term.n, term.id);
        }
        putMeta(db, 'indexed', { seq: last.seq, hash: last.hash });
      })();
    } catch (error) {
      // What was rolled back on disk is rolled back here.
      this.#terms.clear();
      for (const [key, term] of before) this.#terms.set(key, term);
      throw error;
    }
    this.#ops = ops;
    this.#indexed = { seq: last.seq, hash: last.hash };
    return rows.length;
  }

  /** The id and count of a value; null when no event has it. */
  term(facet: Facet, value: string): { readonly id: number; readonly n: number } | null {
    return this.#terms.get(`${facet}\n${value}`) ?? null;
  }

  values(): FacetValues {
    const all = [...this.#terms].map(([key, { n }]) => {
      const [facet, ...value] = key.split('\n');
      return { facet, value: value.join('\n'), n };
    });
    const of = (facet: Facet): string[] =>
      all
        .filter((term) => term.facet === facet)
        .sort((a, b) => b.n - a.n || (a.value < b.value ? -1 : 1))
        .slice(0, OFFERED)
        .map(({ value }) => value);
    return Object.fromEntries(FACETS.map((facet) => [facet, of(facet)])) as FacetValues;
  }

  /** Sequences among which every event of a time lies: from `from` on and before `to`. */
  bounds(from: number | null, to: number | null): { readonly low: number; readonly high: number } {
    const row = this.database
      .prepare(
        'SELECT min(span) AS first, max(span) AS last FROM spans WHERE high >= ? AND low < ?',
      )
      .get(from ?? 0, to ?? Number.MAX_SAFE_INTEGER) as {
      first: number | null;
      last: number | null;
    };
    if (row.first === null || row.last === null) return { low: 1, high: 0 };
    return { low: row.first * SPAN, high: (row.last + 1) * SPAN - 1 };
  }

  /** The last event not after a time; 0 when there is none. */
  seqAt(ts: number): number {
    const spans = this.database
      .prepare('SELECT span FROM spans WHERE low <= ? ORDER BY span DESC')
      .pluck()
      .all(ts) as number[];
    for (const span of spans) {
      const seq = this.database
        .prepare('SELECT max(seq) FROM times WHERE seq BETWEEN ? AND ? AND ts <= ?')
        .pluck()
        .get(span * SPAN, (span + 1) * SPAN - 1, ts) as number | null;
      if (seq !== null) return seq;
    }
    return 0;
  }

  /** The last event of a type about an engine, not after `seq`; null when there is none. */
  lastOf(type: string, engine: string, seq: number): number | null {
    const ofType = this.term('type', type);
    const ofEngine = this.term('engine', engine);
    if (!ofType || !ofEngine) return null;
    return this.database
      .prepare(
        `SELECT max(one.seq) FROM marks AS one JOIN marks AS other ON other.seq = one.seq
         WHERE one.term = ? AND other.term = ? AND one.seq <= ?`,
      )
      .pluck()
      .get(ofType.id, ofEngine.id, seq) as number | null;
  }

  /**
   * The state as the log had it after an event. Null where what came before the first event held
   * cannot be known.
   */
  foldAt(seq: number): OpsState | null {
    const before = this.source.before();
    if (!before || seq < before.seq) return null;
    let ops = this.#foldBefore(seq) ?? before;
    while (ops.seq < seq) {
      const rows = this.source.rows(ops.seq + 1, Math.min(1_000, seq - ops.seq));
      if (rows.length === 0) return ops;
      for (const row of rows) ops = foldOps(ops, eventOfRow(row));
    }
    return ops;
  }

  close(): void {
    this.database.close();
  }

  #termOf(key: string, [facet, value]: Mark): { id: number; n: number } {
    const known = this.#terms.get(key);
    if (known) return known;
    const { lastInsertRowid } = this.database
      .prepare('INSERT INTO terms (facet, value, n) VALUES (?, ?, 0)')
      .run(facet, value);
    const term = { id: Number(lastInsertRowid), n: 0 };
    this.#terms.set(key, term);
    return term;
  }

  /** The state where the index stands, to be folded on; null where the log's beginning is missing. */
  #opsAtIndexed(): OpsState | null {
    this.#ops ??= this.foldAt(this.#indexed.seq);
    return this.#ops;
  }

  #foldBefore(seq: number): OpsState | null {
    const row = this.database
      .prepare('SELECT state FROM folds WHERE seq <= ? ORDER BY seq DESC LIMIT 1')
      .get(seq) as { state: string } | undefined;
    return row ? (JSON.parse(row.state) as OpsState) : null;
  }

  #keepFold(ops: OpsState): void {
    this.database
      .prepare('INSERT OR REPLACE INTO folds (seq, state) VALUES (?, ?)')
      .run(ops.seq, JSON.stringify(ops));
  }
}

interface Term {
  readonly id: number;
  readonly facet: string;
  readonly value: string;
  readonly n: number;
}

const prepared = new WeakMap<Database.Database, Map<string, Database.Statement>>();

function statement(database: Database.Database, sql: string): Database.Statement {
  const known = prepared.get(database) ?? new Map<string, Database.Statement>();
  prepared.set(database, known);
  const made = known.get(sql) ?? database.prepare(sql);
  known.set(sql, made);
  return made;
}

function putMeta(database: Database.Database, key: string, value: unknown): void {
  statement(database, 'INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(
    key,
    JSON.stringify(value),
  );
}

/** The index's file, if it is of this log and this form; a new one otherwise. */
function openUsable(path: string, source: EventSource): Database.Database {
  try {
    const database = openDatabase(path);
    if (isOf(database, source)) return database;
    database.close();
  } catch {
    // Damaged: nothing is in it that is not in the log.
  }
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  const database = openDatabase(path);
  putMeta(database, 'format', FORMAT);
  putMeta(database, 'version', VERSION);
  putMeta(database, 'start', source.start().seq);
  return database;
}

function openDatabase(path: string): Database.Database {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  // A power cut may cost the last batch, which is indexed again; it cannot damage the file.
  database.pragma('synchronous = NORMAL');
  // The ends of every list are written to at once: they are to stay in memory.
  database.pragma('cache_size = -65536');
  database.exec(SCHEMA);
  return database;
}

function isOf(database: Database.Database, source: EventSource): boolean {
  const meta = new Map(
    (database.prepare('SELECT key, value FROM meta').all() as { key: string; value: string }[]).map(
      ({ key, value }) => [key, JSON.parse(value) as unknown],
    ),
  );
  if (meta.size === 0) {
    putMeta(database, 'format', FORMAT);
    putMeta(database, 'version', VERSION);
    putMeta(database, 'start', source.start().seq);
    return true;
  }
  // Kept states are of the version that folded them.
  if (meta.get('format') !== FORMAT || meta.get('version') !== VERSION) return false;
  // What was deleted from the log's beginning is not to be found in its index.
  if ((meta.get('start') ?? 0) !== source.start().seq) return false;
  const indexed = (meta.get('indexed') ?? EMPTY_LOG) as LogPosition;
  if (indexed.seq === 0 || indexed.seq === source.start().seq) return true;
  return source.hashAt(indexed.seq) === indexed.hash;
}
