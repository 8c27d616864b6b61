import { chmodSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ArchiveError, archivesOf, closeYears, verifyArchives } from '../../node/audit/archives';
import { basePath, readBase } from '../../node/audit/base';
import { dropYear, finishDrop } from '../../node/audit/dropYear';
import { openSource } from '../../node/audit/source';
import { checkCheckpoint } from '../../node/checkpoint';
import { eventOfRow } from '../../node/eventRow';
import { type Collected, collectReport } from '../../node/reports/collect';
import { SqliteEventStore } from '../../node/sqliteEventStore';
import type { SealedEvent, Sha256 } from '../../shared/log/chain';
import { describeFault, verifyNext } from '../../shared/log/chain';
import type { LogEvent, LogPosition } from '../../shared/log/event';
import { EMPTY_LOG } from '../../shared/log/event';
import { foldOps } from '../../shared/ops/fold';
import type { OpsState } from '../../shared/ops/state';
import { INITIAL_OPS_STATE } from '../../shared/ops/state';
import type { Deletion } from '../../shared/retention/retention';
import type { Clock } from '../../shared/time';
import type { MirrorStatus, ReportRequest } from './messages';
import { copyBeforeMigrating, NewerMirrorError } from './schema';

const FOLD_PAGE = 1_000;
/** More histories than this in an hour are not for keeping: a disk must not fill with them. */
const SET_ASIDE_MAX = 5;
const SET_ASIDE_WINDOW_MS = 3_600_000;

export interface MirrorCoreDeps {
  readonly path: string;
  readonly sha256: Sha256;
  readonly clock: Clock;
  readonly onStatus: (status: MirrorStatus) => void;
  /** The gateway has signed a history that is not the one held here. */
  readonly onBadCheckpoint: (cause: string) => void;
}

/**
 * The verified replica of the log in one SQLite file. Every event is hashed afresh before it is
 * written. A file that does not hold is never repaired: it is set aside, kept, and a new one begun.
 */
export class MirrorCore {
  #store: SqliteEventStore | null = null;
  /** Up to where the events are in archives of closed years, and the key that the first of them names. */
  #archived: ReturnType<typeof verifyArchives> = { base: EMPTY_LOG, publicKey: '' };
  /** The newest signature that waits for the events it is over. */
  #unchecked: string | null = null;
  /** Verified and not yet on disk. */
  #pending: SealedEvent[] = [];
  #head: LogPosition = EMPTY_LOG;
  #ops: OpsState = INITIAL_OPS_STATE;
  #problem: string | null = null;
  #quarantinedTo: string | null = null;
  #broken = false;
  #newer = false;
  #setAsideAt: number[] = [];

  constructor(private readonly deps: MirrorCoreDeps) {}

