/**
 * Who may act as the desk's monitor. Many terminals may watch; one acts. The gateway hands out a
 * lease with a fencing token that only ever grows, so that a holder who was cut off and comes back
 * with an old token is refused (M. Kleppmann, "How to do distributed locking", 2016).
 */

/** A terminal by its id, or the gateway's own monitor, which stands in when no terminal holds it. */
export type LeaseHolder = string;
export const GATEWAY_HOLDER: LeaseHolder = 'gateway';

export interface Lease {
  readonly holder: LeaseHolder;
  /** 1, 2, 3 …; a grant to anyone, also to the same holder again, has a greater one. */
  readonly token: number;
  /** Gateway clock, ms; monotonic, since a wall clock that is set must not lengthen a lease. */
  readonly expiresAt: number;
}

export interface LeaseState {
  /** The last token ever granted; survives restarts by the log. */
  readonly lastToken: number;
  readonly current: Lease | null;
}

export interface LeaseTimes {
  readonly renewEveryMs: number;
  readonly lostAfterMs: number;
}

export const NO_LEASE: LeaseState = { lastToken: 0, current: null };

/** The lease that stands at `now`, if any. */
export function standing(state: LeaseState, now: number): Lease | null {
  return state.current && now < state.current.expiresAt ? state.current : null;
}

export interface LeaseAnswer {
  readonly state: LeaseState;
  readonly granted: Lease | null;
  /** True when the holder or the token changed: only that belongs in the log. */
  readonly changed: boolean;
}

/**
 * Asks for the lease, or renews it when `token` is the one that stands. A terminal takes it from the
 * gateway's stand-in at once, since people sit at the terminal; it never takes it from another.
 */
export function askLease(
  state: LeaseState,
  asker: LeaseHolder,
  token: number | null,
  now: number,
  times: LeaseTimes,
): LeaseAnswer {
  const current = standing(state, now);
  const expiresAt = now + times.lostAfterMs;
  if (current?.holder === asker && current.token === token) {
    const renewed = { ...current, expiresAt };
    return { state: { ...state, current: renewed }, granted: renewed, changed: false };
  }
  const free =
    current === null ||
    // The same terminal without its token has started anew: what its old self began is fenced off.
    current.holder === asker ||
    (current.holder === GATEWAY_HOLDER && asker !== GATEWAY_HOLDER);
  if (!free) return { state, granted: null, changed: false };
  const granted = { holder: asker, token: state.lastToken + 1, expiresAt };
  return { state: { lastToken: granted.token, current: granted }, granted, changed: true };
}

/** Gives the lease back, as a terminal does that quits; a token that does not stand changes nothing. */
export function releaseLease(state: LeaseState, token: number): LeaseState {
  return state.current?.token === token ? { ...state, current: null } : state;
}

/** Whether a command that carries `token` comes from the one who may act. */
export function mayAct(state: LeaseState, token: number, now: number): boolean {
  return standing(state, now)?.token === token;
}
