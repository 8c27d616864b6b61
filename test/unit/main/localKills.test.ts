import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  Gateways,
  KillCommand,
  KillEvent,
  LocalKills,
  TrackedKill,
} from '../../../src/main/kill/localKills';
import {
  DONE_SHOWN_MS,
  foldKills,
  killActions,
  killsView,
  lackedBy,
  latched,
} from '../../../src/main/kill/localKills';
import '../../support/properties';

const TIMES = { alarmAfterMs: 1_000, retryEveryMs: 1_000 };
const id = '0192f0c8-0000-7000-8000-000000000001';
const command: KillCommand = {
  ...{ type: 'command', id, name: 'kill', issuedAt: 0 },
  params: {
    ...{ scope: { kind: 'all' }, reason: 'x', closePositions: true, notifyTeam: true },
    origin: 'panel',
  },
};
const run = (...events: KillEvent[]): LocalKills =>
  events.reduce<LocalKills>((kills, event) => foldKills(kills, event, TIMES), []);
const only = (kills: LocalKills): TrackedKill => kills[0] as TrackedKill;
const fired: KillEvent = { type: 'fired', command };
const sent: KillEvent = { type: 'sent', id, by: 'control', at: 0 };
const A = 'ws://a';
const B = 'ws://b';
const C = 'ws://c';
const desk = (live: string | null, strangers: string[] = []): Gateways => {
  return { live, addresses: [A, B, C], strangers };
};
const types = (kill: TrackedKill, at: number, live: boolean): string[] =>
  killActions(kill, at, desk(live ? A : null), TIMES).map((action) => action.type);
const tick = (at: number): KillEvent => ({ type: 'tick', at, gateways: desk(A) });
const view = (kills: LocalKills) => killsView(kills, desk(A));

it('goes by the socket when live, then to the other gateways, and by HTTP when not', () => {
  expect(types(only(run(fired)), 0, true)).toEqual(['control.send', 'others.send']);
  expect(types(only(run(fired)), 0, false)).toEqual(['http.post']);
});

it('asks before it sends again, and sends again only what is not known', () => {
  expect(types(only(run(fired, sent)), 500, true)).toEqual([]);
  expect(types(only(run(fired, sent)), 1_000, true)).toEqual([
    ...['control.query', 'others.send', 'http.post'],
  ]);
  const missing = run(fired, sent, {
    ...{ type: 'answer', address: A, at: 1, answer: { type: 'answer', id, stage: 'unknown' } },
  });
  expect(types(only(missing), 1, true)).toContain('control.send');
});

it('alarms when late, keeps trying when silenced, and is latched until acknowledged', () => {
  const late = run(fired, sent, tick(1_000));
  expect(view(late)[0]?.alarm).toBe(true);
  const silenced = foldKills(late, { type: 'silenced', id }, TIMES);
  expect(view(silenced)[0]?.alarm).toBe(false);
  expect(types(only(silenced), 2_000, false)).toEqual(['http.post']);
  expect(latched(silenced)).toHaveLength(1);
  const accepted = foldKills(
    silenced,
    { type: 'http.accepted', id, address: A, at: 2, unsaved: false },
    TIMES,
  );
  expect(latched(accepted)).toHaveLength(0);
  expect(foldKills(accepted, { type: 'abandoned', id }, TIMES)).toHaveLength(1);
  expect(foldKills(silenced, { type: 'abandoned', id }, TIMES)).toHaveLength(0);
});

it('is neither kept waiting nor kept quiet by a clock that was put back', () => {
  const hour = 3_600_000;
  const ahead = { ...command, issuedAt: hour };
  const early = run({ type: 'fired', command: ahead }, { ...sent, at: hour } as KillEvent);
  expect(types(only(early), 10, true)).toEqual([...['control.query', 'others.send', 'http.post']]);
  const ticked = foldKills(early, tick(10), TIMES);
  expect(view(ticked)[0]?.alarm).toBe(true);
});

