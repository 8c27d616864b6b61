import Database from 'better-sqlite3';
import type { ChainFault, SealedEvent, Sha256 } from '../shared/log/chain';
import type { LogEvent, LogPosition } from '../shared/log/event';
import { EMPTY_LOG } from '../shared/log/event';
import type { EventStore } from '../shared/log/store';
import { SequenceConflictError } from '../shared/log/store';
import { LOG_FORM } from '../shared/version';
import { publicKeyOf } from './checkpoint';
import { type EventRow, eventOfRow, rowFault } from './eventRow';

/** What a verification found: the head it reached, or the first event that does not hold. */
export type Verification =
  | { readonly ok: true; readonly head: LogPosition }
  | { readonly ok: false; readonly seq: number; readonly fault: ChainFault };

export interface StoredCheckpoint {
  readonly seq: number;
  readonly note: string;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    ts INTEGER NOT NULL,
    type TEXT NOT NULL,
    actor TEXT NOT NULL,
    command_id TEXT,
    hash TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    body TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS events_command ON events (command_id) WHERE command_id IS NOT NULL;
  CREATE TABLE IF NOT EXISTS checkpoints (seq INTEGER PRIMARY KEY, note TEXT NOT NULL);
`;

/** A file that a later version of the program has made. */
export class NewerFileError extends Error {
  override readonly name = 'NewerFileError';
}

/** @throws {NewerFileError} when a database's form is not known yet to this version. */
export function refuseNewer(database: Database.Database, path: string): void {
  const form = database.pragma('user_version', { simple: true }) as number;
  if (form <= LOG_FORM) return;
  throw new NewerFileError(
    `${path} was made by a later version of Vigía (form ${form}, this one knows ${LOG_FORM}); it is left as it is`,
  );
}

const COLUMNS = 'seq, id, ts, type, actor, command_id, hash, prev_hash, body';
const PAGE = 1_000;

/**
 * The log in one SQLite file. `body` is the very text the hash was taken over, so that an event read
 * back is the event that was sealed; the other columns only serve queries and are checked against it.
 *
 * WAL with `synchronous=FULL`: an append that returned survives a loss of power.
 */
export class SqliteEventStore implements EventStore {
  /** The open database, for queries of the mirror's owner; writes go through {@link append}. */
  readonly database: Database.Database;
  readonly #listeners = new Set<(events: readonly LogEvent[]) => void>();
  readonly #insert: Database.Statement;
  readonly #page: Database.Statement;
  readonly #last: Database.Statement;
  #head: LogPosition;

  constructor(
    path: string,
    private readonly sha256: Sha256,
    /** The place before the file's first event, where earlier ones are in archives. */
    private readonly base: LogPosition = EMPTY_LOG,
  ) {
    this.database = new Database(path);
    try {
      refuseNewer(this.database, path);
    } catch (error) {
      this.database.close();
      throw error;
    }
    this.database.pragma('journal_mode = WAL');
    this.database.pragma('synchronous = FULL');
    this.database.pragma('busy_timeout = 2000');
    this.database.exec(SCHEMA);
    this.#bringUp();
    this.#insert = this.database.prepare(
      `INSERT INTO events (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#page = this.database.prepare(
      `SELECT ${COLUMNS} FROM events WHERE seq >= ? ORDER BY seq LIMIT ?`,
    );
    this.#last = this.database.prepare('SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1');
    this.#head = this.#readHead();
  }

  async append(events: readonly SealedEvent[], expectedSeq: number): Promise<void> {
    if (events.length === 0) return;
    const write = this.database.transaction(() => {
      const head = this.#readHead();
      if (head.seq !== expectedSeq) throw new SequenceConflictError(expectedSeq, head.seq);
      for (const sealed of events) this.#write(sealed);
    });
    write.immediate();
    const last = events[events.length - 1] as SealedEvent;
    this.#head = { seq: last.event.seq, hash: last.event.hash };
    const appended = events.map(({ event }) => event);
    for (const listener of this.#listeners) listener(appended);
  }

  /**
   * Writes events of a record from elsewhere, which may be a part of a log that begins anywhere. The
   * caller has verified that each follows the one before it.
   */
  insert(events: readonly SealedEvent[]): void {
    this.database.transaction(() => {
      for (const sealed of events) this.#write(sealed);
    })();
    this.#head = this.#readHead();
  }

  async read(fromSeq: number, limit: number): Promise<readonly LogEvent[]> {
    return this.#rows(fromSeq, limit).map(eventOfRow);
  }

  head(): LogPosition {
    return this.#head;
  }

  onAppend(listener: (events: readonly LogEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The hash of one event, null when there is none with that number. */
  hashAt(seq: number): string | null {
    if (seq === this.base.seq) return this.base.hash;
    const row = this.#rows(seq, 1)[0];
    return row?.seq === seq ? row.hash : null;
  }

  /** The key of the log's checkpoints, as its first event names it; empty when it names none. */
  publicKey(): string {
    const first = this.#rows(1, 1)[0];
    return first?.seq === 1 ? publicKeyOf(first.body) : '';
  }

  /** Hashes every stored body afresh and compares each column with it, from the first event on. */
  verify(): Verification {
    let head = this.base;
    for (;;) {
      const rows = this.#rows(head.seq + 1, PAGE);
      for (const row of rows) {
        const fault = rowFault(row, head, this.sha256);
        // The first place that does not hold is the one expected here, also when it is missing.
        if (fault) return { ok: false, seq: head.seq + 1, fault };
        head = { seq: row.seq, hash: row.hash };
      }
      if (rows.length < PAGE) return { ok: true, head };
    }
  }

  putCheckpoint(checkpoint: StoredCheckpoint): void {
    this.database
      .prepare('INSERT OR REPLACE INTO checkpoints (seq, note) VALUES (?, ?)')
      .run(checkpoint.seq, checkpoint.note);
  }

  lastCheckpoint(): StoredCheckpoint | null {
    const row = this.database
      .prepare('SELECT seq, note FROM checkpoints ORDER BY seq DESC LIMIT 1')
      .get() as StoredCheckpoint | undefined;
    return row ?? null;
  }

  close(): void {
    this.#listeners.clear();
    this.database.close();
  }

  /** Files of the form before this one had indexes that another file holds now; events are not touched. */
  #bringUp(): void {
    if ((this.database.pragma('user_version', { simple: true }) as number) === LOG_FORM) return;
    this.database.transaction(() => {
      this.database.exec('DROP INDEX IF EXISTS events_type; DROP INDEX IF EXISTS events_actor;');
      this.database.pragma(`user_version = ${LOG_FORM}`);
    })();
  }

  #write({ event, body }: SealedEvent): void {
    const { seq, id, ts, type, actor, commandId, hash, prevHash } = event;
    this.#insert.run(seq, id, ts, type, actor.id, commandId, hash, prevHash, body);
  }

  #rows(fromSeq: number, limit: number): EventRow[] {
    return this.#page.all(fromSeq, limit) as EventRow[];
  }

  #readHead(): LogPosition {
    return (this.#last.get() as LogPosition | undefined) ?? this.base;
  }
}
