import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  askLease,
  GATEWAY_HOLDER,
  type LeaseState,
  mayAct,
  NO_LEASE,
  releaseLease,
  standing,
} from '../../../src/shared/lease/lease';

const TIMES = { renewEveryMs: 5_000, lostAfterMs: 15_000 };

describe('the monitor’s lease', () => {
  it('goes to the first who asks and stays there while it is renewed', () => {
    const first = askLease(NO_LEASE, 'a', null, 0, TIMES);
    expect(first.granted).toEqual({ holder: 'a', token: 1, expiresAt: 15_000 });
    const other = askLease(first.state, 'b', null, 14_999, TIMES);
    expect(other.granted).toBeNull();
    const renewed = askLease(first.state, 'a', 1, 14_999, TIMES);
    expect(renewed).toMatchObject({ granted: { token: 1, expiresAt: 29_999 }, changed: false });
  });

  it('passes on once it ran out, and the old token acts no more', () => {
    const first = askLease(NO_LEASE, 'a', null, 0, TIMES);
    const second = askLease(first.state, 'b', null, 15_000, TIMES);
    expect(second.granted).toMatchObject({ holder: 'b', token: 2 });
    expect(mayAct(second.state, 1, 15_001)).toBe(false);
    expect(mayAct(second.state, 2, 15_001)).toBe(true);
    expect(askLease(second.state, 'a', 1, 15_002, TIMES).granted).toBeNull();
  });

  it('is taken by a terminal from the gateway’s stand-in, never the other way round', () => {
    const stand = askLease(NO_LEASE, GATEWAY_HOLDER, null, 0, TIMES);
    const terminal = askLease(stand.state, 'a', null, 1, TIMES);
    expect(terminal.granted).toMatchObject({ holder: 'a', token: 2 });
    expect(askLease(terminal.state, GATEWAY_HOLDER, 1, 2, TIMES).granted).toBeNull();
  });

  it('is fenced off from what the same terminal began before it restarted', () => {
    const before = askLease(NO_LEASE, 'a', null, 0, TIMES);
    const after = askLease(before.state, 'a', null, 10, TIMES);
    expect(after.granted).toMatchObject({ token: 2 });
    expect(mayAct(after.state, 1, 11)).toBe(false);
  });

  it('given back is free at once', () => {
    const held = askLease(NO_LEASE, 'a', null, 0, TIMES);
    expect(releaseLease(held.state, 7)).toBe(held.state);
    const free = releaseLease(held.state, 1);
    expect(standing(free, 1)).toBeNull();
    expect(askLease(free, 'b', null, 1, TIMES).granted).toMatchObject({ token: 2 });
  });

  it('never lets two act at one instant, and tokens only grow, whoever asks when', () => {
    const step = fc.record({
      who: fc.constantFrom('a', 'b', 'c', GATEWAY_HOLDER),
      does: fc.constantFrom('ask', 'renew', 'release'),
      after: fc.integer({ min: 0, max: 20_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tokens = new Map<string, number>();
        let state: LeaseState = NO_LEASE;
        let now = 0;
        for (const { who, does, after } of steps) {
          now += after;
          const before = state.lastToken;
          const token = tokens.get(who) ?? null;
          if (does === 'release') state = token === null ? state : releaseLease(state, token);
          else {
            const answer = askLease(state, who, does === 'renew' ? token : null, now, TIMES);
            state = answer.state;
            if (answer.granted) tokens.set(who, answer.granted.token);
          }
          expect(state.lastToken).toBeGreaterThanOrEqual(before);
          const acting = [...tokens].filter(([, held]) => mayAct(state, held, now));
          expect(acting.length).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
