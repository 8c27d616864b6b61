import type { StoredCheckpoint } from '../../node/sqliteEventStore';
import type { SealedEvent } from '../../shared/log/chain';
import type { Fact } from '../facts';
import type { Proposed } from '../log';
import { batchText } from './batch';

/** What somebody wants decided on the log as it stands. */
export interface Proposal {
  readonly decide: () => readonly Fact[];
  readonly settled: (outcome: Proposed) => void;
  /** Of the clock that never jumps, ms. */
  readonly askedAt: number;
}

/** What was published after a place, until the stream tells whether it is there. */
export interface Attempt {
  readonly after: number;
  readonly text: string;
  /** What the text says, as it was sealed here. */
  readonly sealed: readonly SealedEvent[];
  readonly note: StoredCheckpoint | null;
  readonly proposals: readonly { readonly proposal: Proposal; readonly ids: readonly string[] }[];
  /** It was once published without an answer: a later refusal does not say that it is not there. */
  doubtful: boolean;
  /** Its text is without its proposals, which another text for the same place may have brought there. */
  readonly expired?: boolean;
}

/**
 * What is to be at the place of a batch in doubt in its stead: an order of a while ago must not take
 * effect when the servers are back. The place takes one of the two.
 */
export function withoutProposals(attempt: Attempt): Attempt {
  const proposed = new Set(attempt.proposals.flatMap(({ ids }) => ids));
  const sealed = attempt.sealed.filter(({ event }) => !proposed.has(event.id));
  return { ...attempt, sealed, text: batchText(sealed, attempt.note), expired: true };
}
