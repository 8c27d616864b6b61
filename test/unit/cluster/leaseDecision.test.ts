import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  actingToken,
  decideLease,
  failed,
  freeAt,
  goneBack,
  type LeaseRecord,
  type LeaseState,
  lapsesAt,
  seen,
  sent,
  standing,
  taken,
  UNKNOWN,
  type Want,
  type Written,
  wants,
} from '../../../src/gateway/cluster/leaseDecision';

const TIMES = { renewEveryMs: 500, lostAfterMs: 3_000 };

describe('a lease', () => {
  const free = wants(UNKNOWN, 'hold');
  const grant = { record: { token: null, beat: 0 } };
  const granted = (at: number) =>
    taken(sent(free, { holder: 'a', token: null, beat: 0 }, at), 7, at + 20);

  it('that is free is taken, and acted under the number of that change once the bucket has said so', () => {
    const decision = decideLease(free, 'a', 1_000, TIMES);
    expect(decision).toEqual({ do: 'write', record: { holder: 'a', token: null, beat: 0 } });
    expect(
      actingToken(sent(free, { holder: 'a', token: null, beat: 0 }, 1_000), 'a', 1_001, TIMES),
    ).toBe(null);
    expect(actingToken(granted(1_000), 'a', 1_020, TIMES)).toBe(7);
  });

  it('is renewed in time, and lapses at 60 % counted from when its renewal was sent', () => {
    const held = granted(1_000);
    expect(decideLease(held, 'a', 1_100, TIMES)).toEqual({ do: 'wait', until: 1_500 });
    expect(decideLease(held, 'a', 1_500, TIMES)).toEqual({
      do: 'write',
      record: { holder: 'a', token: 7, beat: 1 },
    });
    expect(lapsesAt(held, 'a', TIMES)).toBe(2_800);
    expect(actingToken(held, 'a', 2_799, TIMES)).toBe(7);
    expect(actingToken(held, 'a', 2_800, TIMES)).toBe(null);
    const renewed = taken(sent(held, { holder: 'a', token: 7, beat: 1 }, 1_500), 9, 1_600);
    expect(lapsesAt(renewed, 'a', TIMES)).toBe(3_300);
  });

  it('of another is taken when that one has been silent for all its time, not before', () => {
    const other = seen(free, 3, { holder: 'b', token: 4, beat: 2 }, 2_000);
    expect(decideLease(other, 'a', 2_100, TIMES)).toEqual({ do: 'wait', until: 5_000 });
    expect(decideLease(other, 'a', 5_000, TIMES)).toMatchObject(grant);
    const beat = seen(other, 4, { holder: 'b', token: 4, beat: 3 }, 4_900);
    expect(decideLease(beat, 'a', 5_000, TIMES)).toEqual({ do: 'wait', until: 7_900 });
  });

  it('that was given back is taken at once under a greater token', () => {
    const released = seen(free, 3, { holder: null, token: 4, beat: 3 }, 2_000);
    expect(decideLease(released, 'a', 2_000, TIMES)).toMatchObject(grant);
  });

  it('of a former life is taken at once, and left to a later one that runs under the same name', () => {
    const former = seen(free, 3, { holder: 'a', token: 4, beat: 2 }, 2_000);
    expect(decideLease(former, 'a', 2_000, TIMES)).toMatchObject(grant);
    const mine = taken(sent(former, { holder: 'a', token: null, beat: 0 }, 2_000), 5, 2_010);
    const lapsed = decideLease(mine, 'a', 60_000, TIMES);
    expect(lapsed).toMatchObject(grant);
    const later = seen(mine, 6, { holder: 'a', token: 6, beat: 0 }, 2_100);
    expect(actingToken(later, 'a', 2_100, TIMES)).toBe(null);
    expect(decideLease(later, 'a', 2_100, TIMES)).toEqual({ do: 'wait', until: 5_100 });
    expect(decideLease(later, 'a', 5_100, TIMES)).toMatchObject(grant);
  });

  it('that is asked for anew here gets a token of its own, also with a renewal on its way', () => {
    const renewing = sent(granted(1_000), { holder: 'a', token: 7, beat: 1 }, 1_500);
    const anew = taken(wants(renewing, 'hold'), 8, 1_510);
    expect(actingToken(anew, 'a', 1_510, TIMES)).toBe(null);
    expect(decideLease(anew, 'a', 1_510, TIMES)).toMatchObject(grant);
  });

  it('is free for who looks on when it was given back, or its holder was silent for all its time', () => {
    expect(freeAt(UNKNOWN, TIMES)).toBe(Number.NEGATIVE_INFINITY);
    const other = seen(UNKNOWN, 3, { holder: 'b', token: 4, beat: 2 }, 2_000);
    expect(freeAt(other, TIMES)).toBe(5_000);
    const released = seen(other, 4, { holder: null, token: 4, beat: 3 }, 2_100);
    expect(freeAt(released, TIMES)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('that is asked for again while it is given back is not acted under before a new grant', () => {
    const releasing = wants(granted(1_000), 'release');
    const decision = decideLease(releasing, 'a', 1_100, TIMES);
    expect(decision).toMatchObject({ record: { holder: null, token: 7 } });
    const back = wants(sent(releasing, { holder: null, token: 7, beat: 1 }, 1_100), 'hold');
    expect(actingToken(back, 'a', 1_101, TIMES)).toBe(null);
  });

  it('is as it was seen last, in whatever order that comes', () => {
    const lost = seen(granted(1_000), 9, { holder: 'b', token: 9, beat: 0 }, 1_200);
    expect(seen(lost, 8, { holder: 'a', token: 7, beat: 1 }, 1_300)).toBe(lost);
  });

  it('that is granted over a grant which nobody told of has a token of its own all the same', () => {
    const b = taken(sent(free, { holder: 'b', token: null, beat: 0 }, 1_000), 3, 1_010);
    // What a server that was cut off took alone under the number of that grant.
    const a = seen(free, 3, { holder: null, token: 1, beat: 4 }, 1_020);
    const decision = decideLease(a, 'a', 1_030, TIMES);
    if (decision.do !== 'write') throw new Error('a free lease is taken');
    const over = taken(sent(a, decision.record, 1_030), 4, 1_040);
    expect(actingToken(b, 'b', 1_050, TIMES)).toBe(3);
    expect(actingToken(over, 'a', 1_050, TIMES)).toBe(4);
  });

  it('of a bucket that gives numbers again is granted above all tokens that were seen', () => {
    const other = seen(free, 310, { holder: 'b', token: 308, beat: 2 }, 2_000);
    const back = seen(goneBack(other, 3_000), 300, { holder: 'b', token: 290, beat: 9 }, 3_010);
    const decision = decideLease(back, 'a', 10_000, TIMES);
    expect(decision).toMatchObject({ record: { token: null, above: 308 } });
    if (decision.do !== 'write') throw new Error('a free lease is taken');
    expect(standing(decision.record, 308).token).toBe(309);
    expect(standing(decision.record, 320).token).toBe(320);
    const mine = taken(sent(back, decision.record, 10_000), 301, 10_010);
    expect(actingToken(mine, 'a', 10_020, TIMES)).toBe(309);
    // Whoever has seen that goes above it, until the numbers are there themselves.
    const lapsed = decideLease(wants(mine, 'hold'), 'a', 10_020, TIMES);
    expect(lapsed).toMatchObject({ record: { above: 309 } });
    const passed = seen(mine, 311, { holder: 'b', token: 311, beat: 0 }, 11_000);
    expect(decideLease(passed, 'a', 20_000, TIMES)).toEqual({
      do: 'write',
      record: { holder: 'a', token: null, beat: 0 },
    });
  });

  it('of which an answer was lost is taken anew once its own change is seen', () => {
    const lost = failed(sent(free, { holder: 'a', token: null, beat: 0 }, 1_000));
    const found = seen(lost, 7, { holder: 'a', token: 7, beat: 0 }, 1_300);
    expect(actingToken(found, 'a', 1_300, TIMES)).toBe(null);
    expect(decideLease(found, 'a', 1_300, TIMES)).toMatchObject(grant);
  });
});

/**
 * Nodes with clocks of their own around one bucket that holds another lease too. Changes arrive late or
 * never, their answers late or not at all, and each node sees what there is when it happens to look.
 */
class World {
  private real = 0;
  /** All changes in order; null is one of the other lease. */
  private readonly log: (LeaseRecord | null)[] = [];
  private readonly nodes;

  constructor(
    clocks: readonly { readonly rate: number; readonly offset: number }[],
    names: readonly string[],
  ) {
    this.nodes = clocks.map(({ rate, offset }, index) => ({
      name: names[index] ?? '',
      now: () => offset + this.real * rate,
      state: UNKNOWN as LeaseState,
      /** Up to where it has seen the log. */
      position: 0,
      /** On their way to the bucket: also some that are waited for no more, and may still be taken. */
      requests: [] as { record: Written; last: number }[],
      /** What the bucket said to the change that is waited for; null: refused. */
      answer: undefined as number | null | undefined,
    }));
  }

  wait(ms: number): void {
    this.real += ms;
  }

  want(index: number, want: Want): void {
    const node = this.at(index);
    node.state = wants(node.state, want);
  }

  /** The other lease changes. */
  other(): void {
    this.log.push(null);
  }

  step(index: number): void {
    const node = this.at(index);
    const decision = decideLease(node.state, node.name, node.now(), TIMES);
    if (decision.do === 'look') node.state = wants(node.state, 'look');
    if (decision.do !== 'write') return;
    node.requests.push({ record: decision.record, last: node.position });
    node.state = sent(node.state, decision.record, node.now());
    node.answer = undefined;
  }

  /** The oldest change under way reaches the bucket, which takes it if nothing has changed since. */
  arrive(index: number): void {
    const node = this.at(index);
    const request = node.requests.shift();
    if (!request) return;
    const fits = request.last === this.log.length;
    if (fits) this.log.push(standing(request.record, this.log.length + 1));
    if (node.state.sent?.record === request.record) node.answer = fits ? this.log.length : null;
  }

  /** The answer comes, or the node gives up waiting for it. */
  answer(index: number, comes: boolean): void {
    const node = this.at(index);
    if (node.state.sent === null || (comes && node.answer === undefined)) return;
    if (comes && typeof node.answer === 'number') {
      node.state = taken(node.state, node.answer, node.now());
      node.position = Math.max(node.position, node.answer);
    } else node.state = failed(node.state);
  }

  /** The node sees part of what it has not seen. */
  see(index: number, part: number): void {
    const node = this.at(index);
    const upTo = node.position + Math.ceil(part * (this.log.length - node.position));
    for (let revision = node.position + 1; revision <= upTo; revision++) {
      const record = this.log[revision - 1];
      if (record) node.state = seen(node.state, revision, record, node.now());
    }
    node.position = upTo;
  }

  /** A whole turn of a node, with nothing lost. */
  turn(index: number): void {
    this.see(index, 1);
    this.step(index);
    while (this.at(index).requests.length > 0) this.arrive(index);
    this.answer(index, true);
  }

  /** Everything arrives at once for a while. */
  calm(ms: number, stepMs: number): void {
    for (let left = ms; left > 0; left -= stepMs) {
      for (const index of this.nodes.keys()) {
        this.answer(index, false);
        this.turn(index);
      }
      this.wait(stepMs);
    }
  }

  acting(): { readonly index: number; readonly token: number }[] {
    return this.nodes.flatMap(({ name, state, now }, index) => {
      const token = actingToken(state, name, now(), TIMES);
      return token === null ? [] : [{ index, token }];
    });
  }

  written(): readonly LeaseRecord[] {
    return this.log.filter((record) => record !== null);
  }

  grants(): readonly LeaseRecord[] {
    return this.written().filter(({ holder, beat }) => holder !== null && beat === 0);
  }

  private at(index: number) {
    const node = this.nodes[index];
    if (!node) throw new Error('no such node');
    return node;
  }
}

type Act = (world: World) => void;
const node = fc.nat({ max: 2 });
const part = fc.double({ min: 0, max: 1, noNaN: true });
const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: node.map(
      (n): Act =>
        (world) =>
          world.step(n),
    ),
  },
  {
    weight: 4,
    arbitrary: node.map(
      (n): Act =>
        (world) =>
          world.arrive(n),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(node, fc.boolean()).map(
      ([n, comes]): Act =>
        (world) => {
          world.answer(n, comes);
        },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(node, part).map(
      ([n, one]): Act =>
        (world) =>
          world.see(n, one),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.nat({ max: 2_000 }).map(
      (ms): Act =>
        (world) =>
          world.wait(ms),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Act>((world) => world.other()) },
  // Without which few histories get far.
  {
    weight: 4,
    arbitrary: node.map(
      (n): Act =>
        (world) =>
          world.turn(n),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(node, fc.constantFrom<Want>('hold', 'release')).map(
      ([n, one]): Act =>
        (world) =>
          world.want(n, one),
    ),
  },
);
/** A margin of 40 % is for clocks that run unlike: here by up to half. */
const clocks = fc.array(
  fc.record({
    rate: fc.double({ min: 0.8, max: 1.2, noNaN: true }),
    offset: fc.integer({ min: -1e6, max: 1e6 }),
  }),
  { minLength: 3, maxLength: 3 },
);

const NAMES = ['n0', 'n1', 'n2'];
/** The third is a later life of the first, or an earlier one that was thought dead. */
const TWINS = ['n0', 'n1', 'n0'];

function openWorld(
  rates: readonly { readonly rate: number; readonly offset: number }[],
  names: readonly string[],
): World {
  const world = new World(rates, names);
  for (const index of rates.keys()) world.want(index, 'hold');
  return world;
}

describe('whatever is delayed, lost or cut off', () => {
  it('no two nodes act at one instant', () => {
    let ever = 0;
    fc.assert(
      fc.property(clocks, fc.array(acts, { maxLength: 120 }), (rates, history) => {
        const world = openWorld(rates, NAMES);
        for (const act of history) {
          act(world);
          expect(world.acting().length).toBeLessThanOrEqual(1);
          ever = Math.max(ever, ...world.acting().map(({ token }) => token));
        }
      }),
      { numRuns: 2_000 },
    );
    expect(ever).toBeGreaterThan(3);
  });

  it.each([[NAMES], [TWINS]])(
    'tokens only grow, each is granted once, and none is acted under by two: %s',
    (names) => {
      fc.assert(
        fc.property(clocks, fc.array(acts, { maxLength: 120 }), (rates, history) => {
          const world = openWorld(rates, names);
          const actors = new Map<number, number>();
          for (const act of history) {
            act(world);
            for (const { index, token } of world.acting()) {
              expect(actors.get(token) ?? index).toBe(index);
              actors.set(token, index);
            }
          }
          const tokens = world.written().map(({ token }) => token);
          expect(tokens).toEqual(tokens.toSorted((one, other) => one - other));
          const granted = world.grants().map(({ token }) => token);
          expect(new Set(granted).size).toBe(granted.length);
        }),
        { numRuns: 2_000 },
      );
    },
  );

  it.each([[NAMES], [TWINS]])(
    'once all is calm one of those who want it has it, and keeps it: %s',
    (names) => {
      fc.assert(
        fc.property(clocks, fc.array(acts, { maxLength: 60 }), (rates, history) => {
          const world = openWorld(rates, names);
          for (const act of history) act(world);
          world.want(0, 'hold');
          world.calm(10_000, 100);
          const acting = world.acting();
          expect(acting).toHaveLength(1);
          const before = world.grants().length;
          world.calm(5_000, 100);
          expect(world.acting()).toEqual(acting);
          expect(world.grants()).toHaveLength(before);
        }),
        { numRuns: 2_000 },
      );
    },
  );
});
