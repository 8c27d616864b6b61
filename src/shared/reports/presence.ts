import type { Period } from '../incidents/kpis';
import type { LogEvent } from '../log/event';
import { byCodeUnits } from './group';

/** A stretch in which something was not there, cut to the period. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly cause: string;
}

export interface Presence {
  readonly kind: 'gateway' | 'engine' | 'terminal';
  readonly id: string;
  /** From when on it counts: the period's start, or when the log first heard of it. */
  readonly since: number;
  /** Until when: the period's end, or the last event where that is earlier. */
  readonly until: number;
  readonly gaps: readonly Gap[];
}

interface Track {
  readonly kind: Presence['kind'];
  readonly id: string;
  readonly firstAt: number;
  /** Since when it is not there; null while it is. */
  awaySince: number | null;
  cause: string;
  /** Sessions open now: one terminal may have several. */
  open: number;
  readonly gaps: Gap[];
}

/** Follows who is there through a log, from its first event on. */
export interface PresenceFold {
  take(event: LogEvent): void;
  /** What was there in a period, up to the last event taken. */
  over(period: Period): readonly Presence[];
}

/** Causes that the log does not say itself. */
export const SILENT_DEATH = 'gateway_died';

/**
 * A gateway that is stopped says so; one that died says nothing, so that it counts as away from its
 * last event on until it starts again. While it is away no engine and no terminal is there either:
 * nobody could have seen it.
 */
export function createPresence(): PresenceFold {
  const tracks = new Map<string, Track>();
  let lastAt = 0;
  let stoppedAt: number | null = null;

  function track(kind: Presence['kind'], id: string, at: number): Track {
    const key = `${kind}:${id}`;
    const known = tracks.get(key);
    if (known) return known;
    const next: Track = {
      ...{ kind, id, firstAt: at, awaySince: null, cause: '', open: 0, gaps: [] },
    };
    tracks.set(key, next);
    return next;
  }

  function left(one: Track, at: number, cause: string): void {
    one.open = 0;
    if (one.awaySince !== null) return;
    one.awaySince = at;
    one.cause = cause;
  }

  function back(one: Track, at: number): void {
    if (one.awaySince === null) return;
    if (at > one.awaySince) one.gaps.push({ from: one.awaySince, to: at, cause: one.cause });
    one.awaySince = null;
  }

  function allLeft(at: number, cause: string): void {
    for (const one of tracks.values()) left(one, at, cause);
  }

  function take({ type, ts, data }: LogEvent): void {
    const text = (name: string): string => (typeof data[name] === 'string' ? data[name] : '');
    // A clock that was set back measures no gap.
    const at = Math.max(ts, lastAt);
    switch (type) {
      case 'gateway.started':
        if (text('node')) {
          back(track('gateway', text('node'), at), at);
          break;
        }
        if (stoppedAt === null) allLeft(lastAt || at, SILENT_DEATH);
        stoppedAt = null;
        back(track('gateway', 'gateway', at), at);
        break;
      case 'gateway.lost':
        left(track('gateway', text('node'), at), at, 'gateway_died');
        break;
      case 'gateway.stopped':
        if (text('node')) {
          left(track('gateway', text('node'), at), at, 'gateway_stopped');
          break;
        }
        stoppedAt = at;
        track('gateway', 'gateway', at);
        allLeft(at, 'gateway_stopped');
        break;
      case 'engine.connected':
        back(track('engine', text('engine'), at), at);
        break;
      case 'engine.lost':
        left(track('engine', text('engine'), at), at, text('cause'));
        break;
      case 'session.opened': {
        const one = track('terminal', text('terminal'), at);
        back(one, at);
        one.open += 1;
        break;
      }
      case 'session.closed': {
        const one = track('terminal', text('terminal'), at);
        one.open -= 1;
        if (one.open <= 0) left(one, at, text('cause'));
        break;
      }
      default:
    }
    lastAt = at;
  }

  return {
    take,
    over({ from, to }) {
      const until = Math.min(to, lastAt);
      return [...tracks.values()]
        .filter(({ firstAt }) => firstAt < until)
        .map(({ kind, id, firstAt, awaySince, cause, gaps }) => {
          const since = Math.max(from, firstAt);
          const open = awaySince === null ? [] : [{ from: awaySince, to: until, cause }];
          return { kind, id, since, until, gaps: [...gaps, ...open].flatMap(cut(since, until)) };
        })
        .sort((a, b) => byCodeUnits(order(a), order(b)));
    },
  };
}

const RANK = { gateway: '0', engine: '1', terminal: '2' } as const;
const order = ({ kind, id }: Presence): string => `${RANK[kind]}${id}`;

const cut =
  (since: number, until: number) =>
  ({ from, to, cause }: Gap): Gap[] => {
    const gap = { from: Math.max(from, since), to: Math.min(to, until), cause };
    return gap.to > gap.from ? [gap] : [];
  };

/** Ms away. Gaps of one thing do not overlap. */
export function awayMs({ gaps }: Presence): number {
  return gaps.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** Share of the time that it was there; null where there was no time. */
export function upShare(presence: Presence): number | null {
  const over = presence.until - presence.since;
  return over > 0 ? 1 - awayMs(presence) / over : null;
}
