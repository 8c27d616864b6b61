import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/node/sha256';
import { seal } from '../../../src/shared/log/chain';
import { EMPTY_LOG, type EventDraft, type LogEvent } from '../../../src/shared/log/event';
import { effectiveMode } from '../../../src/shared/ops/effectiveMode';
import { foldOps } from '../../../src/shared/ops/fold';
import { INITIAL_OPS_STATE, type OpsState } from '../../../src/shared/ops/state';

const ENGINES = ['e1', 'e2', 'e3'];
const engine = fc.constantFrom(...ENGINES);
const scope = fc.oneof(
  fc.constant({ kind: 'all' as const }),
  fc
    .uniqueArray(engine, { minLength: 1 })
    .map((engines) => ({ kind: 'engines' as const, engines })),
);
/** One of several gateways under a token of its lease, one of an older version without it, or the only one. */
const owner = fc.oneof(
  fc.record({ node: fc.constantFrom('norte', 'sur'), lease: fc.integer({ min: 1, max: 5 }) }),
  fc.constant({ node: 'norte' }),
  fc.constant({}),
);
const command = fc.constantFrom('c1', 'c2', 'c3', null);
const order = { kind: 'order', id: 'o1', outcome: 'done' };

/** Any event the log may hold, also such as this version does not know or cannot read. */
const draft: fc.Arbitrary<{ type: string; data: object }> = fc.oneof(
  engine.map((id) => ({
    type: 'engine.registered',
    data: {
      ...{ engine: id, name: id, kind: 'fake', environment: 'paper', software: 'x' },
      instruments: [],
    },
  })),
  fc.tuple(engine, owner).map(([id, own]) => ({
    type: 'engine.connected',
    data: {
      ...{ engine: id, session: 's', reportedMode: 'normal', appliedMode: 'normal' },
      ...{ selfPausedAt: null, clockOffsetMs: 0, ...own },
    },
  })),
  owner.map((own) => ({
    type: 'gateway.started',
    data: { version: '1', runtime: 'x', environment: 'paper', ...own },
  })),
  engine.map((id) => ({
    type: 'engine.lost',
    data: { engine: id, cause: 'silent', lastHeardAt: 1 },
  })),
  scope.map((of) => ({
    type: 'kill.requested',
    data: {
      ...{ scope: of, closePositions: true, notifyTeam: true, origin: 'panel' },
      ...{ targets: [], ageMs: 1 },
    },
  })),
  fc.tuple(engine, fc.constantFrom('block', 'cancel', 'flatten')).map(([id, step]) => ({
    type: 'kill.step_settled',
    data: { engine: id, step, round: 1, opId: 'x', items: [order] },
  })),
  engine.map((id) => ({
    type: 'kill.read_back',
    data: {
      ...{ engine: id, round: 1, asOf: 1, positions: [], workingOrders: [] },
      ...{ telemetrySeq: 0, sweepAgain: false },
    },
  })),
  scope.map((of) => ({ type: 'ops.paused', data: { scope: of, origin: 'panel' } })),
  scope.map((of) => ({
    type: 'ops.resumed',
    data: { scope: of, to: 'normal', approvedBy: ['ana'], stoppedBecause: null, flat: false },
  })),
  fc.constant({ type: 'later.version', data: { anything: true } }),
  fc.constant({ type: 'kill.requested', data: { scope: 'nonsense' } }),
);

const history = fc.array(fc.tuple(draft, command), { maxLength: 40 }).map((drafts) => {
  let place = EMPTY_LOG;
  return drafts.map(([{ type, data }, commandId], index): LogEvent => {
    const whole = {
      ...{ id: `i${index}`, ts: index + 1, type, commandId, reason: 'x', data },
      actor: { id: 'ana', role: 'trader', terminal: null },
    } as EventDraft;
    const { event } = seal(whole, place, sha256);
    place = event;
    return event;
  });
});

const fold = (state: OpsState, events: readonly LogEvent[]): OpsState =>
  events.reduce(foldOps, state);

describe('the fold of the log', () => {
  it('is the same in one go, in parts, and with what was folded before sent again', () => {
    fc.assert(
      fc.property(history, fc.nat(40), fc.nat(40), (events, cut, back) => {
        const whole = fold(INITIAL_OPS_STATE, events);
        const first = fold(INITIAL_OPS_STATE, events.slice(0, cut));
        const again = events.slice(Math.max(0, cut - back));
        expect(fold(first, again)).toEqual(whole);
      }),
    );
  });

  it('leaves a state it was given as it was', () => {
    fc.assert(
      fc.property(history, (events) => {
        let state = INITIAL_OPS_STATE;
        for (const event of events) {
          const before = structuredClone(state);
          const next = foldOps(state, event);
          expect(state).toEqual(before);
          state = next;
        }
      }),
    );
  });

  it('knows the greatest token of each of several gateways', () => {
    fc.assert(
      fc.property(history, (events) => {
        const greatest: Record<string, number> = {};
        for (const { data } of events) {
          if (typeof data.node !== 'string' || typeof data.lease !== 'number') continue;
          greatest[data.node] = Math.max(data.lease, greatest[data.node] ?? 0);
        }
        expect(fold(INITIAL_OPS_STATE, events).leases).toEqual(greatest);
      }),
    );
  });

  it('keeps an engine killed from the kill that covers it to the resume that does', () => {
    fc.assert(
      fc.property(history, (events) => {
        const killed = new Set<string>();
        let all = false;
        let state = INITIAL_OPS_STATE;
        for (const event of events) {
          state = foldOps(state, event);
          const of = event.data.scope as { kind: string; engines?: string[] } | string;
          if (typeof of !== 'object') continue;
          if (event.type === 'kill.requested') {
            if (of.kind === 'all') all = true;
            else for (const id of of.engines ?? []) killed.add(id);
          }
          if (event.type === 'ops.resumed') {
            if (of.kind === 'all') {
              all = false;
              killed.clear();
            } else for (const id of of.engines ?? []) killed.delete(id);
          }
          for (const id of Object.keys(state.engines)) {
            if (all || killed.has(id)) expect(effectiveMode(state, id)).toBe('killed');
          }
        }
      }),
    );
  });
});
