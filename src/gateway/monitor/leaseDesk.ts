import {
  askLease,
  type LeaseState,
  type LeaseTimes,
  mayAct,
  releaseLease,
  standing,
} from '../../shared/lease/lease';
import type { Clock } from '../../shared/time';
import type { GatewayLog } from '../log';

/** The lease as its asker is told of it. */
export interface LeaseView {
  readonly holder: string | null;
  /** Given to the holder alone. */
  readonly token: number | null;
  readonly expiresInMs: number;
}

/** Hands out the right to act as the desk's monitor. */
export interface LeaseDesk {
  ask(holder: string, token: number | null): LeaseView;
  release(token: number): void;
  view(): LeaseView;
  mayAct(holder: string, token: number): boolean;
}

const NO_LEASE: LeaseView = { holder: null, token: null, expiresInMs: 0 };

/**
 * @param uptime milliseconds that never jump: a wall clock that is set lengthens no lease.
 * @param lastToken the last one ever given, so that one from before a restart is an old one.
 */
export function createLeaseDesk(
  log: GatewayLog,
  times: () => LeaseTimes,
  uptime: Clock,
  lastToken: number,
): LeaseDesk {
  let state: LeaseState = { lastToken, current: null };

  function view(): LeaseView {
    const current = standing(state, uptime());
    if (!current) return NO_LEASE;
    return { holder: current.holder, token: null, expiresInMs: current.expiresAt - uptime() };
  }

  return {
    ask(holder, token) {
      const answer = askLease(state, holder, token, uptime(), times());
      state = answer.state;
      if (answer.granted && answer.changed) {
        const data = { holder, token: answer.granted.token };
        log.append({ type: 'monitor.lease_changed', data });
      }
      return { ...view(), token: answer.granted?.token ?? null };
    },
    release(token) {
      const next = releaseLease(state, token);
      if (next === state) return;
      state = next;
      log.append({
        type: 'monitor.lease_changed',
        data: { holder: null, token: state.lastToken },
      });
    },
    view,
    mayAct: (holder, token) =>
      mayAct(state, token, uptime()) && standing(state, uptime())?.holder === holder,
  };
}

/** The monitor's lease as this gateway gives it: to nobody while another acts. */
export function leaseInTurn(desk: () => LeaseDesk | undefined): LeaseDesk {
  return {
    ask: (holder, token) => desk()?.ask(holder, token) ?? NO_LEASE,
    release: (token) => desk()?.release(token),
    view: () => desk()?.view() ?? NO_LEASE,
    mayAct: (holder, token) => desk()?.mayAct(holder, token) === true,
  };
}
