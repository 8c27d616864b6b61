import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { TradeKey, TradeRow, TradeSum } from '../shared/lineage/trades';
import { EMPTY_LOG, type LogPosition } from '../shared/log/event';
import type { DomainEvent } from '../shared/ops/events';
import { tradingDay } from '../shared/time';

/**
 * The closed trades that a log says, in one SQLite file: each once, with the event that said it first,
 * and their sums by model, day, engine and currency, so that reading these costs what is shown and not
 * what was ever traded. It holds nothing that the log does not hold: a file that is damaged, of another
 * form or of another log is deleted and made anew.
 */

/** Counts up whenever the tables change; files without one were filled by telemetry and not by the log. */
const FORM = 1;

const SCHEMA = `
  CREATE TABLE trades (
    engine TEXT NOT NULL, trade_id TEXT NOT NULL, closed_at REAL NOT NULL,
    opened_at REAL NOT NULL, day TEXT NOT NULL, model TEXT NOT NULL, instrument TEXT NOT NULL,
    side TEXT NOT NULL, quantity REAL NOT NULL, entry REAL, exit REAL, pnl REAL,
    currency TEXT NOT NULL,
    -- The event that said it, and whether it is that event's first of its model and day.
    seq INTEGER NOT NULL, begins INTEGER NOT NULL,
    PRIMARY KEY (engine, trade_id, closed_at)
  ) WITHOUT ROWID;
  CREATE INDEX trades_group ON trades (model, day, closed_at);
  CREATE INDEX trades_id ON trades (trade_id);
  CREATE INDEX trades_seq ON trades (seq);
  CREATE TABLE sums (
    model TEXT NOT NULL, day TEXT NOT NULL, engine TEXT NOT NULL, currency TEXT NOT NULL,
    count INTEGER NOT NULL, pnl REAL NOT NULL, unknown INTEGER NOT NULL,
    first_opened_at REAL NOT NULL, last_closed_at REAL NOT NULL, events INTEGER NOT NULL,
    PRIMARY KEY (model, day, engine, currency)
  ) WITHOUT ROWID;
  -- The last event of the log that was taken.
  CREATE TABLE through (seq INTEGER NOT NULL, hash TEXT NOT NULL);
`;
const INSERT = `INSERT OR IGNORE INTO trades VALUES
  (@engine, @tradeId, @closedAt, @openedAt, @day, @model, @instrument, @side, @quantity,
   @entryPrice, @exitPrice, @pnl, @currency, @seq, @begins)`;
const ADD = `INSERT INTO sums VALUES
  (@model, @day, @engine, @currency, 1, coalesce(@pnl, 0), @pnl IS NULL, @openedAt, @closedAt, @begins)
  ON CONFLICT DO UPDATE SET count = count + 1, pnl = pnl + excluded.pnl,
    unknown = unknown + excluded.unknown,
    first_opened_at = min(first_opened_at, excluded.first_opened_at),
    last_closed_at = max(last_closed_at, excluded.last_closed_at),
    events = events + excluded.events`;
const SUM_COLUMNS = `model, day, engine, currency, count, pnl, unknown,
  first_opened_at AS firstOpenedAt, last_closed_at AS lastClosedAt, events`;
/** The sums anew, of what was said up to an event. */
const SUMMED = `SELECT model, day, engine, currency, count(*) AS count, total(pnl) AS pnl,
    sum(pnl IS NULL) AS unknown, min(opened_at) AS firstOpenedAt, max(closed_at) AS lastClosedAt,
    sum(begins) AS events
  FROM trades WHERE seq <= ? GROUP BY model, day, engine, currency`;
const TRADE_COLUMNS = `engine, trade_id AS tradeId, model, instrument, side, quantity, entry AS entryPrice,
  exit AS exitPrice, pnl, currency, opened_at AS openedAt, closed_at AS closedAt, seq`;
