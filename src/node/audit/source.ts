import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { LogEvent, LogPosition } from '../../shared/log/event';
import { EMPTY_LOG } from '../../shared/log/event';
import { toDomainEvent } from '../../shared/ops/events';
import { INITIAL_OPS_STATE, type OpsState } from '../../shared/ops/state';
import { type DeletedBefore, deletedBefore } from '../../shared/retention/retention';
import { publicKeyOf } from '../checkpoint';
import { type EventRow, eventOfRow, type SealedRow } from '../eventRow';
import { refuseNewer, type StoredCheckpoint } from '../sqliteEventStore';
import { readBase } from './base';

const COLUMNS = 'seq, id, ts, type, actor, command_id, hash, prev_hash, body';
/** More events than this of one command are not one story any more. */
const STORY_MAX = 10_000;

/** Sealed events in one or more SQLite files, read and never written. */
export interface EventSource {
  /** Place before the first event held; `{0, zeros}` where the log is held from its beginning. */
  start(): LogPosition;
  head(): LogPosition;
  /** The state before the first event held; null where it cannot be known. */
  before(): OpsState | null;
  /** The deletion on record that names what came before the first event held; null where there is none. */
  deleted(): DeletedBefore | null;
  /** Rows from a sequence on, in order; fewer than `limit` only at the end. */
  rows(fromSeq: number, limit: number): EventRow[];
  /** Events of these types after one sequence and up to another, in order, up to a limit. */
  typed(types: readonly string[], after: number, through: number, limit: number): LogEvent[];
  /** Events of these sequences, in the order given; those that are not there are left out. */
  pick(seqs: readonly number[]): LogEvent[];
  /** Every event of a command, in order. */
  story(commandId: string): LogEvent[];
  hashAt(seq: number): string | null;
  /** The gateway's key as the first event, or the deletion of it, names it; empty when neither is held. */
  publicKey(): string;
  checkpoints(): readonly StoredCheckpoint[];
  close(): void;
}

/** A file is in use, by a gateway as a rule. */
export class FileInUseError extends Error {
  override readonly name = 'FileInUseError';
}

/**
 * Opens files that hold one chain, the oldest first.
 *
 * @param alone nobody else may have them open meanwhile, not even to read.
 * @throws when one cannot be read; {FileInUseError}
 */
