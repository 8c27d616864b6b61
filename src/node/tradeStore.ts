import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';
import type { TradeRow, TradeSum } from '../shared/lineage/trades';
import type { TelemetryItem } from '../shared/telemetry/types';
import { tradingDay } from '../shared/time';

/**
 * Closed trades in one SQLite file. An engine that sends a trade again has it once: its id and the
 * time it was closed name it. Sums by model, day, engine and currency are kept beside them within
 * the same transaction, so that reading them costs what is shown and not what was ever traded.
 */

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS trades (
    engine TEXT NOT NULL, trade_id TEXT NOT NULL, closed_at REAL NOT NULL,
    opened_at REAL NOT NULL, day TEXT NOT NULL, model TEXT NOT NULL, instrument TEXT NOT NULL,
    side TEXT NOT NULL, quantity REAL NOT NULL, entry REAL, exit REAL, pnl REAL,
    currency TEXT NOT NULL,
    PRIMARY KEY (engine, trade_id, closed_at)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS trades_group ON trades (model, day, closed_at);
  CREATE INDEX IF NOT EXISTS trades_id ON trades (trade_id);
  CREATE TABLE IF NOT EXISTS sums (
    model TEXT NOT NULL, day TEXT NOT NULL, engine TEXT NOT NULL, currency TEXT NOT NULL,
    count INTEGER NOT NULL, pnl REAL NOT NULL, unknown INTEGER NOT NULL,
    first_opened_at REAL NOT NULL, last_closed_at REAL NOT NULL,
    PRIMARY KEY (model, day, engine, currency)
  ) WITHOUT ROWID;
`;
const INSERT = `INSERT OR IGNORE INTO trades VALUES
  (@engine, @tradeId, @closedAt, @openedAt, @day, @model, @instrument, @side, @quantity,
   @entryPrice, @exitPrice, @pnl, @currency)`;
const ADD = `INSERT INTO sums VALUES
  (@model, @day, @engine, @currency, 1, coalesce(@pnl, 0), @pnl IS NULL, @openedAt, @closedAt)
  ON CONFLICT DO UPDATE SET count = count + 1, pnl = pnl + excluded.pnl,
    unknown = unknown + excluded.unknown,
    first_opened_at = min(first_opened_at, excluded.first_opened_at),
    last_closed_at = max(last_closed_at, excluded.last_closed_at)`;
const SUM_COLUMNS = `model, day, engine, currency, count, pnl, unknown,
  first_opened_at AS firstOpenedAt, last_closed_at AS lastClosedAt`;
const TRADE_COLUMNS = `engine, trade_id AS tradeId, model, instrument, side, quantity,
  entry AS entryPrice, exit AS exitPrice, pnl, currency, opened_at AS openedAt, closed_at AS closedAt`;

const OF_YEAR = 'day >= ? AND day < ?';

/** Trades that wait for a disk that takes nothing; beyond it the oldest are lost, and counted. */
const WAITING_MAX = 100_000;

export interface TradeStore {
  /** Takes an engine's items; {@link TradeStore.flush} writes the trades among them. */
  take(engine: string, items: readonly TelemetryItem[]): void;
  /** Writes what waits; to be called again until nothing does. Never throws. */
  flush(): void;
  /** The trades closed in a year: how many, and the hash and size of their text, a JSON array a line. */
  year(year: number): { readonly count: number; readonly sha256: string; readonly bytes: number };
  /** Deletes them and their sums, so that nothing of them stays in the file. @throws what SQLite says */
  drop(year: number): void;
  /** `lost` counts trades that were given up while the disk took nothing. */
  health(): { readonly waiting: number; readonly lost: number; readonly problem: string | null };
  close(): void;
}

/** Opens the file for writing, now or as soon as that can be done. */
export function openTradeStore(path: string): TradeStore {
  let database: Database.Database | null = null;
  let waiting: TradeRow[] = [];
  let lost = 0;
  let problem: string | null = null;

  function write(rows: readonly TradeRow[]): void {
    database ??= open(path);
    const insert = database.prepare(INSERT);
    const add = database.prepare(ADD);
    database.transaction(() => {
      for (const row of rows) {
        const values = { ...row, day: tradingDay(row.closedAt) };
        if (insert.run(values).changes === 1) add.run(values);
      }
    })();
  }

  function flush(): void {
    if (waiting.length === 0 && database) return;
    try {
      write(waiting);
      waiting = [];
      problem = null;
    } catch (error) {
      problem = (error as Error).message;
      const over = waiting.length - WAITING_MAX;
      if (over > 0) waiting = waiting.slice(over);
      lost += Math.max(0, over);
    }
  }

  flush();
  return {
    take(engine, items) {
      for (const item of items) {
        if (item.kind !== 'trade') continue;
        const { kind: _, seq: __, ts: ___, ...trade } = item;
        waiting.push({ engine, ...trade });
      }
    },
    flush,
    year(year) {
      database ??= open(path);
      const hash = createHash('sha256');
      let count = 0;
      let bytes = 0;
      const rows = database.prepare(`SELECT * FROM trades WHERE ${OF_YEAR} ORDER BY 1, 2, 3`).raw();
      for (const row of rows.iterate(`${year}-`, `${year}-~`)) {
        const line = `${JSON.stringify(row)}\n`;
        hash.update(line);
        bytes += Buffer.byteLength(line);
        count += 1;
      }
      return { count, sha256: hash.digest('hex'), bytes };
    },
    drop(year) {
      database ??= open(path);
      const own = database;
      own.transaction(() => {
        for (const table of ['trades', 'sums']) {
          own.prepare(`DELETE FROM ${table} WHERE ${OF_YEAR}`).run(`${year}-`, `${year}-~`);
        }
      })();
      // Free pages, too, would have them still.
      own.exec('VACUUM');
      own.pragma('wal_checkpoint(TRUNCATE)');
    },
    health: () => ({ waiting: waiting.length, lost, problem }),
    close() {
      flush();
      database?.close();
    },
  };
}

function open(path: string): Database.Database {
  const database = new Database(path);
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.exec(SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export interface TradeReader {
  /** Changes whenever another connection has written. */
  version(): number;
  sums(): readonly TradeSum[];
  /** Trades of a model closed on a day, the earliest first. */
  of(model: string, day: string, limit: number): readonly TradeRow[];
  /** Trades whose id begins with a text, the newest first. */
  find(id: string, limit: number): readonly (TradeRow & { readonly day: string })[];
  close(): void;
}

/** Opens the file for reading beside its writer. @throws when it is not there or no database */
export function readTradeStore(path: string): TradeReader {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  database.pragma('busy_timeout = 2000');
  const sums = database.prepare(`SELECT ${SUM_COLUMNS} FROM sums ORDER BY day, model`);
  const of = database.prepare(
    `SELECT ${TRADE_COLUMNS} FROM trades WHERE model = ? AND day = ? ORDER BY closed_at LIMIT ?`,
  );
  // A range of the index; LIKE would read pattern characters in what people type.
  const find = database.prepare(
    `SELECT ${TRADE_COLUMNS}, day FROM trades WHERE trade_id >= ? AND trade_id < ?
     ORDER BY closed_at DESC LIMIT ?`,
  );
  return {
    version: () => database.pragma('data_version', { simple: true }) as number,
    sums: () => sums.all() as TradeSum[],
    of: (model, day, limit) => of.all(model, day, limit) as TradeRow[],
    find: (id, limit) =>
      find.all(id, `${id}\u{10ffff}`, limit) as (TradeRow & { readonly day: string })[],
    close: () => database.close(),
  };
}
