import type { KeyObject } from 'node:crypto';
import { rawPublicKey, signNote } from '../node/signedNote';
import type { SqliteEventStore } from '../node/sqliteEventStore';
import type { RandomBytes } from '../shared/ids';
import { uuidv7 } from '../shared/ids';
import type { SealedEvent, Sha256 } from '../shared/log/chain';
import { describeFault, seal } from '../shared/log/chain';
import { checkpointText } from '../shared/log/checkpoint';
import type { LogEvent, LogPosition } from '../shared/log/event';
import { foldOps } from '../shared/ops/fold';
import type { OpsState } from '../shared/ops/state';
import { INITIAL_OPS_STATE } from '../shared/ops/state';
import type { Clock } from '../shared/time';
import { draftOf, type Fact } from './facts';

/** The log of this folder does not verify; the gateway does not start on it. */
export class BrokenLogError extends Error {
  override readonly name = 'BrokenLogError';
  constructor(
    readonly seq: number,
    detail: string,
  ) {
    super(`the log does not verify at event ${seq}: ${detail}`);
  }
}

/** What came of a proposal: its events, or why there are none. */
export type Proposed =
  | { readonly ok: true; readonly events: readonly LogEvent[] }
  | { readonly ok: false; readonly error: unknown };

/** An event as those who asked for it remember it. */
export interface Recorded {
  readonly id?: string;
  readonly seq: number;
  readonly commandId: string | null;
}

export interface LogHealth {
  readonly unsavedEvents: number;
  readonly storeError: string | null;
}

export interface GatewayLog {
  /** The fold over every event recorded, unsaved ones included: what has happened has happened. */
  state(): OpsState;
  /** The last durable event. */
  savedHead(): LogPosition;
  health(): LogHealth;
  /**
   * Seals and folds the facts at once and tries to store them. Never throws for a store that
   * cannot write: the events then wait in memory and are tried again.
   */
  append(...facts: Fact[]): readonly LogEvent[];
  /**
   * Decides on the log as it stands and records what was decided, as what follows from nothing else.
   * Where others write to the log too it is decided anew when they were first; nobody hears of the
   * events, and no state has them, before they are durable.
   *
   * @param decide throws what refuses it.
   * @param settled hears once what came of it; within this call where the log is one's own.
   */
  propose(decide: () => readonly Fact[], settled: (outcome: Proposed) => void): void;
  /** Whether an event, or the first one of a command, is durable. */
  isSaved(of: Recorded): boolean;
  /** Resolves once all that was appended is durable, or could not be made so within some seconds. */
  settled(): Promise<void>;
  /** Each event once it is recorded, saved or not, in order. */
  onRecorded(listener: (event: LogEvent) => void): () => void;
  /** Called when events became durable, and when the store's health changes. */
  onSaved(listener: () => void): () => void;
  onHealth(listener: (health: LogHealth) => void): () => void;
  onCheckpoint(listener: (note: string) => void): () => void;
  lastCheckpoint(): string | null;
  /** Signs the present durable head. */
  checkpoint(): string | null;
  read(fromSeq: number, limit: number): Promise<readonly LogEvent[]>;
  hashAt(seq: number): string | null;
  stop(): Promise<void>;
}

/** A log that takes what is appended to it only where `holds`: now, and again after whatever others wrote before it. */
export function under(log: GatewayLog, holds: (state: OpsState) => boolean): GatewayLog {
  return {
    ...log,
    append(...facts) {
      if (!holds(log.state())) return [];
      const both = (fact: Fact): Fact => ({
        ...fact,
        holds: (state) => holds(state) && fact.holds?.(state) !== false,
      });
      return log.append(...facts.map(both));
    },
  };
}

export interface LogOptions {
  readonly store: SqliteEventStore;
  readonly sha256: Sha256;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly key: KeyObject;
  /** Name of the checkpoints' signer and their origin line. */
  readonly origin: string;
  readonly checkpointEvery: number;
  /** Sees every stored event once, with the state it led to, before anything else is recorded. */
  readonly onReplay?: (event: LogEvent, state: OpsState) => void;
  readonly retryMs?: number;
}

const PAGE = 1_000;