it('is acknowledged by the first gateway; what another says later, or cannot do, changes nothing', () => {
  const accepted: KillEvent = {
    ...{ type: 'answer', address: A, at: 5 },
    answer: { type: 'answer', id, stage: 'accepted', seq: 9, unsaved: false },
  };
  const first = run(fired, sent, { type: 'error', id, message: 'b: refused' }, accepted);
  const [shown] = view(first);
  expect(shown).toMatchObject({ stage: 'accepted', acknowledgedAt: 5, lastError: null });
  const later: KillEvent[] = [
    { type: 'http.accepted', id, address: B, at: 9, unsaved: true },
    { type: 'error', id, message: 'c: HTTP 500' },
    {
      ...{ type: 'answer', address: B, at: 10 },
      answer: { type: 'answer', id, stage: 'rejected', code: 'unavailable', message: 'x' },
    },
  ];
  for (const event of later) {
    expect(view(foldKills(first, event, TIMES))).toEqual([
      { ...shown, lackedBy: event.type === 'http.accepted' ? [C] : [B, C] },
    ]);
  }
});

it('is shown for as long as no log has it, also when it was carried out long ago', () => {
  const answered = (answer: object): KillEvent =>
    ({ type: 'answer', address: A, at: 5, answer: { type: 'answer', id, ...answer } }) as KillEvent;
  const done = run(
    ...[fired, sent, answered({ stage: 'accepted', seq: 9, unsaved: true })],
    answered({ stage: 'done', summary: 'flat' }),
  );
  const later = tick(10 * DONE_SHOWN_MS);
  const [shown] = view(foldKills(done, later, TIMES));
  expect(shown).toMatchObject({ stage: 'done', unsaved: true });
  const logged = foldKills(done, { type: 'logged', id, address: A, at: 6 }, TIMES);
  expect(view(logged)[0]).toMatchObject({ unsaved: false });
  // Nor while another gateway lacks it.
  expect(view(foldKills(logged, later, TIMES))[0]?.lackedBy).toEqual([B, C]);
  const everywhere = [B, C].reduce<LocalKills>(
    (kills, address) =>
      foldKills(kills, { type: 'http.accepted', id, address, at: 7, unsaved: false }, TIMES),
    logged,
  );
  expect(foldKills(everywhere, later, TIMES)).toEqual([]);
});

/** A desk of three gateways that can be out of reach, hear and stay mute, or forget; and a kill of this terminal. */
class World {
  kills: LocalKills = run(fired);
  now = 0;
  live: string | null = A;
  strangers: string[] = [];
  readonly state = new Map<string, 'up' | 'gone' | 'mute'>([A, B, C].map((one) => [one, 'up']));
  readonly has = new Set<string>();
  /** When each was given it last, by which way. */
  readonly given = new Map<string, number>();
  lifted = false;
  /** It was taken and lifted before what is done now was decided. */
  over = false;

  take(event: KillEvent): void {
    this.kills = foldKills(this.kills, event, TIMES);
    // What one gateway said, or its log has, is never taken for another's word.
    const wrong = this.kill()?.takenBy.find((address) => !this.has.has(address));
    if (wrong) throw new Error(`${wrong} is said to have what it has not`);
  }

  /** Null once it has left the view. */
  kill = (): TrackedKill | null => this.kills[0] ?? null;
  isTaken = (): boolean => this.kill()?.acknowledgedAt != null;
  lackedBy(): readonly string[] {
    const kill = this.kill();
    return kill ? lackedBy(kill, this.desk()) : [];
  }
  desk = (): Gateways => desk(this.live, this.strangers);

  give(address: string, way: 'control' | 'http'): void {
    if (this.over) throw new Error('given after it was lifted');
    const key = `${way} ${address}`;
    const last = this.given.get(key) ?? -Infinity;
    if (this.now - last < TIMES.retryEveryMs) throw new Error(`${key} is given it too often`);
    this.given.set(key, this.now);
    const state = this.state.get(address);
    if (state === 'gone') return;
    this.has.add(address);
    if (state === 'mute') return;
    const { now: at } = this;
    const answer = { type: 'answer', id, stage: 'accepted', seq: 1, unsaved: false } as const;
    if (way === 'control') this.take({ type: 'answer', address, answer, at });
    else this.take({ type: 'http.accepted', id, address, at, unsaved: false });
  }

  ask(address: string): void {
    if (this.state.get(address) !== 'up' || this.has.has(address)) return;
    const answer = { type: 'answer', id, stage: 'unknown' } as const;
    this.take({ type: 'answer', address, answer, at: this.now });
  }

