import type { LeaseTimes } from '../../shared/lease/lease';

/**
 * Who may act among gateways that share a bucket: the rules alone, without clock or network. The bucket
 * puts all changes into one order, and takes one only from who has seen all before it.
 *
 * No wall clocks are compared. A holder counts from when it *sent* the renewal that was taken; another
 * counts from when it first *saw* that renewal, which is later. The holder stops at 60 % of `lostAfterMs`,
 * the other takes the lease at 100 %: what lies between is for clocks that run unlike and for a last action
 * under way. A machine that slept in between may not know it; its token is old, and that is what stops it.
 */

/** A lease as the bucket has it. `token` only grows, also over a release; `beat` makes each renewal a change. */
export interface LeaseRecord {
  readonly holder: string | null;
  readonly token: number;
  readonly beat: number;
}

/**
 * A lease as it is written. A grant does not say its token: that is the number which the bucket gives the
 * change. One that counted on from what was seen could be given twice: a server that was cut off from the
 * others may show, under a number, what it took alone, and who writes after that number has not seen what the
 * others took under it (nats-server 2.9). Where the bucket has lost some of its changes, and gives their
 * numbers again, it is above all tokens that were seen.
 */
export interface Written {
  readonly holder: string | null;
  readonly token: number | null;
  readonly beat: number;
  readonly above?: number | undefined;
}

/** What is written, as it stands in the bucket. */
export function standing(
  { holder, token, beat, above = 0 }: Written,
  revision: number,
): LeaseRecord {
  return { holder, token: token ?? Math.max(revision, above + 1), beat };
}

/** As long as nobody has ever had it. */
export const UNWRITTEN: LeaseRecord = { holder: null, token: 0, beat: 0 };

/** What a node wants of a lease: `hold` it whenever nobody does; give it back; or look on. */
export type Want = 'look' | 'hold' | 'release';

/** One lease as one node knows it. Times are that node's own, ms, monotonic. */
export interface LeaseState {
  readonly want: Want;
  readonly record: LeaseRecord;
  /** Where the record stands in the bucket's order; 0 before the first. */
  readonly revision: number;
  /** When this revision was first seen here. */
  readonly seenAt: number;
  /** The greatest token that was ever seen here. */
  readonly most: number;
  /** What this node was granted last, and when it sent the change that proved it. */
  readonly own: { readonly token: number; readonly provenAt: number } | null;
  /** A change on its way, of unknown outcome yet. */
  readonly sent: { readonly record: Written; readonly at: number } | null;
}

export const UNKNOWN: LeaseState = {
  ...{ want: 'look', record: UNWRITTEN, revision: 0, seenAt: 0, most: 0 },
  ...{ own: null, sent: null },
};

export type LeaseDecision =
  | { readonly do: 'write'; readonly record: Written }
  /** What was wanted is done: it looks on. */
  | { readonly do: 'look' }
  /** Nothing is to do before `until`; null: before something is seen. */
  | { readonly do: 'wait'; readonly until: number | null };

const HOLDER_STOPS_AT = 0.6;

/** How long a holder acts on one renewal, ms. */
export function actsForMs({ lostAfterMs }: LeaseTimes): number {
  return lostAfterMs * HOLDER_STOPS_AT;
}

/** When what this node was granted lapses, if it is not renewed; null where it has nothing. */
export function lapsesAt(state: LeaseState, node: string, times: LeaseTimes): number | null {
  const { own, record, want } = state;
  const stands = own !== null && record.holder === node && record.token === own.token;
  return stands && want === 'hold' ? own.provenAt + actsForMs(times) : null;
}

/** From when on a lease is free, as far as this node has seen: its holder has shown no life for all its time. */
export function freeAt({ record, seenAt }: LeaseState, { lostAfterMs }: LeaseTimes): number {
  return record.holder === null ? Number.NEGATIVE_INFINITY : seenAt + lostAfterMs;
}

/** The token under which this node may act at `now`; null when it may not. */
export function actingToken(
  state: LeaseState,
  node: string,
  now: number,
  times: LeaseTimes,
): number | null {
  const until = lapsesAt(state, node, times);
  return until !== null && now < until ? state.record.token : null;
}

/** What a node does next about a lease. With a change on its way there is nothing to decide. */
export function decideLease(
  state: LeaseState,
  node: string,
  now: number,
  times: LeaseTimes,
): LeaseDecision {
  const { want, record, own } = state;
  if (state.sent !== null || want === 'look') return { do: 'wait', until: null };
  const mine = record.holder === node;
  const grant: LeaseDecision = {
    do: 'write',
    record: {
      ...{ holder: node, token: null, beat: 0 },
      ...(state.most > state.revision && { above: state.most }),
    },
  };
  switch (want) {
    case 'release':
      return mine && own?.token === record.token
        ? { do: 'write', record: { ...record, holder: null, beat: record.beat + 1 } }
        : { do: 'look' };
    case 'hold': {
      if (own !== null && actingToken(state, node, now, times) !== null) {
        const renewAt = own.provenAt + times.renewEveryMs;
        return now < renewAt
          ? { do: 'wait', until: renewAt }
          : { do: 'write', record: { ...record, beat: record.beat + 1 } };
      }
      // Its own, but lapsed, or from a former life: nobody acts under it. One that was granted over its own,
      // and not to it, has gone to another that runs under its name: the later one keeps it.
      if (mine && (own === null || own.token === record.token)) return grant;
      const free = freeAt(state, times);
      return now < free ? { do: 'wait', until: free } : grant;
    }
  }
}

/** Asks for something else. Every asking that is granted gets a token of its own; what is given back is one's own. */
export function wants(state: LeaseState, want: Want): LeaseState {
  return { ...state, want, own: want === 'release' ? state.own : null };
}

/** A revision was seen, in whatever order they come. */
export function seen(
  state: LeaseState,
  revision: number,
  record: LeaseRecord,
  now: number,
): LeaseState {
  if (revision <= state.revision) return state;
  return { ...state, revision, record, seenAt: now, most: Math.max(state.most, record.token) };
}

/**
 * The bucket has less than was seen of it: its servers lost some of it, as when they come back with old
 * data. What was known is taken for seen just now, whatever it has of it is news, and nothing is one's own.
 * No token that was seen is given again.
 */
export function goneBack(state: LeaseState, now: number): LeaseState {
  return { ...state, revision: 0, seenAt: now, own: null };
}

/** A change was sent. */
export function sent(state: LeaseState, record: Written, now: number): LeaseState {
  return { ...state, sent: { record, at: now } };
}

/** The bucket took the change. */
export function taken(state: LeaseState, revision: number, now: number): LeaseState {
  if (state.sent === null) return state;
  const { at } = state.sent;
  const record = standing(state.sent.record, revision);
  const next = seen({ ...state, sent: null }, revision, record, now);
  if (record.holder === null) return { ...next, own: null };
  // A renewal proves what was granted before, and nothing to who has asked anew since.
  if (record.beat > 0) return { ...next, own: state.own && { ...state.own, provenAt: at } };
  return { ...next, own: { token: record.token, provenAt: at } };
}

/** The change was refused, or its answer did not come: it may have been taken all the same, or be taken yet. */
export function failed(state: LeaseState): LeaseState {
  return { ...state, sent: null };
}
