import { chmodSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkCheckpoint } from '../../node/checkpoint';
import { type Collected, collectReport } from '../../node/reports/collect';
import { SqliteEventStore } from '../../node/sqliteEventStore';
import type { AuditPage } from '../../shared/ipc/contract';
import type { SealedEvent, Sha256 } from '../../shared/log/chain';
import { describeFault, verifyNext } from '../../shared/log/chain';
import type { LogEvent, LogPosition } from '../../shared/log/event';
import { EMPTY_LOG } from '../../shared/log/event';
import { foldOps } from '../../shared/ops/fold';
import type { OpsState } from '../../shared/ops/state';
import { INITIAL_OPS_STATE } from '../../shared/ops/state';
import type { Clock } from '../../shared/time';
import type { MirrorStatus, PageRequest, ReportRequest } from './messages';
import { createPager, PAGING_INDEXES, type Pager } from './pager';

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
  #pager: Pager | null = null;
  /** The newest signature that waits for the events it is over. */
  #unchecked: string | null = null;
  /** Verified and not yet on disk. */
  #pending: SealedEvent[] = [];
  #head: LogPosition = EMPTY_LOG;
  #ops: OpsState = INITIAL_OPS_STATE;
  #problem: string | null = null;
  #quarantinedTo: string | null = null;
  #broken = false;
  #setAsideAt: number[] = [];

  constructor(private readonly deps: MirrorCoreDeps) {}

  /** Opens and verifies the file from its first event; sets it aside when it does not hold. */
  async open(): Promise<{ head: LogPosition; ops: OpsState }> {
    const fault = this.#openStore();
    if (fault !== null) this.#setAside(fault);
    if (this.#store) {
      this.#head = this.#store.head();
      this.#ops = await foldStore(this.#store);
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
          this.#pager?.added(batch.map(({ event }) => event));
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
    const found = checkCheckpoint(note, store.publicKey(), (at) => store.hashAt(at));
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

  page(query: PageRequest): AuditPage {
    const started = performance.now();
    const waiting = this.#pending.map(({ event }) => event);
    if (!this.#pager) this.#pager = createPager(null);
    const page = this.#pager.page(query, waiting);
    return { ...page, tookMs: performance.now() - started };
  }

  /** Works a report out from what is on disk. @throws {CollectError} */
  async report(
    { wanted, policies }: ReportRequest,
    pause: () => Promise<void>,
    options: Parameters<typeof collectReport>[2],
  ): Promise<Collected> {
    const store = this.#store;
    if (!store) throw new Error(this.#problem ?? 'the mirror is not open');
    const read = (fromSeq: number, limit: number) => store.read(fromSeq, limit);
    const { sha256 } = this.deps;
    const deps = { read, head: () => store.head(), sha256, policies, pause };
    return collectReport(deps, wanted, options);
  }

  /** Another history is on the wire: keeps this file under a name of its time and begins anew. */
  async quarantine(cause: string): Promise<{ head: LogPosition; ops: OpsState }> {
    this.#pending = [];
    this.#unchecked = null;
    this.#head = EMPTY_LOG;
    this.#ops = INITIAL_OPS_STATE;
    this.#broken = false;
    this.#setAside(cause);
    this.#tell();
    return { head: this.#head, ops: this.#ops };
  }

  close(): void {
    this.#store?.close();
    this.#store = null;
  }

  /** Null when open and verified (or not to be opened now), else what does not hold. */
  #openStore(): string | null {
    try {
      mkdirSync(dirname(this.deps.path), { recursive: true });
      const store = new SqliteEventStore(this.deps.path, this.deps.sha256);
      this.#store = store;
      const found = store.verify();
      if (!found.ok) return describeFault(found.fault);
      store.database.exec(PAGING_INDEXES);
      this.#pager = createPager(store.database);
      this.#problem = null;
      return null;
    } catch (error) {
      this.#store?.close();
      this.#store = null;
      const { message, code } = error as Error & { code?: string };
      this.#problem = message;
      const damaged = code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT');
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
    this.#pager = null;
    if (existsSync(this.deps.path)) {
      const stamp = new Date(this.deps.clock()).toISOString().replace(/[:.]/g, '-');
      const kept = unusedName(join(dirname(this.deps.path), `audit-quarantine-${stamp}`));
      try {
        for (const suffix of ['', '-wal', '-shm']) {
          if (existsSync(this.deps.path + suffix))
            renameSync(this.deps.path + suffix, kept + suffix);
        }
        this.#quarantinedTo = kept;
        chmodSync(kept, 0o400);
      } catch (error) {
        this.#broken = true;
        this.#problem = `${cause}; it cannot be set aside: ${(error as Error).message}`;
        return;
      }
    }
    const again = this.#openStore();
    this.#problem = again ?? this.#problem ?? cause;
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

/** Nothing that was kept is ever written over. */
function unusedName(base: string): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? `${base}.db` : `${base}-${count}.db`;
    if (!existsSync(name)) return name;
  }
}

async function foldStore(store: SqliteEventStore): Promise<OpsState> {
  let ops = INITIAL_OPS_STATE;
  for (;;) {
    const events = await store.read(ops.seq + 1, FOLD_PAGE);
    for (const event of events) ops = foldOps(ops, event);
    if (events.length < FOLD_PAGE) return ops;
  }
}