/** Verifies the stored log, folds it and takes further facts. @throws {BrokenLogError} */
export async function createLog(options: LogOptions): Promise<GatewayLog> {
  const { store, sha256, clock, random } = options;
  const verified = store.verify();
  if (!verified.ok) throw new BrokenLogError(verified.seq, describeFault(verified.fault));
  let state = INITIAL_OPS_STATE;
  for await (const events of pagesOf(store)) {
    for (const event of events) {
      state = foldOps(state, event);
      options.onReplay?.(event, state);
    }
  }

  let head = store.head();
  let unsaved: SealedEvent[] = [];
  let storeError: string | null = null;
  /** The last event that the store was given. */
  let givenTo = head.seq;
  let writing: Promise<void> = Promise.resolve();
  let retry: NodeJS.Timeout | null = null;
  let stopped = false;
  let checkpointed = store.lastCheckpoint();
  const recorded = new Set<(event: LogEvent) => void>();
  const saved = new Set<() => void>();
  const healthy = new Set<(health: LogHealth) => void>();
  const checkpoints = new Set<(note: string) => void>();
  const health = (): LogHealth => ({
    // The store's own head tells: what was written in this very turn is not waiting.
    unsavedEvents: unsaved.filter(({ event }) => event.seq > store.head().seq).length,
    storeError,
  });

  function append(...facts: Fact[]): readonly LogEvent[] {
    const sealed: SealedEvent[] = [];
    for (const fact of facts) {
      const ts = clock();
      const one = seal(draftOf(fact, state, { id: uuidv7(ts, random), ts }), head, sha256);
      head = { seq: one.event.seq, hash: one.event.hash };
      state = foldOps(state, one.event);
      sealed.push(one);
    }
    unsaved.push(...sealed);
    // SQLite writes within the call: on return the events are durable unless the store failed.
    flush();
    for (const { event } of sealed) for (const listener of recorded) listener(event);
    return sealed.map(({ event }) => event);
  }

  function flush(): void {
    const { seq } = store.head();
    const waiting = unsaved.filter(({ event }) => event.seq > seq);
    // One batch at a time; what the store took within the call that gave it is no longer under way.
    if (waiting.length === 0 || seq < givenTo) return;
    givenTo = (waiting.at(-1) as SealedEvent).event.seq;
    // The one before has been taken: its end comes before this one's.
    writing = write(waiting, seq);
  }

  async function write(batch: readonly SealedEvent[], after: number): Promise<void> {
    try {
      await store.append(batch, after);
    } catch (error) {
      givenTo = store.head().seq;
      storeError = error instanceof Error ? error.message : String(error);
      for (const listener of healthy) listener(health());
      if (!stopped) retry ??= setTimeout(tryAgain, options.retryMs ?? 1_000);
      return;
    }
    unsaved = unsaved.filter(({ event }) => event.seq > store.head().seq);
    const recovered = storeError !== null;
    storeError = null;
    for (const listener of saved) listener();
    if (recovered) for (const listener of healthy) listener(health());
    if (store.head().seq - (checkpointed?.seq ?? 0) >= options.checkpointEvery) checkpoint();
    flush();
  }

  function tryAgain(): void {
    retry = null;
    flush();
  }

  function checkpoint(): string | null {
    const position = store.head();
    if (position.seq === 0) return null;
    if (checkpointed?.seq === position.seq) return checkpointed.note;
    const note = signNote(checkpointText(options.origin, position), options.origin, options.key);
    try {
      store.putCheckpoint({ seq: position.seq, note });
    } catch {
      // The disk is full: the note holds all the same and the next one is tried again.
      return note;
    }
    checkpointed = { seq: position.seq, note };
    for (const listener of checkpoints) listener(note);
    return note;
  }

  return {
    state: () => state,
    savedHead: () => store.head(),
    health,
    append,
    propose(decide, settled) {
      let facts: readonly Fact[];
      try {
        facts = decide();
      } catch (error) {
        settled({ ok: false, error });
        return;
      }
      settled({ ok: true, events: append(...facts) });
    },
    isSaved: ({ seq }) => store.head().seq >= seq,
    settled: () => writing,
    onRecorded: (listener) => join(recorded, listener),
    onSaved: (listener) => join(saved, listener),
    onHealth: (listener) => join(healthy, listener),
    onCheckpoint: (listener) => join(checkpoints, listener),
    lastCheckpoint: () => checkpointed?.note ?? null,
    checkpoint,
    read: (fromSeq, limit) => store.read(fromSeq, limit),
    hashAt: (seq) => store.hashAt(seq),
    async stop() {
      stopped = true;
      if (retry) clearTimeout(retry);
      await writing;
      flush();
      await writing;
      checkpoint();
      store.close();
    },
  };
}

/** A store's events from the first one on, so many at a time. */
export async function* pagesOf(store: SqliteEventStore): AsyncGenerator<readonly LogEvent[]> {
  for (let from = 1; ; ) {
    const events = await store.read(from, PAGE);
    yield events;
    if (events.length < PAGE) return;
    from += events.length;
  }
}

/** Adds a listener. @returns the call that takes it away. */
export function join<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The base64 that `log.opened` and `welcome` carry. */
export function publicKeyText(key: KeyObject): string {
  return rawPublicKey(key).toString('base64');
}
