import type { Fact } from '../facts';
import type { KeptSecret } from '../secrets';

/** What a command leads to. */
export interface Decided {
  readonly facts: readonly Fact[];
  /** Put away before the facts are recorded, which say that it is in use from then on. */
  readonly secret: KeptSecret | null;
}

/** What needs no secret. */
export const plain = (...facts: readonly Fact[]): Decided => ({ facts, secret: null });
