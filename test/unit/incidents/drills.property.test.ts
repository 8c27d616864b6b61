import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drill } from '../../../src/gateway/decide/drills';
import { Refusal } from '../../../src/gateway/decide/refusal';
import type { Fact } from '../../../src/gateway/facts';
import { drillResult, mayResume } from '../../../src/gateway/incidents/drills';
import { effectiveMode } from '../../../src/shared/ops/effectiveMode';
import type { OpsState } from '../../../src/shared/ops/state';
import { deskFact, engineFacts, incidentDesk, killFact } from '../../support/incidents';

const hub = { reported: () => null };
const rules = { timeoutMs: 60_000, resume: 'auto', schedule: [] } as const;
const request = { drill: 'd1', by: 'person', origin: 'console', ageMs: 5 } as const;

function ask(state: OpsState, engines: readonly string[] | null): Fact[] | string {
  try {
    return drill({ state, hub }, { ...rules, schedule: [] }, { ...request, engines });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.code;
  }
}

function desk(environments: readonly ('paper' | 'live')[], own: 'paper' | 'live' = 'paper') {
  const made = incidentDesk();
  made.append([deskFact(own), ...environments.flatMap((one, at) => engineFacts(`e${at}`, one))]);
  return made;
}

describe('a drill', () => {
  it('is its beginning and a kill of those engines, marked', () => {
    const facts = ask(desk(['paper', 'paper']).state(), ['e0']) as Fact[];
    expect(facts).toMatchObject([
      { type: 'drill.started', data: { drill: 'd1', engines: ['e0'], pressMs: 5 } },
      {
        type: 'kill.requested',
        data: { drill: true, scope: { kind: 'engines', engines: ['e0'] }, notifyTeam: false },
      },
    ]);
  });

  it.each<[string, OpsState, string[] | null, string]>([
    ['a live engine', desk(['paper', 'live']).state(), ['e1'], 'not_for_live'],
    ['a live engine among all', desk(['paper', 'live']).state(), null, 'not_for_live'],
    ['a live desk', desk(['paper'], 'live').state(), ['e0'], 'not_for_live'],
    ['an engine nobody knows', desk(['paper']).state(), ['e0', 'x'], 'unknown_engine'],
    ['no engine at all', desk([]).state(), null, 'unknown_engine'],
  ])('is refused for %s', (_, state, engines, code) => {
    expect(ask(state, engines)).toBe(code);
  });

  it('is refused while something is stopped', () => {
    const made = desk(['paper']);
    made.append([killFact()], 'ana', 'k1');
    expect(ask(made.state(), null)).toBe('wrong_stage');
  });
});

it('no drill, however it came into the log, changes a live engine or a live desk', () => {
  const environment = fc.constantFrom('paper' as const, 'live' as const);
  const names = fc.array(fc.constantFrom('e0', 'e1', 'e2', 'x'), { minLength: 1, maxLength: 4 });
  const scope = fc.oneof(
    fc.constant({ kind: 'all' as const }),
    names.map((engines) => ({ kind: 'engines' as const, engines })),
  );
  fc.assert(
    fc.property(
      fc.array(environment, { minLength: 3, maxLength: 3 }),
      environment,
      scope,
      (environments, own, of) => {
        const made = desk(environments, own);
        const before = made.state();
        const { data, ...fact } = killFact(true) as Extract<Fact, { type: 'kill.requested' }>;
        made.append([{ ...fact, data: { ...data, scope: of } }], 'ana', 'd1');
        const after = made.state();
        expect(after.desk).toEqual(before.desk);
        for (const [id, engine] of Object.entries(before.engines)) {
          if (engine.environment === 'paper' && own === 'paper') continue;
          expect(after.engines[id]).toEqual(engine);
          expect(effectiveMode(after, id)).toBe('normal');
          expect(after.chains[id]).toBeUndefined();
        }
        const touched = after.kills.flatMap(({ engines }) => engines);
        expect(touched.every((id) => after.engines[id]?.environment === 'paper')).toBe(true);
        // Nor is an engine halted by one that it left by becoming live.
        made.append(Object.keys(after.engines).flatMap((id) => engineFacts(id, 'live')));
        for (const id of Object.keys(after.engines)) {
          expect(effectiveMode(made.state(), id)).toBe('normal');
          expect(made.state().chains[id]).toBeUndefined();
        }
        expect(made.state().kills.every(({ resumedAt }) => resumedAt !== null)).toBe(true);
        // And what is decided is never anything else.
        const decided = ask(before, of.kind === 'all' ? null : of.engines);
        if (typeof decided !== 'string') {
          expect(own).toBe('paper');
          const asked = of.kind === 'all' ? ['e0', 'e1', 'e2'] : of.engines;
          expect(asked.every((id) => before.engines[id]?.environment === 'paper')).toBe(true);
        }
      },
    ),
  );
});

