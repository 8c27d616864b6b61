/** How wrong tokens are met. All times in ms. */
export interface AttemptLimits {
  /** Wrong tokens of one address within `windowMs` after which each further one waits. */
  readonly free: number;
  readonly windowMs: number;
  readonly delayMs: number;
  /** Attempts of one address that may wait at once; what is beyond is turned away unread. */
  readonly waitingMax: number;
}

/** What to do with a token that was never found good. */
export type Treatment =
  | { readonly kind: 'check'; readonly afterMs: number }
  | { readonly kind: 'refuse' };

/** Addresses remembered; the one longest quiet is forgotten first. */
const ADDRESSES_MAX = 1_000;

interface AddressRecord {
  failures: number[];
  waiting: number;
}

/**
 * Slows down who guesses tokens. A token that was good before never comes here: nobody can keep a
 * desk from its kill switch by guessing from the same address.
 */
export class Attempts {
  readonly #addresses = new Map<string, AddressRecord>();

  /** @param now monotonic or wall clock, ms. */
  begin(address: string, now: number, limits: AttemptLimits): Treatment {
    const one = this.#of(address);
    one.failures = one.failures.filter((at) => at > now - limits.windowMs);
    if (one.failures.length + one.waiting < limits.free) {
      one.waiting += 1;
      return { kind: 'check', afterMs: 0 };
    }
    if (one.waiting >= limits.waitingMax) return { kind: 'refuse' };
    one.waiting += 1;
    return { kind: 'check', afterMs: limits.delayMs };
  }

  end(address: string, now: number, good: boolean): void {
    const one = this.#of(address);
    one.waiting = Math.max(0, one.waiting - 1);
    if (!good) one.failures.push(now);
  }

  #of(address: string): AddressRecord {
    const known = this.#addresses.get(address) ?? { failures: [], waiting: 0 };
    this.#addresses.delete(address);
    this.#addresses.set(address, known);
    if (this.#addresses.size > ADDRESSES_MAX) {
      const idle = [...this.#addresses].find(([, { waiting }]) => waiting === 0)?.[0];
      if (idle !== undefined) this.#addresses.delete(idle);
    }
    return known;
  }
}