const OF_GROUP = 'model = ? AND day = ? AND seq <= ?';
const OF_YEAR = 'day >= ? AND day < ?';

type TradesEvent = Extract<DomainEvent, { type: 'trades.closed' }>;

/** `at` is the event up to which the log is read; null for all of it, as it is now. */
export interface TradeIndex {
  /** Up to where the log is in the index. */
  through(): LogPosition;
  /** Takes a further piece of the log, in one transaction: the events that say trades, and where it ends. */
  take(events: readonly TradesEvent[], through: LogPosition): void;
  /** Lets go of what events up to a sequence said, so that nothing of it stays in the file. */
  forget(seq: number): void;
  /** Another text whenever what there is up to an event may be other trades. */
  version(at: number | null): string;
  sums(at: number | null): readonly TradeSum[];
  /** Trades of a model closed on a day, the earliest first. */
  of(model: string, day: string, at: number | null, limit: number): readonly TradeRow[];
  count(model: string, day: string, at: number | null): number;
  /** Trades whose id begins with a text, the newest first. */
  find(id: string, at: number | null, limit: number): readonly TradeOfDay[];
  /** The events that said trades of a model and a day, the latest first. */
  eventsOf(model: string, day: string, at: number | null): readonly number[];
  /** The event that said a trade; null where none has. */
  eventOf(trade: TradeKey, at: number | null): number | null;
  /** The trades closed in a year: how many, and the hash and size of their text, a JSON array a line. */
  year(year: number): TradesOfYear;
  /** Deletes them and their sums, so that nothing of them stays in the file. */
  drop(year: number): void;
  close(): void;
}