describe('how it ends', () => {
  const begun = () => {
    const made = desk(['paper']);
    made.append(ask(made.state(), null) as Fact[], 'ana', 'd1');
    return made;
  };
  const flat: Fact = { type: 'kill.flat', data: { engines: ['e0'] } };
  const one = (state: OpsState) => {
    const [found] = state.incidents.drills;
    if (!found) throw new Error('there is no drill');
    return found;
  };

  it('flat, with its times, and then the gateway may lift it', () => {
    const made = begun();
    expect(drillResult(made.state(), one(made.state()), made.now())).toBeNull();
    made.leap(20);
    made.append([{ type: 'kill.halted', data: { engines: ['e0'] } }], 'gateway', 'd1');
    made.leap(30);
    made.append([flat], 'gateway', 'd1');
    const result = drillResult(made.state(), one(made.state()), made.now());
    expect(result).toMatchObject({ outcome: 'flat', pressMs: 5, blockedMs: 20, flatMs: 50 });
    if (!result) throw new Error('it has not ended');
    made.append([{ type: 'drill.finished', data: { drill: 'd1', ...result } }], 'gateway', 'd1');
    expect(mayResume(made.state(), one(made.state()))).toBe(true);
    // Not once the engine says it is live, and not for a person's drill.
    const state = made.state();
    const engine = state.engines.e0;
    if (!engine) throw new Error('there is no engine');
    const live = { ...state, engines: { e0: { ...engine, environment: 'live' as const } } };
    expect(mayResume(live, one(state))).toBe(false);
    expect(mayResume(state, { ...one(state), resume: 'person' })).toBe(false);
  });

  it('a real kill takes it over, and is never lifted with it', () => {
    const made = begun();
    made.append([killFact()], 'ana', 'k1');
    made.append([flat], 'gateway', 'd1');
    const result = drillResult(made.state(), one(made.state()), made.now());
    expect(result).toMatchObject({ outcome: 'interrupted' });
    if (!result) throw new Error('it has not ended');
    const ended = { ...result, drill: 'd1', outcome: 'flat' as const };
    made.append([{ type: 'drill.finished', data: ended }], 'gateway', 'd1');
    expect(mayResume(made.state(), one(made.state()))).toBe(false);
    expect(made.incident()).toMatchObject({ cause: 'kill', correlations: ['k1'] });
  });

  it('a real kill holds also an engine that becomes live in between', () => {
    const made = begun();
    made.append([killFact()], 'ana', 'k1');
    made.append(engineFacts('e0', 'live'));
    expect(effectiveMode(made.state(), 'e0')).toBe('killed');
    expect(made.state().chains.e0).toBeDefined();
  });

  it('timed out, naming what is not flat', () => {
    const made = begun();
    made.leap(60_000);
    expect(drillResult(made.state(), one(made.state()), made.now())).toMatchObject({
      outcome: 'timed_out',
      detail: 'not flat: e0',
      blockedMs: null,
    });
  });
});