export function openSource(paths: readonly string[], alone = false): EventSource {
  const files = paths.map((path) => openFile(path, alone));

  function fileOf(seq: number): OpenFile | null {
    // The newest file is asked most; an event is in the last file that begins before it.
    for (let index = files.length - 1; index >= 0; index -= 1) {
      const file = files[index] as OpenFile;
      if (index === 0 || file.first() <= seq) return file;
    }
    return null;
  }

  function rows(fromSeq: number, limit: number): EventRow[] {
    const found: EventRow[] = [];
    for (const file of files) {
      if (found.length >= limit) break;
      const from = Math.max(fromSeq, (found.at(-1)?.seq ?? 0) + 1);
      found.push(...(file.page.all(from, limit - found.length) as EventRow[]));
    }
    return found;
  }

  function start(): LogPosition {
    const [row] = rows(0, 1);
    return row ? { seq: row.seq - 1, hash: row.prev_hash } : EMPTY_LOG;
  }

  /** The event that names the deletion of what came before. */
  function naming() {
    const { seq, hash } = start();
    if (seq === 0) return null;
    for (const row of files.flatMap((file) => file.deletions.all() as EventRow[])) {
      const event = toDomainEvent(eventOfRow(row));
      const deleted = deletedBefore(event);
      if (event?.type !== 'retention.deleted' || !deleted) continue;
      if (deleted.last === seq && deleted.hash === hash) {
        return { deleted, publicKey: event.data.audit?.publicKey ?? '' };
      }
    }
    return null;
  }

  return {
    start,
    before() {
      const { seq, hash } = start();
      if (seq === 0) return INITIAL_OPS_STATE;
      const base = readBase(paths.at(-1) ?? '');
      return base?.position.seq === seq && base.position.hash === hash ? base.state : null;
    },
    deleted: () => naming()?.deleted ?? null,
    head() {
      for (const file of [...files].reverse()) {
        const last = file.last.get() as LogPosition | undefined;
        if (last) return last;
      }
      return EMPTY_LOG;
    },
    rows,
    typed(types, after, through, limit) {
      const found: EventRow[] = [];
      for (const file of files) {
        // An event that is archived and not yet taken from the log is there once.
        const from = Math.max(after, found.at(-1)?.seq ?? 0);
        const left = limit - found.length;
        found.push(...(file.typed.all(from, through, JSON.stringify(types), left) as EventRow[]));
      }
      return found.map(eventOfRow);
    },
    pick(seqs) {
      const found = new Map<number, LogEvent>();
      for (const file of files) {
        const own = seqs.filter((seq) => fileOf(seq) === file);
        if (own.length === 0) continue;
        for (const row of file.several.all(JSON.stringify(own)) as (SealedRow & Seq)[]) {
          found.set(row.seq, eventOfRow(row));
        }
      }
      return seqs.flatMap((seq) => found.get(seq) ?? []);
    },
    story: (commandId) =>
      files.flatMap((file) => file.story.all(commandId, STORY_MAX) as EventRow[]).map(eventOfRow),
    hashAt(seq) {
      const before = start();
      if (seq === before.seq) return before.hash;
      return (fileOf(seq)?.hash.get(seq) as string | undefined) ?? null;
    },
    publicKey() {
      const [row] = rows(1, 1);
      if (row?.seq !== 1) return naming()?.publicKey ?? '';
      try {
        return publicKeyOf(row.body);
      } catch {
        return '';
      }
    },
    checkpoints: () => files.flatMap((file) => file.checkpoints.all() as StoredCheckpoint[]),
    close() {
      for (const { database } of files) database.close();
    },
  };
}

interface Seq {
  readonly seq: number;
}

interface OpenFile {
  readonly database: Database.Database;
  readonly page: Database.Statement;
  readonly hash: Database.Statement;
  readonly several: Database.Statement;
  readonly typed: Database.Statement;
  readonly last: Database.Statement;
  readonly story: Database.Statement;
  readonly deletions: Database.Statement;
  readonly checkpoints: Database.Statement;
  first(): number;
}

function openFile(path: string, alone: boolean): OpenFile {
  if (!existsSync(path)) throw new Error(`${path}: there is no such file`);
  // SQLite locks for one alone only what it may write.
  const database = new Database(path, { readonly: !alone, fileMustExist: true });
  try {
    database.pragma('busy_timeout = 2000');
    if (alone) database.pragma('locking_mode = EXCLUSIVE');
    refuseNewer(database, path);
    const first = database.prepare('SELECT min(seq) FROM events').pluck();
    let begins: number | null = null;
    return {
      database,
      page: database.prepare(`SELECT ${COLUMNS} FROM events WHERE seq >= ? ORDER BY seq LIMIT ?`),
      hash: database.prepare('SELECT hash FROM events WHERE seq = ?').pluck(),
      // One question for a page: two hundred cost three times as much.
      several: database.prepare(
        'SELECT seq, hash, body FROM json_each(?) CROSS JOIN events ON seq = value',
      ),
      typed: database.prepare(
        `SELECT ${COLUMNS} FROM events WHERE seq > ? AND seq <= ?
         AND type IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?`,
      ),
      last: database.prepare('SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1'),
      story: database.prepare(
        `SELECT ${COLUMNS} FROM events WHERE command_id = ? ORDER BY seq LIMIT ?`,
      ),
      deletions: database.prepare(
        `SELECT ${COLUMNS} FROM events WHERE type = 'retention.deleted' ORDER BY seq`,
      ),
      checkpoints: database.prepare('SELECT seq, note FROM checkpoints ORDER BY seq'),
      first() {
        begins ??= first.get() as number | null;
        return begins ?? Number.MAX_SAFE_INTEGER;
      },
    };
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
    throw new FileInUseError(`${path} is in use`);
  }
}
