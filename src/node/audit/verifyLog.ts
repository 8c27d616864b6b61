import { type ChainFault, describeFault, type Sha256 } from '../../shared/log/chain';
import type { LogPosition } from '../../shared/log/event';
import type { DeletedBefore } from '../../shared/retention/retention';
import { checkCheckpoint } from '../checkpoint';
import { rowFault } from '../eventRow';
import type { EventSource } from './source';

/** What can be wrong with a record, and where. */
export interface Damage {
  readonly kind: ChainFault['kind'] | 'checkpoint' | 'index' | 'file';
  /** The first sequence that does not hold; null where it is a file as a whole. */
  readonly seq: number | null;
  readonly detail: string;
}

/** What a verification found. */
export interface Findings {
  /** The first damage of each part that was looked at; empty when all holds. */
  readonly damage: readonly Damage[];
  readonly events: number;
  readonly first: number;
  /** The deletion on record that names what came before the first event; null where there is none. */
  readonly deleted: DeletedBefore | null;
  /** The last event that holds. */
  readonly head: LogPosition;
  /** Up to where the gateway's signature reaches; null without one. */
  readonly signedTo: number | null;
  /** Times that went back from one event to the next: the clock was set, the order is the log's. */
  readonly clock: {
    readonly regressions: number;
    readonly firstSeq: number | null;
    readonly worstMs: number;
  };
}

/** Said along the way: sequences looked at and to be looked at. */
export interface Progress {
  readonly done: number;
  readonly of: number;
}

/** Work in short steps; its driver says when to breathe and when to stop. */
export type Steps<Result> = Generator<Progress, Result, void>;

const PAGE = 2_000;

/**
 * Hashes every event afresh, from the first one held on, and checks every signature kept beside
 * them. Stops at the first event that does not hold.
 *
 * @param whole whether it is to begin with the first event, or where a deletion that is on record
 *   ended; what begins elsewhere is damaged. A period of a log is not whole.
 * @param publicKey the gateway's key where the first event is not held; empty when it is not known.
 */
export function* verifyLog(
  source: EventSource,
  sha256: Sha256,
  whole: boolean,
  publicKey = '',
): Steps<Findings> {
  const start = source.start();
  const last = source.head().seq;
  let head = start;
  let fault: ChainFault | null = null;
  let ts = 0;
  let regressions = 0;
  let firstSeq: number | null = null;
  let worstMs = 0;
  while (!fault) {
    const rows = source.rows(head.seq + 1, PAGE);
    for (const row of rows) {
      fault = rowFault(row, head, sha256);
      if (fault) break;
      if (row.ts < ts) {
        regressions += 1;
        firstSeq ??= row.seq;
        worstMs = Math.max(worstMs, ts - row.ts);
      }
      ts = row.ts;
      head = { seq: row.seq, hash: row.hash };
    }
    if (rows.length < PAGE) break;
    yield { done: head.seq - start.seq, of: last - start.seq };
  }
  const damage: Damage[] = [];
  const deleted = source.deleted();
  if (whole && start.seq > 0 && !deleted) {
    const detail = `the record begins with event ${start.seq + 1}, and no deletion on record names what came before`;
    damage.push({ kind: 'gap', seq: 1, detail });
  }
  if (fault) damage.push({ kind: fault.kind, seq: head.seq + 1, detail: describeFault(fault) });
  const signed = verifySignatures(source, source.publicKey() || publicKey, head);
  if (signed.damage) damage.push(signed.damage);
  return {
    ...{ damage, head, events: head.seq - start.seq, first: start.seq + 1, deleted },
    signedTo: signed.to,
    clock: { regressions, firstSeq, worstMs },
  };
}

/** Every signature kept, against the events that were found to hold. */
function verifySignatures(
  source: EventSource,
  key: string,
  head: LogPosition,
): { readonly to: number | null; readonly damage: Damage | null } {
  let to: number | null = null;
  for (const { seq, note } of source.checkpoints()) {
    const found = checkCheckpoint(note, key, (at) => (at <= head.seq ? source.hashAt(at) : null));
    if (!found.ok || found.seq !== seq) {
      const detail = found.ok
        ? `a signature over ${found.seq} is kept as one over ${seq}`
        : found.cause;
      return { to, damage: { kind: 'checkpoint', seq, detail } };
    }
    to = found.seq;
  }
  return { to, damage: null };
}

/** Runs to the end without a breath. */
export function runThrough<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Thrown by {@link runSteps} when the work was called off. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError';
  constructor() {
    super('called off');
  }
}

/** Runs with a breath between steps. @throws {AbortedError} */
export async function runSteps<Result>(
  steps: Steps<Result>,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    onProgress(step.value);
    await new Promise((breathed) => setImmediate(breathed));
    if (signal.aborted) {
      steps.return(undefined as never);
      throw new AbortedError();
    }
  }
}