  /** Opens and verifies the file from its first event; sets it aside when it does not hold. */
  async open(): Promise<{ head: LogPosition; ops: OpsState }> {
    const fault = this.#openStore();
    if (fault !== null) this.#setAside(fault);
    if (this.#store) {
      this.#head = this.#store.head();
      this.#ops = foldFiles([...archivesOf(this.deps.path), this.deps.path]);
    }
    this.#tell();
    return { head: this.#head, ops: this.#ops };
  }

  /**
   * Takes events in order and verifies them; {@link flush} writes them. A disk is synced once a
   * flush and not once a frame, so a replay is not held to the disk's own pace.
   *
   * @returns how many wait to be written.
   */
  take(events: readonly LogEvent[]): number {
    if (this.#broken) return this.#pending.length;
    for (const event of events) {
      if (event.seq <= this.#head.seq) continue;
      const next = verifyNext(event, this.#head, this.deps.sha256);
      if (!next.ok) {
        // The main process has verified it already: this mirror and that one do not agree.
        this.#broken = true;
        this.#problem = describeFault(next.fault);
        break;
      }
      this.#pending.push(next.sealed);
      this.#head = { seq: event.seq, hash: event.hash };
    }
    return this.#pending.length;
  }

  /** Writes what waits; to be called again until nothing does. */
  flush(): void {
    if (this.#pending.length > 0) {
      try {
        if (!this.#store) this.#reopen();
        const first = this.#pending[0] as SealedEvent;
        const batch = this.#pending;
        // The store's promise only wraps a synchronous transaction; its failure is read below.
        void this.#store?.append(batch, first.event.seq - 1).catch((error: Error) => {
          this.#problem = error.message;
        });
        const stored = this.#store?.head().seq ?? 0;
        this.#pending = batch.filter(({ event }) => event.seq > stored);
        if (this.#pending.length === 0) {
          this.#problem = this.#broken ? this.#problem : null;
        }
      } catch (error) {
        this.#problem = (error as Error).message;
      }
    }
    this.#keepCheckpoint();
    this.#tell();
  }

  /** Takes the gateway's signature over its log; {@link flush} checks and keeps it. */
  checkpoint(note: string): void {
    this.#unchecked = note;
  }

  #keepCheckpoint(): void {
    const store = this.#store;
    const note = this.#unchecked;
    if (!store || note === null || this.#broken || this.#pending.length > 0) return;
    // A checkpoint may run ahead of a replay: it is looked at once the events it is over are here.
    const seq = Number(note.split('\n')[1]);
    if (seq > store.head().seq) return;
    this.#unchecked = null;
    // What the archives hold was checked when it was the newest.
    if (seq < this.#archived.base.seq) return;
    const key = this.#archived.publicKey || store.publicKey();
    const found = checkCheckpoint(note, key, (at) => store.hashAt(at));
    if (!found.ok) {
      this.deps.onBadCheckpoint(found.cause);
      return;
    }
    try {
      store.putCheckpoint({ seq: found.seq, note });
    } catch {
      // The disk is full, as the status says already; the gateway signs again.
    }
  }

  hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** Events that are verified and that no disk has taken yet, oldest first. */
  held(): readonly LogEvent[] {
    return this.#pending.map(({ event }) => event);
  }

  /** Works a report out from what is on disk. @throws {CollectError} */
  async report(
    { wanted, policies }: ReportRequest,
    pause: () => Promise<void>,
    options: Parameters<typeof collectReport>[2],
  ): Promise<Collected> {
    if (!this.#store) throw new Error(this.#problem ?? 'the mirror is not open');
    const { sha256, path } = this.deps;
    // Years that are over are files of their own.
    const source = openSource([...archivesOf(path), path]);
    try {
      const read = async (fromSeq: number, limit: number) =>
        source.rows(fromSeq, limit).map(eventOfRow);
      const { seq, hash } = source.start();
      const state = source.before() ?? INITIAL_OPS_STATE;
      const start = { position: { seq, hash }, state };
      const deps = { read, start, head: source.head, sha256, policies, pause };
      return await collectReport(deps, wanted, options);
    } finally {
      source.close();
    }
  }

  /** Another history is on the wire: keeps this file under a name of its time and begins anew. */
  async quarantine(cause: string): Promise<{ head: LogPosition; ops: OpsState }> {
    // What a newer version wrote is not ours to set aside.
    if (this.#newer) return { head: EMPTY_LOG, ops: INITIAL_OPS_STATE };
    this.#pending = [];
    this.#unchecked = null;
    this.#head = EMPTY_LOG;
    this.#ops = INITIAL_OPS_STATE;
    this.#broken = false;
    this.#setAside(cause);
    this.#tell();
    return { head: this.#head, ops: this.#ops };
  }

  /**
   * Deletes the archive of a closed year whose deletion is on record here.
   *
   * @throws {ArchiveError} when it is not the piece of the chain that was named, or errors of the disk
   */
  drop(deletion: Deletion): void {
    this.flush();
    const { database } = this.#store ?? {};
    // A disk that takes nothing lacks what names the deletion: the record would seem broken after it.
    if (!database || this.#pending.length > 0) throw new Error('the disk takes nothing now');
    // Before they were moved its events were in this file, and its free pages may have them still.
    database.exec('VACUUM');
    database.pragma('wal_checkpoint(TRUNCATE)');
    dropYear(this.deps.path, deletion);
  }

  close(): void {
    this.#store?.close();
    this.#store = null;
  }

  /** Null when open and verified (or not to be opened now), else what does not hold. */
  #openStore(): string | null {
    try {
      mkdirSync(dirname(this.deps.path), { recursive: true });
      const { path, sha256, clock } = this.deps;
      copyBeforeMigrating(path, this.#stamp());
      finishDrop(path);
      const before = readBase(path);
      this.#archived = verifyArchives(archivesOf(path), sha256, before);
      if (closed(path, this.#archived.base, clock(), sha256)) {
        this.#archived = verifyArchives(archivesOf(path), sha256, before);
      }
      const store = new SqliteEventStore(path, sha256, this.#archived.base);
      this.#store = store;
      const found = store.verify();
      if (!found.ok) return describeFault(found.fault);
      if (before && namedKey(path) !== before.publicKey) {
        return `no deletion on record names what came before ${before.position.seq + 1}`;
      }
      this.#problem = null;
      return null;
    } catch (error) {
      this.#store?.close();
      this.#store = null;
      const { message, code } = error as Error & { code?: string };
      this.#problem = message;
      if (error instanceof NewerMirrorError) {
        this.#newer = true;
        this.#broken = true;
        return null;
      }
      const damaged =
        code === 'SQLITE_NOTADB' ||
        code?.startsWith('SQLITE_CORRUPT') ||
        error instanceof ArchiveError;
      return damaged ? `the file is damaged: ${message}` : null;
    }
  }

  #reopen(): void {
    const fault = this.#openStore();
    if (fault !== null) this.#setAside(fault);
    if (!this.#store) throw new Error(this.#problem ?? 'the mirror cannot be opened');
    const stored = this.#store.head().seq;
    const first = this.#pending[0]?.event.seq ?? 0;
    if (stored + 1 !== first) {
      this.#broken = true;
      throw new Error(`the file ends at ${stored}, the next event is ${first}`);
    }
  }

  #setAside(cause: string): void {
    const now = this.deps.clock();
    this.#setAsideAt = this.#setAsideAt.filter((at) => now - at < SET_ASIDE_WINDOW_MS);
    if (this.#setAsideAt.length >= SET_ASIDE_MAX) {
      this.#broken = true;
      this.#problem = `${cause}; ${SET_ASIDE_MAX} histories were set aside within the hour, so no more are begun`;
      return;
    }
    this.#setAsideAt.push(now);
    this.#store?.close();
    this.#store = null;
    const archives = archivesOf(this.deps.path);
    if (existsSync(this.deps.path) || archives.length > 0) {
      const kept = unusedName(join(dirname(this.deps.path), `audit-quarantine-${this.#stamp()}`));
      try {
        for (const suffix of ['', '-wal', '-shm']) {
          if (existsSync(this.deps.path + suffix))
            renameSync(this.deps.path + suffix, kept + suffix);
        }
        // A history is set aside whole.
        for (const archive of archives) {
          renameSync(archive, kept.replace(/\.db$/, `-${archive.slice(-7)}`));
        }
        const base = basePath(this.deps.path);
        if (existsSync(base)) renameSync(base, basePath(kept));
        this.#quarantinedTo = kept;
        if (existsSync(kept)) chmodSync(kept, 0o400);
      } catch (error) {
        this.#broken = true;
        this.#problem = `${cause}; it cannot be set aside: ${(error as Error).message}`;
        return;
      }
    }
    const again = this.#openStore();
    this.#problem = again ?? this.#problem ?? cause;
  }

  #stamp(): string {
    return new Date(this.deps.clock()).toISOString().replace(/[:.]/g, '-');
  }

  #tell(): void {
    const stored = this.#store?.head().seq ?? 0;
    const unsaved = this.#pending.length;
    const down = unsaved > 0 || !this.#store;
    this.deps.onStatus({
      state: this.#broken ? 'broken' : down ? 'unwritable' : this.#settledState(),
      seq: this.#head.seq,
      verifiedSeq: stored,
      unsaved,
      problem: this.#problem,
      quarantinedTo: this.#quarantinedTo,
    });
  }

  #settledState(): 'ok' | 'quarantined' {
    // It stays on the screen for the whole session: a history that forked is for people to look at.
    return this.#quarantinedTo === null ? 'ok' : 'quarantined';
  }
}

/** The key that the deletion of a log's first years names; null where none on record fits. */
function namedKey(path: string): string | null {
  const source = openSource([...archivesOf(path), path]);
  try {
    return source.deleted() && source.publicKey();
  } finally {
    source.close();
  }
}

/** Whether years that are over were moved. A disk without room for them leaves them where they are. */
function closed(path: string, base: LogPosition, now: number, sha256: Sha256): boolean {
  try {
    return closeYears(path, base, now, sha256) > 0;
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    return true;
  }
}

/** Nothing that was kept is ever written over. */
function unusedName(base: string): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? `${base}.db` : `${base}-${count}.db`;
    if (!existsSync(name)) return name;
  }
}

function foldFiles(paths: readonly string[]): OpsState {
  const source = openSource(paths);
  try {
    let ops = source.before() ?? INITIAL_OPS_STATE;
    for (;;) {
      const rows = source.rows(ops.seq + 1, FOLD_PAGE);
      for (const row of rows) ops = foldOps(ops, eventOfRow(row));
      if (rows.length < FOLD_PAGE) return ops;
    }
  } finally {
    source.close();
  }
}
