import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SealedEvent, Sha256 } from '../../shared/log/chain';
import { EMPTY_LOG, type LogPosition } from '../../shared/log/event';
import { yearOf } from '../../shared/retention/retention';
import { eventOfRow } from '../eventRow';
import { SqliteEventStore } from '../sqliteEventStore';
import { type LogBase, readBase } from './base';
import { openSource } from './source';
import { runThrough, verifyLog } from './verifyLog';

const BATCH = 2_000;

/** The archives of a log's closed years that lie beside it, the oldest first. */
export function archivesOf(path: string): readonly string[] {
  const folder = dirname(path);
  if (!existsSync(folder)) return [];
  const name = basename(path).replace(/\.db$/, '');
  return readdirSync(folder)
    .filter(
      (file) => file.startsWith(`${name}-`) && /^\d{4}\.db$/.test(file.slice(name.length + 1)),
    )
    .sort()
    .map((file) => join(folder, file));
}

/** The file of a log's closed year. */
export function archiveOf(path: string, year: number): string {
  return path.replace(/\.db$/, `-${year}.db`);
}

/**
 * What archives hold, hashed afresh: the place after their last event and the gateway's key.
 *
 * @param before what they go on from, where earlier years were deleted.
 * @throws when they do not hold
 */
export function verifyArchives(
  archives: readonly string[],
  sha256: Sha256,
  before: Pick<LogBase, 'position' | 'publicKey'> | null = null,
): { readonly base: LogPosition; readonly publicKey: string } {
  const start = before?.position ?? EMPTY_LOG;
  const key = before?.publicKey ?? '';
  if (archives.length === 0) return { base: start, publicKey: key };
  const source = openSource(archives);
  try {
    const { damage, head, first } = runThrough(verifyLog(source, sha256, false, key));
    if (damage[0]) throw new ArchiveError(damage[0].detail);
    if (first !== start.seq + 1 || source.start().hash !== start.hash) {
      throw new ArchiveError(`the archives begin with event ${first}`);
    }
    return { base: head, publicKey: source.publicKey() || key };
  } finally {
    source.close();
  }
}

/** Archives that do not hold. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

/**
 * Moves the years that are over into files of their own beside the log, read-only, one a year; the
 * chain goes on from one to the next. Nothing is taken from the log before its copy is on disk and was
 * verified there. A year ends, by Bogota's calendar, with the last event before the first one of a
 * later year, whatever the clock did meanwhile; until such a one is held, more of it may be to come,
 * as while a mirror catches up.
 *
 * @param base the place after the last event of the archives that are there, as {@link verifyArchives} found it.
 * @returns how many events were moved.
 */
export function closeYears(path: string, base: LogPosition, now: number, sha256: Sha256): number {
  if (!existsSync(path)) return 0;
  const thisYear = yearOf(now);
  const store = new SqliteEventStore(path, sha256, base);
  try {
    let moved = forgetArchived(store, base);
    let from = base;
    for (;;) {
      const year = firstYear(path, from.seq + 1);
      if (year === null || year >= thisYear || lastYear(path) <= year) break;
      const last = archiveYear(path, from, year, sha256);
      moved += last.seq - from.seq;
      forgetArchived(store, last);
      from = last;
    }
    return moved;
  } finally {
    store.close();
  }
}

function firstYear(path: string, seq: number): number | null {
  const source = openSource([path]);
  const [row] = source.rows(seq, 1);
  source.close();
  return row ? yearOf(row.ts) : null;
}

function lastYear(path: string): number {
  const source = openSource([path]);
  const [row] = source.rows(source.head().seq, 1);
  source.close();
  return row ? yearOf(row.ts) : 0;
}

/** Copies a year's events into its archive. @returns the place after the last of them */
function archiveYear(path: string, from: LogPosition, year: number, sha256: Sha256): LogPosition {
  const target = archiveOf(path, year);
  if (existsSync(target)) throw new ArchiveError(`${target} is there already`);
  const partial = `${target}.partial`;
  for (const suffix of ['', '-wal', '-shm']) rmSync(partial + suffix, { force: true });
  try {
    return writeArchive(path, partial, target, from, year, sha256);
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal'])
      rmSync(partial + suffix, { force: true });
  }
}

function writeArchive(
  path: string,
  partial: string,
  target: string,
  from: LogPosition,
  year: number,
  sha256: Sha256,
): LogPosition {
  const source = openSource([path]);
  const archive = new SqliteEventStore(partial, sha256, from);
  let last = from;
  try {
    for (let over = false; !over; ) {
      const rows = source.rows(last.seq + 1, BATCH);
      const end = rows.findIndex((row) => yearOf(row.ts) > year);
      const own = end < 0 ? rows : rows.slice(0, end);
      over = end >= 0 || rows.length < BATCH;
      archive.insert(own.map((row): SealedEvent => ({ event: eventOfRow(row), body: row.body })));
      const newest = own.at(-1);
      if (newest) last = { seq: newest.seq, hash: newest.hash };
    }
    for (const checkpoint of source.checkpoints()) {
      if (checkpoint.seq > from.seq && checkpoint.seq <= last.seq)
        archive.putCheckpoint(checkpoint);
    }
    // One file, with nothing beside it that could be forgotten when it is copied.
    archive.database.pragma('journal_mode = DELETE');
  } finally {
    archive.close();
    source.close();
  }
  const written = verifyArchives([...archivesOf(path), partial], sha256, readBase(path)).base;
  if (written.hash !== last.hash) throw new ArchiveError('the archive is not what was written');
  synced(partial);
  chmodSync(partial, 0o444);
  renameSync(partial, target);
  synced(dirname(target));
  return last;
}

/** Takes from the log what the archives hold. */
function forgetArchived(store: SqliteEventStore, base: LogPosition): number {
  if (base.seq === 0) return 0;
  const { database } = store;
  const own = database.prepare('SELECT hash FROM events WHERE seq = ?').pluck().get(base.seq);
  if (own !== undefined && own !== base.hash) {
    throw new ArchiveError(`event ${base.seq} is another in the archive`);
  }
  return database.transaction(() => {
    database.prepare('DELETE FROM checkpoints WHERE seq <= ?').run(base.seq);
    return database.prepare('DELETE FROM events WHERE seq <= ?').run(base.seq).changes;
  })();
}

/** Has what was written to a file, or the names in a folder, on the disk. */
export function synced(path: string): void {
  // Windows cannot open a folder; its rename is journalled.
  if (process.platform === 'win32') return;
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