  /** As the kill desk does on every tick. */
  step(): void {
    this.now += TIMES.retryEveryMs / 4;
    this.take({ type: 'tick', at: this.now, gateways: this.desk() });
    if (this.lifted) this.take({ type: 'lifted', id });
    const kill = this.kill();
    this.over = this.lifted && this.isTaken();
    for (const action of kill ? killActions(kill, this.now, this.desk(), TIMES) : []) {
      const at = this.now;
      if (action.type === 'others.send') {
        for (const one of action.addresses) this.give(one, one === C ? 'http' : 'control');
      } else if (action.type === 'http.post') {
        this.take({ type: 'sent', id, by: 'http', at });
        // One request at a time to an address: what has just gone by HTTP does not go again.
        for (const one of action.addresses) {
          if (this.given.get(`http ${one}`) !== at) this.give(one, 'http');
        }
      } else {
        this.take({ type: 'sent', id, by: 'control', at });
        if (action.type === 'control.query') this.ask(this.live ?? '');
        else this.give(this.live ?? '', 'control');
      }
    }
  }

  steps(count: number): void {
    for (let one = 0; one < count; one += 1) this.step();
  }
}

const anAddress = fc.constantFrom(A, B, C);
const aHappening = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('steps' as const), count: fc.nat(12) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('up' as const, 'gone' as const, 'mute' as const),
      address: anAddress,
    }),
  },
  fc.record({ do: fc.constant('live' as const), address: fc.constantFrom(A, B, null) }),
  fc.record({ do: fc.constantFrom('logged' as const, 'done' as const, 'lifted' as const) }),
);

function happen(world: World, one: ReturnType<typeof aHappening.generate>['value']): void {
  const { live, now: at } = world;
  if (one.do === 'steps') world.steps(one.count);
  else if (one.do === 'live') world.live = one.address;
  else if ('address' in one) world.state.set(one.address, one.do);
  else if (one.do === 'lifted') world.lifted = world.has.size > 0;
  else if (live !== null && (one.do === 'logged' || world.isTaken())) {
    // The log came to the gateway that is followed, and says it there.
    world.has.add(live);
    const answer = { type: 'answer', id, stage: 'done', summary: 'flat' } as const;
    if (one.do === 'logged') world.take({ type: 'logged', id, address: live, at });
    else world.take({ type: 'answer', address: live, answer, at });
  }
}

describe('a kill is given until each gateway of the desk has it', () => {
  it('whatever is out of reach meanwhile, once a retry at most, and to nobody once it was lifted', () => {
    fc.assert(
      fc.property(fc.array(aHappening), (happenings) => {
        const world = new World();
        for (const one of happenings) happen(world, one);
        for (const address of [A, B, C]) world.state.set(address, 'up');
        world.steps(16);
        expect(world.isTaken() || world.kill() === null).toBe(true);
        expect(world.lackedBy()).toEqual([]);
        if (!world.lifted) expect([...world.has].sort()).toEqual([A, B, C]);
        const given = new Map(world.given);
        world.steps(16);
        expect(world.given).toEqual(given);
      }),
    );
  });

  it('also to the one that the link has gone over to, which does not know it though the log of the other had it', () => {
    const world = new World();
    world.state.set(B, 'gone');
    world.steps(1);
    world.take({ type: 'logged', id, address: A, at: world.now });
    expect(world.lackedBy()).toEqual([B]);
    world.state.set(A, 'gone');
    world.state.set(B, 'up');
    world.live = B;
    world.take({ type: 'link.up' });
    world.given.clear();
    world.steps(1);
    expect(world.has).toContain(B);
    expect(world.lackedBy()).toEqual([]);
  });

  it('is given anew to one that says it does not know it, as where an older copy of the log was put back', () => {
    const world = new World();
    world.steps(1);
    world.has.delete(A);
    world.ask(A);
    expect(world.lackedBy()).toEqual([A]);
    world.steps(5);
    expect(world.has).toContain(A);
  });

  it('and to no other where there is only one, at whatever address that is now', () => {
    const world = new World();
    world.steps(1);
    const moved = { live: null, addresses: ['ws://d'], strangers: [] };
    expect(lackedBy(only(world.kills), moved)).toEqual([]);
  });

  it('is not waited for from one that has another history', () => {
    const world = new World();
    world.state.set(B, 'gone');
    world.steps(1);
    world.strangers = [B];
    expect(world.lackedBy()).toEqual([]);
  });
});