export type TradeOfDay = TradeRow & { readonly day: string };
export interface TradesOfYear {
  readonly count: number;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Opens the file where it is of this form and of this log, and begins it anew where it is not.
 *
 * @param fits whether the log has the event that the file was filled up to.
 * @throws errors of the disk; every call of the index, too, throws what SQLite says
 */
export function openTradeIndex(path: string, fits: (through: LogPosition) => boolean): TradeIndex {
  return indexOf(openUsable(path, fits));
}

/** Deletes an index: nothing is in it that the log does not have. */
export function removeTradeIndex(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}

function openUsable(path: string, fits: (through: LogPosition) => boolean): Database.Database {
  try {
    const kept = open(path);
    if (formOf(kept) === FORM && fits(throughOf(kept))) return kept;
    kept.close();
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  removeTradeIndex(path);
  const made = open(path);
  made.transaction(() => {
    made.exec(SCHEMA);
    made.prepare('INSERT INTO through VALUES (?, ?)').run(EMPTY_LOG.seq, EMPTY_LOG.hash);
    made.pragma(`user_version = ${FORM}`);
  })();
  return made;
}

/** Whether an error says that a file is no database, or a broken one. */
export function isDamage(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT') === true;
}

function open(path: string): Database.Database {
  const database = new Database(path);
  try {
    database.pragma('journal_mode = WAL');
    // A power cut may cost the last piece, which is taken again; it cannot damage the file.
    database.pragma('synchronous = NORMAL');
    // Free pages would have what was deleted.
    database.pragma('secure_delete = ON');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const formOf = (database: Database.Database): unknown =>
  database.pragma('user_version', { simple: true });
const throughOf = (database: Database.Database): LogPosition =>
  database.prepare('SELECT seq, hash FROM through').get() as LogPosition;
const last = (at: number | null): number => at ?? Number.MAX_SAFE_INTEGER;
const groupOf = (model: string, day: string): string => `${day}\n${model}`;

function indexOf(database: Database.Database): TradeIndex {
  /** Counts what was let go of. */
  let changes = 0;
  const insert = database.prepare(INSERT);
  const add = database.prepare(ADD);
  const move = database.prepare('UPDATE through SET seq = ?, hash = ?');
  const newest = database.prepare('SELECT max(seq) FROM trades WHERE seq <= ?').pluck();
  const sums = database.prepare(`SELECT ${SUM_COLUMNS} FROM sums ORDER BY day, model`);
  const summed = database.prepare(`${SUMMED} ORDER BY day, model`);
  const of = database.prepare(
    `SELECT ${TRADE_COLUMNS} FROM trades WHERE ${OF_GROUP} ORDER BY closed_at LIMIT ?`,
  );
  const count = database.prepare(`SELECT count(*) FROM trades WHERE ${OF_GROUP}`).pluck();
  // A range of the index; LIKE would read pattern characters in what people type.
  const find = database.prepare(
    `SELECT ${TRADE_COLUMNS}, day FROM trades WHERE trade_id >= ? AND trade_id < ? AND seq <= ?
     ORDER BY closed_at DESC LIMIT ?`,
  );
  const eventsOf = database
    .prepare(`SELECT DISTINCT seq FROM trades WHERE ${OF_GROUP} ORDER BY seq DESC`)
    .pluck();
  const eventOf = database
    .prepare(
      'SELECT seq FROM trades WHERE engine = ? AND trade_id = ? AND closed_at = ? AND seq <= ?',
    )
    .pluck();

  function put({ seq, data: { engine, trades } }: TradesEvent): void {
    const begun = new Set<string>();
    for (const trade of trades) {
      const day = tradingDay(trade.closedAt);
      const group = groupOf(trade.model, day);
      const row = { engine, ...trade, day, seq, begins: begun.has(group) ? 0 : 1 };
      // Another event has said it before.
      if (insert.run(row).changes === 0) continue;
      add.run(row);
      begun.add(group);
    }
  }

  /** Deletes trades, from the file and from what was written beside it. */
  function letGo(remove: () => void): void {
    database.transaction(remove)();
    changes += 1;
    database.pragma('wal_checkpoint(TRUNCATE)');
  }

  return {
    through: () => throughOf(database),
    take(events, { seq, hash }) {
      database.transaction(() => {
        for (const event of events) put(event);
        move.run(seq, hash);
      })();
    },
    forget(seq) {
      if (newest.get(seq) === null) return;
      letGo(() => {
        database.prepare('DELETE FROM trades WHERE seq <= ?').run(seq);
        database.exec('DELETE FROM sums');
        database.prepare(`INSERT INTO sums ${SUMMED}`).run(last(null));
      });
    },
    version: (at) => `${changes}:${newest.get(last(at))}`,
    sums: (at) => (at === null ? sums.all() : summed.all(at)) as TradeSum[],
    of: (model, day, at, limit) => of.all(model, day, last(at), limit) as TradeRow[],
    count: (model, day, at) => count.get(model, day, last(at)) as number,
    find: (id, at, limit) => find.all(id, `${id}\u{10ffff}`, last(at), limit) as TradeOfDay[],
    eventsOf: (model, day, at) => eventsOf.all(model, day, last(at)) as number[],
    eventOf: ([engine, tradeId, closedAt], at) =>
      (eventOf.get(engine, tradeId, closedAt, last(at)) as number | undefined) ?? null,
    year(year) {
      const hash = createHash('sha256');
      let found = 0;
      let bytes = 0;
      const rows = database.prepare(`SELECT * FROM trades WHERE ${OF_YEAR} ORDER BY 1, 2, 3`).raw();
      for (const row of rows.iterate(`${year}-`, `${year}-~`)) {
        const line = `${JSON.stringify(row)}\n`;
        hash.update(line);
        bytes += Buffer.byteLength(line);
        found += 1;
      }
      return { count: found, sha256: hash.digest('hex'), bytes };
    },
    drop(year) {
      letGo(() => {
        for (const table of ['trades', 'sums']) {
          database.prepare(`DELETE FROM ${table} WHERE ${OF_YEAR}`).run(`${year}-`, `${year}-~`);
        }
      });
    },
    close: () => database.close(),
  };
}
