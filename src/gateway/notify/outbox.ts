import { existsSync, renameSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Delivery, PageState } from '../../shared/notify/delivery';
import { channelSchema, type Message, messageSchema } from '../../shared/notify/message';

/** What is on its way to people, on disk. */
export interface Outbox {
  /** The last event of the log that was looked at; null in an outbox that is new. */
  handled(): number | null;
  /** Adds what is not there yet and marks the log as looked at, both or neither. @returns what was added. */
  add(deliveries: readonly Delivery[], handled: number | null): readonly Delivery[];
  /** Writes down how deliveries stand. */
  put(deliveries: readonly Delivery[], answer: string): void;
  /** What still has to be sent, oldest first. */
  waiting(): readonly Delivery[];
  /** What is settled and of which the log was not told. */
  untold(): readonly { readonly delivery: Delivery; readonly answer: string }[];
  told(deliveries: readonly Delivery[]): void;
  /** Where the alert behind a page stood when that delivery was added. */
  page(delivery: Delivery): PageState;
  /** Channels a message was given to. */
  triedBy(key: string): ReadonlySet<Delivery['channel']>;
  /** Forgets what was settled before. */
  prune(before: number): void;
  close(): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS deliveries (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    channel TEXT NOT NULL,
    language TEXT NOT NULL,
    level TEXT NOT NULL,
    page_action TEXT,
    page_key TEXT,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    queued_at INTEGER NOT NULL,
    handed_on INTEGER NOT NULL,
    told INTEGER NOT NULL DEFAULT 0,
    answer TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS deliveries_open ON deliveries (queued_at) WHERE state = 'waiting';
  CREATE INDEX IF NOT EXISTS deliveries_untold ON deliveries (told) WHERE told = 0;
  CREATE INDEX IF NOT EXISTS deliveries_key ON deliveries (key);
  CREATE INDEX IF NOT EXISTS deliveries_page ON deliveries (page_key) WHERE page_key IS NOT NULL;
  CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
`;

interface Row {
  readonly id: string;
  readonly key: string;
  readonly channel: string;
  readonly language: Delivery['language'];
  readonly level: Delivery['level'];
  readonly page_action: 'trigger' | 'acknowledge' | 'resolve' | null;
  readonly page_key: string | null;
  readonly state: Delivery['state'];
  readonly attempts: number;
  readonly next_at: number;
  readonly queued_at: number;
  readonly handed_on: number;
  readonly answer: string;
  readonly message: string;
}

/**
 * Opens the outbox whatever its file is like: one that cannot be used is put aside, and where the disk
 * takes none it is kept in memory. People may then be told twice; a gateway that does not start would
 * be worse.
 *
 * @param aside ends the name of a file that is put aside.
 */
export function openOutbox(path: string, aside: string): Outbox {
  try {
    return openFile(path);
  } catch {
    try {
      for (const end of ['', '-wal', '-shm']) {
        if (existsSync(path + end)) renameSync(path + end, `${path}.${aside}${end}`);
      }
      return openFile(path);
    } catch {
      return openFile(':memory:');
    }
  }
}

/**
 * Opens the outbox in a SQLite file of its own. WAL with `synchronous=NORMAL`: a process that dies
 * loses nothing, a loss of power the last moments, which the log's own mark then brings back.
 */
function openFile(path: string): Outbox {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  database.pragma('busy_timeout = 500');
  database.exec(SCHEMA);
  const mark = database.prepare("SELECT value FROM marks WHERE name = 'handled'").pluck();
  const setMark = database.prepare(
    "INSERT INTO marks VALUES ('handled', ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
  );
  const insert = database.prepare(`
    INSERT OR IGNORE INTO deliveries (id, key, channel, language, level, page_action, page_key, state,
      attempts, next_at, queued_at, handed_on, message)
    VALUES (@id, @key, @channel, @language, @level, @action, @pageKey, @state, @attempts, @nextAt,
      @queuedAt, @handedOn, @message)`);
  const update = database.prepare(
    'UPDATE deliveries SET state = ?, attempts = ?, next_at = ?, handed_on = ?, answer = ? WHERE id = ?',
  );
  const setTold = database.prepare('UPDATE deliveries SET told = 1 WHERE id = ?');
  const waiting = database.prepare(
    "SELECT * FROM deliveries WHERE state = 'waiting' ORDER BY queued_at, rowid",
  );
  const untold = database.prepare(
    "SELECT * FROM deliveries WHERE told = 0 AND state IN ('delivered', 'failed') ORDER BY rowid",
  );
  const pages = database.prepare(
    `SELECT page_action, state FROM deliveries WHERE page_key = ?
      AND rowid < (SELECT rowid FROM deliveries WHERE id = ?) ORDER BY rowid`,
  );
  const tried = database.prepare('SELECT DISTINCT channel FROM deliveries WHERE key = ?').pluck();

  const add = database.transaction((deliveries: readonly Delivery[], handled: number | null) => {
    const added = deliveries.filter((one) => insert.run(toRow(one)).changes > 0);
    if (handled !== null) setMark.run(handled);
    return added;
  });
  const put = database.transaction((deliveries: readonly Delivery[], answer: string) => {
    for (const { state, attempts, nextAt, handedOn, id } of deliveries) {
      update.run(state, attempts, Math.ceil(nextAt), Number(handedOn), answer, id);
    }
  });
  const told = database.transaction((deliveries: readonly Delivery[]) => {
    for (const { id } of deliveries) setTold.run(id);
  });
  return {
    handled: () => (mark.get() as number | undefined) ?? null,
    add,
    put,
    told,
    waiting: () => (waiting.all() as Row[]).flatMap(fromRow),
    untold: () =>
      (untold.all() as Row[]).flatMap((row) =>
        fromRow(row).map((delivery) => ({ delivery, answer: row.answer })),
      ),
    page({ page, id }) {
      let state: PageState = 'none';
      for (const row of pages.all(page?.key, id) as Pick<Row, 'page_action' | 'state'>[]) {
        if (row.page_action === 'resolve' && row.state === 'delivered') state = 'none';
        if (row.page_action !== 'trigger') continue;
        if (row.state === 'waiting') state = 'waiting';
        if (row.state === 'delivered') state = 'open';
      }
      return state;
    },
    triedBy: (key) =>
      new Set(tried.all(key).flatMap((one) => channelSchema.safeParse(one).data ?? [])),
    prune(before) {
      database
        .prepare("DELETE FROM deliveries WHERE state <> 'waiting' AND told = 1 AND queued_at < ?")
        .run(before);
      database
        .prepare("DELETE FROM deliveries WHERE state = 'dropped' AND queued_at < ?")
        .run(before);
    },
    close: () => database.close(),
  };
}

function toRow(one: Delivery) {
  const { id, key, channel, language, level, page, state, attempts, queuedAt } = one;
  return {
    ...{ id, key, channel, language, level, state, attempts, queuedAt },
    ...{ action: page?.action ?? null, pageKey: page?.key ?? null },
    ...{ nextAt: Math.ceil(one.nextAt), handedOn: Number(one.handedOn) },
    message: JSON.stringify(one.message),
  };
}

/** A row that this version cannot read is passed over. */
function fromRow(row: Row): Delivery[] {
  const message = readMessage(row.message);
  const channel = channelSchema.safeParse(row.channel);
  if (!message || !channel.success) return [];
  const { id, key, language, level, state, attempts, page_action: action, page_key } = row;
  return [
    {
      ...{ id, key, language, level, state, attempts, message, channel: channel.data },
      page: action !== null && page_key !== null ? { action, key: page_key } : null,
      ...{ nextAt: row.next_at, queuedAt: row.queued_at, handedOn: row.handed_on === 1 },
    },
  ];
}

function readMessage(text: string): Message | null {
  try {
    return messageSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
