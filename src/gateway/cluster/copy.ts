import type { SqliteEventStore, StoredCheckpoint } from '../../node/sqliteEventStore';
import type { SealedEvent } from '../../shared/log/chain';
import type { LogEvent, LogPosition } from '../../shared/log/event';
import type { Clock } from '../../shared/time';
import { placeKeeper } from './place';

/** What comes within this goes to the disk at once: a commit costs more than the events in it. */
const WRITE_AFTER_MS = 5;
/** A slow disk has a fifth of the time: who writes also tells the engines. */
const PAUSES_PER_WRITE = 4;
/** More than this is not kept waiting. */
const WAITING_MAX = 512;
const TAKES_NOTHING = 'this gateway’s copy of the log takes nothing';

/**
 * This gateway's copy of the replicated log. The stream is what keeps the log, so the file is written a
 * moment behind: what a process that dies had not written comes again.
 */
export interface LogCopy {
  /** Where it ends, with what is not in the file yet. */
  head(): LogPosition;
  hashAt(seq: number): string | null;
  read(fromSeq: number, limit: number): Promise<readonly LogEvent[]>;
  /**
   * Takes events that follow its end, up to a place of the stream.
   *
   * @returns false when it took none of them, since the file takes none
   */
  add(events: readonly SealedEvent[], place: number): boolean;
  /** Why the file takes nothing; null while it does. */
  fault(): string | null;
  lastCheckpoint(): StoredCheckpoint | null;
  putCheckpoint(checkpoint: StoredCheckpoint): void;
  /** The place in the stream that was kept last; what comes twice is known by its hash. */
  place(): number;
  close(): void;
}

/** @param told hears when the file takes nothing, with the reason, and with null when it does again */
export function openCopy(
  store: SqliteEventStore,
  options: {
    readonly uptime: Clock;
    readonly retryMs: number;
    readonly told: (fault: string | null) => void;
  },
): LogCopy {
  // It may lose its end with the power, and has it again.
  store.database.pragma('synchronous = NORMAL');
  const places = placeKeeper(store, options.uptime);
  let waiting: SealedEvent[] = [];
  let upTo = places.read();
  let fault: string | null = null;
  let timer: NodeJS.Timeout | null = null;
  let pauseMs = WRITE_AFTER_MS;

  function write(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    const last = waiting.at(-1)?.event.seq;
    const began = options.uptime();
    // SQLite writes within the call: afterwards the store's own head tells whether it did.
    const writing = store.append(waiting, store.head().seq);
    if (last !== undefined && store.head().seq !== last) {
      fault ??= TAKES_NOTHING;
      writing.catch((error: Error) => tell(`${TAKES_NOTHING}: ${error.message}`));
      later(options.retryMs);
      return;
    }
    waiting = [];
    places.keep(upTo);
    pauseMs = Math.max(WRITE_AFTER_MS, PAUSES_PER_WRITE * (options.uptime() - began));
    tell(null);
  }

  function tell(now: string | null): void {
    if (now === fault) return;
    fault = now;
    options.told(now);
  }

  function later(ms: number): void {
    timer ??= setTimeout(write, ms);
  }

  return {
    head() {
      const last = waiting.at(-1)?.event;
      return last ? { seq: last.seq, hash: last.hash } : store.head();
    },
    hashAt(seq) {
      const [first] = waiting;
      if (!first || seq < first.event.seq) return store.hashAt(seq);
      return waiting[seq - first.event.seq]?.event.hash ?? null;
    },
    async read(fromSeq, limit) {
      // What is written while the file is read is in what waited then.
      const behind = waiting;
      const [first] = behind;
      const rows = first && fromSeq >= first.event.seq ? [] : await store.read(fromSeq, limit);
      const next = rows.at(-1)?.seq ?? fromSeq - 1;
      const rest = behind.filter(({ event }) => event.seq > next).slice(0, limit - rows.length);
      return [...rows, ...rest.map(({ event }) => event)];
    },
    add(events, place) {
      if (fault !== null && events.length > 0) {
        write();
        if (fault !== null) return false;
      }
      waiting.push(...events);
      upTo = place;
      if (waiting.length >= WAITING_MAX) write();
      else later(pauseMs);
      return true;
    },
    fault: () => fault,
    lastCheckpoint: () => store.lastCheckpoint(),
    putCheckpoint(checkpoint) {
      // A checkpoint in the file is of what the file has.
      write();
      if (fault === null) store.putCheckpoint(checkpoint);
    },
    place: () => places.read(),
    close() {
      write();
      if (timer) clearTimeout(timer);
      if (fault === null) places.keep(upTo, true);
      store.close();
    },
  };
}
