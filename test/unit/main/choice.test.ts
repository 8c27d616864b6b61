import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Choice,
  choose,
  connectionTo,
  type LinkEffect,
  type LinkEvent,
  LOOKS_PER_BEAT,
  NO_CHOICE,
  standby,
  standing,
  unansweredMs,
} from '../../../src/main/link/choice';
import { kinship } from '../../../src/main/link/kinship';
import '../../support/properties';

const BEAT = 1_000;
const TIMES = { heartbeatMs: BEAT, staleAfterMs: 3 * BEAT, downAfterMs: 10 * BEAT };
const LOOK = BEAT / LOOKS_PER_BEAT;
/** What passes between two turns of the loop here: an answer takes one of them to the terminal. */
const STEP = LOOK / 5;
/** A gateway that is busy for no longer is never left. */
const BUSY = 6 * STEP;
const A = 'ws://a';
const B = 'ws://b';
const C = 'ws://c';

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`it does not hold that ${what}`);
}

/** One that is deaf hears nothing and goes on speaking; one that hangs does neither. */
type State = 'up' | 'down' | 'hung' | 'deaf';

/** A time in which an address was as it should not be: it goes on until it is something else. */
interface Spell {
  readonly since: number;
  until: number;
}

/** Gateways with one log behind addresses that can be cut, hung and deafened, and a mirror that follows. */
class World {
  choice: Choice = NO_CHOICE;
  now = 0;
  readonly gateways = new Map<string, State>();
  /** Open connections: whether they were greeted, the next event they send, and whether it was asked of them. */
  readonly conns = new Map<
    number,
    { address: string; greeted: boolean; next: number | null; asked: boolean }
  >();
  readonly due = new Map<number, number>();
  /** What each subscription asked for, and what came. */
  readonly asked: number[] = [];
  readonly taken: number[] = [];
  readonly said: LinkEffect[] = [];
  head = 0;
  log = 0;
  /** When the pings went out to which no answer has come. */
  readonly pinged = new Map<number, number[]>();
  /** When an address hung, and when it heard nothing, last. */
  readonly hung = new Map<string, Spell>();
  readonly deaf = new Map<string, Spell>();
  /** How long an address takes to answer, where that is more than a step. */
  readonly slow = new Map<string, number>();
  /** The terminal's own process is at something else until then: it reads nothing and looks at nothing. */
  blockedUntil = 0;
  #nextLook = LOOK;
  #looks = 0;
  /** What the effects of a happening led to. */
  readonly #later: LinkEvent[] = [];

  constructor(readonly addresses: readonly string[]) {
    for (const address of addresses) this.gateways.set(address, 'up');
    this.take({ type: 'connect', addresses, at: 0 });
  }

  take(event: LinkEvent): void {
    const { choice, effects } = choose(this.choice, event, TIMES);
    this.choice = choice;
    for (const effect of effects) this.carryOut(effect);
    this.check();
    for (let next = this.#later.shift(); next; next = this.#later.shift()) this.take(next);
  }

  carryOut(effect: LinkEffect): void {
    this.said.push(effect);
    if (effect.type === 'open') {
      this.due.delete(effect.line);
      const { address } = effect;
      this.conns.set(effect.conn, { address, greeted: false, next: null, asked: false });
    } else if (effect.type === 'drop') {
      this.#judge(effect);
      this.conns.delete(effect.conn);
      this.pinged.delete(effect.conn);
    } else if (effect.type === 'retry') this.due.set(effect.line, this.now + effect.attempt * LOOK);
    else if (effect.type === 'probe') {
      this.ping();
    } else if (effect.type === 'follow') {
      const conn = this.conns.get(effect.conn);
      if (!conn?.greeted) throw new Error('a connection is followed that no gateway greeted');
      conn.next = this.head + 1;
      this.asked.push(this.head + 1);
      this.ping([effect.conn]);
    }
  }

  /** Pings what is greeted of these. */
  ping(conns: Iterable<number> = this.conns.keys()): void {
    for (const conn of conns) {
      if (!this.conns.get(conn)?.greeted) continue;
      this.pinged.set(conn, [...(this.pinged.get(conn) ?? []), this.now]);
      this.#later.push({ type: 'asked', conn, at: this.now });
    }
  }

  /** Only a gateway that hangs, and for longer than one is busy, or that is deaf for long is left for that. */
  #judge({ conn, fault }: Extract<LinkEffect, { type: 'drop' }>): void {
    if (fault === null || (fault.code === 'silent' && fault.ms >= TIMES.downAfterMs)) return;
    const kinds = fault.code === 'silent' ? this.hung : this.deaf;
    const { since, until } = kinds.get(this.address(conn) ?? '') ?? { since: 0, until: -BEAT };
    expect(this.now - until).toBeLessThanOrEqual(STEP);
    if (fault.code === 'silent') expect(this.now - since).toBeGreaterThan(BUSY);
    else {
      // Its last answer may have been under way.
      expect(this.now - since).toBeGreaterThan(TIMES.staleAfterMs - BUSY);
      expect(fault.ms).toBeGreaterThanOrEqual(TIMES.staleAfterMs);
    }
  }

  check(): void {
    const { live, lines } = this.choice;
    const followed = [...this.conns].filter(([, { next }]) => next !== null).map(([conn]) => conn);
    must(followed.join() === (live === null ? '' : String(live)), 'the live one alone is followed');
    const at = new Set(lines.map(({ address }) => address));
    must(at.size === Math.min(2, this.addresses.length), 'two connections, to two addresses');
    // A kill goes by a connection to the live gateway and to the one that stands ready, and to no other.
    const greeted = [live, standby(this.choice)].filter((conn) => conn !== null);
    const reached = this.addresses.flatMap((address) => {
      const conn = connectionTo(this.choice, address);
      must(conn === null || this.address(conn) === address, 'a connection is to its address');
      return conn ?? [];
    });
    must(
      reached.length === greeted.length && reached.every((conn) => greeted.includes(conn)),
      'a kill goes by what is greeted',
    );
  }

  set(address: string, state: State): void {
    const spell = { since: this.now, until: this.now };
    if (state === 'hung' && this.gateways.get(address) !== 'hung') this.hung.set(address, spell);
    const isDeaf = state === 'hung' || state === 'deaf';
    if (isDeaf && this.hears(address)) this.deaf.set(address, { ...spell });
    this.gateways.set(address, state);
    if (state !== 'down' || this.isBlocked()) return;
    for (const [conn, own] of [...this.conns]) if (own.address === address) this.close(conn);
  }

  hears(address: string): boolean {
    const state = this.gateways.get(address);
    return state === 'up' || state === 'down';
  }

  isBlocked = (): boolean => this.now < this.blockedUntil;

  close(conn: number): void {
    this.conns.delete(conn);
    this.take({ type: 'closed', conn, at: this.now, verdict: 'ended' });
  }

  /** One turn of the loop: timers first, then what has come, as in the terminal's own. */
  step(): this {
    this.now += STEP;
    for (const [address, one] of this.hung) {
      if (this.gateways.get(address) === 'hung') one.until = this.now;
    }
    for (const [address, one] of this.deaf) if (!this.hears(address)) one.until = this.now;
    if (this.isBlocked()) return this;
    if (this.now >= this.#nextLook) {
      this.#nextLook = this.now + LOOK;
      this.#looks += 1;
      if (this.#looks % LOOKS_PER_BEAT === 0 && standby(this.choice) === null) {
        this.ping();
        for (const event of this.#later.splice(0)) this.take(event);
      }
      this.take({ type: 'look', at: this.now });
    }
    for (const [line, at] of [...this.due]) {
      if (at > this.now) continue;
      this.due.delete(line);
      this.take({ type: 'due', line, at: this.now });
    }
    this.#read();
    return this;
  }

  #read(): void {
    for (const [conn, own] of [...this.conns]) {
      const state = this.gateways.get(own.address);
      if (!this.conns.has(conn)) continue;
      const answered = state !== 'down' && this.#answered(conn, own.address);
      // What comes is read after the timers of its turn.
      const at = this.now + 1;
      if (state === 'down') this.close(conn);
      else if (!own.greeted) {
        if (state !== 'up') continue;
        own.greeted = true;
        this.take({ type: 'welcomed', conn, at });
      } else if (answered || state === 'deaf' || (state === 'up' && this.now % BEAT === 0)) {
        // One that hears nothing says the more of it.
        this.take({ type: 'heard', conn, at });
        if (answered) this.take({ type: 'answered', conn });
      }
    }
    for (const [conn, own] of this.conns) {
      const state = this.gateways.get(own.address);
      own.asked ||= own.next !== null && state === 'up';
      if (!own.asked || own.next === null || own.next > this.log || state === 'hung') continue;
      for (; own.next <= this.log; own.next += 1) this.taken.push(own.next);
      this.head = this.log;
      this.take({ type: 'same', conn });
    }
  }

  /** Whether an answer has come: also of one that hears nothing now to what it heard before. */
  #answered(conn: number, address: string): boolean {
    const takes = this.slow.get(address) ?? STEP;
    const heardUntil = this.hears(address) ? this.now : (this.deaf.get(address)?.since ?? this.now);
    const asked = this.pinged.get(conn) ?? [];
    const waiting = asked.filter((since) => since + takes > heardUntil);
    this.pinged.set(conn, waiting);
    return waiting.length < asked.length;
  }

  steps(count: number): this {
    for (let one = 0; one < count; one += 1) this.step();
    return this;
  }

  /** As long as there is between two looks. */
  tick(): this {
    return this.steps(LOOK / STEP);
  }

  ticks(count: number): this {
    for (let one = 0; one < count; one += 1) this.tick();
    return this;
  }

  address(conn: number | null): string | null {
    return this.conns.get(conn ?? 0)?.address ?? null;
  }

  live = (): string | null => this.address(this.choice.live);
  ready = (): string | null => this.address(standby(this.choice));
  count = (type: LinkEffect['type']): number => this.said.filter((one) => one.type === type).length;
}

const anAddress = fc.constantFrom(A, B, C);
const anAction = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('step' as const), count: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('block' as const), count: fc.nat(60) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.nat(5) }) },
  fc.record({
    do: fc.constantFrom('down' as const, 'hung' as const, 'deaf' as const),
    address: anAddress,
  }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('up' as const), address: anAddress }) },
  fc.record({ do: fc.constantFrom('restart' as const, 'wake' as const) }),
);

describe('which gateway is followed, whatever is cut, hangs, hears nothing and comes back', () => {
  it('never two live, no event asked for or taken twice, and a kill by what is greeted alone', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 3), fc.array(anAction), (count, actions) => {
        const world = new World([A, B, C].slice(0, count));
        for (const action of actions) {
          if (action.do === 'step') world.steps(action.count);
          else if (action.do === 'append') world.log += action.count;
          else if (action.do === 'block') world.blockedUntil = world.now + action.count * STEP;
          else if (!('address' in action)) world.take({ type: action.do, at: world.now });
          else if (world.addresses.includes(action.address)) world.set(action.address, action.do);
        }
        // Everything well again, the log is followed to its end and another gateway stands ready.
        world.blockedUntil = 0;
        for (const address of world.addresses) world.set(address, 'up');
        world.ticks(LOOKS_PER_BEAT * 60);
        expect(world.taken).toEqual(Array.from({ length: world.log }, (_, index) => index + 1));
        expect(world.asked).toEqual([...world.asked].sort((one, other) => one - other));
        expect(world.live()).not.toBeNull();
        expect(world.ready() !== null).toBe(count > 1);
        const { follows, asked } = { follows: world.count('follow'), asked: world.asked.length };
        world.log += 1;
        world.ticks(LOOKS_PER_BEAT * 20);
        // Nothing leads back while what is live stays.
        expect([world.count('follow'), world.asked.length]).toEqual([follows, asked]);
        expect(world.head).toBe(world.log);
        // Who speaks and hears nothing is not followed for ever, wherever another one answers.
        const deaf = world.live() ?? '';
        world.set(deaf, 'deaf');
        world.ticks((TIMES.staleAfterMs + 2 * BEAT) / LOOK);
        expect(world.live() === deaf).toBe(count === 1);
        world.ticks((TIMES.downAfterMs - TIMES.staleAfterMs) / LOOK);
        expect(world.live() === deaf).toBe(false);
      }),
    );
  });
});

describe('with several addresses', () => {
  it('goes over at once when the live connection is lost, and readies another', () => {
    const world = new World([A, B, C]).ticks(2);
    expect([world.live(), world.ready()]).toEqual([A, B]);
    world.set(A, 'down');
    expect(world.live()).toBe(B);
    world.ticks(3);
    expect(world.ready()).toBe(C);
    world.set(A, 'up');
    world.ticks(100);
    expect([world.live(), world.ready()]).toEqual([B, C]);
  });

  it('leaves a gateway that hangs at the third look at the latest, whenever it began to', () => {
    for (let offset = 0; offset < BEAT / STEP; offset += 1) {
      const world = new World([A, B]).ticks(LOOKS_PER_BEAT).steps(offset);
      world.set(A, 'hung');
      const since = world.now;
      while (world.live() !== B) world.step();
      expect(world.now - since).toBeGreaterThan(BUSY);
      expect(world.now - since).toBeLessThanOrEqual(3 * LOOK);
      // It does not come back by itself when the other one hears again: that one stands ready.
      world.set(A, 'up');
      world.ticks(100);
      expect([world.live(), world.ready()]).toEqual([B, A]);
      expect(world.count('follow')).toBe(2);
    }
  });

  it('leaves a gateway that speaks and hears nothing when it has answered nothing for long', () => {
    for (let offset = 0; offset < BEAT / STEP; offset += 1) {
      const world = new World([A, B]).ticks(LOOKS_PER_BEAT).steps(offset);
      world.set(A, 'deaf');
      const since = world.now;
      while (world.live() !== B && world.now - since < TIMES.downAfterMs) {
        world.log += 1;
        world.step();
      }
      expect(world.now - since).toBeGreaterThanOrEqual(TIMES.staleAfterMs - STEP);
      expect(world.now - since).toBeLessThanOrEqual(TIMES.staleAfterMs + 2 * LOOK);
      const [fault] = world.said.flatMap((one) => (one.type === 'drop' ? (one.fault ?? []) : []));
      expect(fault?.code).toBe('unanswered');
      world.set(A, 'up');
      world.ticks(100);
      expect([world.live(), world.ready(), world.count('follow')]).toEqual([B, A, 2]);
      expect(world.head).toBe(world.log);
    }
  });

  it('stays at one that answers late, and at one whose answer comes behind what is under way', () => {
    const world = new World([A, B]).ticks(LOOKS_PER_BEAT);
    world.set(A, 'deaf');
    for (let one = 0; one < 10; one += 1) {
      world.ticks(TIMES.staleAfterMs / LOOK - 2);
      world.take({ type: 'answered', conn: world.choice.live ?? 0 });
    }
    world.set(A, 'hung');
    for (let one = 0; one < (2 * TIMES.downAfterMs) / LOOK; one += 1) {
      world.take({ type: 'arriving', conn: world.choice.live ?? 0, at: world.now });
      world.tick();
    }
    expect([world.live(), world.count('drop')]).toEqual([A, 0]);
    world.set(A, 'deaf');
    world.ticks(TIMES.staleAfterMs / LOOK + 1);
    expect(world.live()).toBe(B);
  });

  it('does not go over to one that answers nothing, and does not count it: another is readied', () => {
    const world = new World([A, B, C]).ticks(LOOKS_PER_BEAT);
    world.set(B, 'deaf');
    world.ticks(TIMES.staleAfterMs / LOOK + 1);
    expect(standing(world.choice, world.now, TIMES)).toBe(1);
    world.set(A, 'hung');
    world.ticks(LOOKS_PER_BEAT);
    expect(world.live()).toBe(A);
    world.set(A, 'deaf');
    world.ticks(LOOKS_PER_BEAT);
    expect(world.live()).toBe(A);
    world.set(A, 'up');
    world.ticks((TIMES.downAfterMs - TIMES.staleAfterMs) / LOOK);
    expect([world.live(), world.ready()]).toEqual([A, C]);
  });

  it('leaves neither one that is busy for a moment nor, itself at something else, one that answered', () => {
    const moment = fc.record({
      wait: fc.nat(40),
      // Of the terminal, or of a gateway.
      who: fc.constantFrom(A, B, null),
      steps: fc.nat(60),
    });
    fc.assert(
      fc.property(fc.array(moment), (moments) => {
        const world = new World([A, B]).ticks(LOOKS_PER_BEAT);
        // The answer of one is read and the other's is not, when the terminal is held up between them.
        world.slow.set(A, 2 * STEP);
        for (const { wait, who, steps } of moments) {
          world.steps(wait);
          if (who === null) {
            world.blockedUntil = world.now + steps * STEP;
            world.steps(steps);
          } else {
            world.set(who, 'hung');
            world.steps(Math.min(steps, BUSY / STEP));
            world.set(who, 'up');
          }
          // Busy again and again is another thing than busy for a moment.
          world.ticks(2);
        }
        expect([world.live(), world.count('follow')]).toEqual([A, 1]);
      }),
    );
  });

  it('goes nowhere when neither is heard: that is the network, or this machine', () => {
    const world = new World([A, B]).ticks(LOOKS_PER_BEAT);
    world.set(A, 'hung');
    world.set(B, 'hung');
    world.ticks(5 * LOOKS_PER_BEAT);
    expect(world.live()).toBe(A);
    expect(standing(world.choice, world.now, TIMES)).toBe(0);
    world.set(A, 'up');
    world.set(B, 'up');
    world.ticks(LOOKS_PER_BEAT);
    expect(world.live()).toBe(A);
    expect(standing(world.choice, world.now, TIMES)).toBe(2);
  });

  it('a gateway with another history is named and left alone, and the live link is not touched', () => {
    const world = new World([A, B, C]).ticks(2);
    const conn = standby(world.choice) ?? 0;
    world.conns.delete(conn);
    world.take({ type: 'closed', conn, at: world.now, verdict: 'other' });
    expect(world.choice.strangers).toEqual([B]);
    world.ticks(2);
    expect([world.live(), world.ready()]).toEqual([A, C]);
    expect([world.count('lost'), world.count('diverged')]).toEqual([0, 0]);
    // It is one still until its log was seen to be ours, and is told of once.
    world.set(C, 'down');
    world.ticks(3);
    expect(world.ready()).toBe(B);
    expect(world.choice.strangers).toEqual([B]);
    world.take({ type: 'same', conn: standby(world.choice) ?? 0 });
    expect(world.choice.strangers).toEqual([]);
    expect(world.count('stranger')).toBe(1);
  });

  it('sets the mirror aside only when for so long as a link takes to be down nobody knows our history', () => {
    let choice = choose(NO_CHOICE, { type: 'connect', addresses: [A, B], at: 0 }, TIMES).choice;
    const said: string[] = [];
    const take = (event: LinkEvent): void => {
      const chosen = choose(choice, event, TIMES);
      choice = chosen.choice;
      said.push(...chosen.effects.map(({ type }) => type));
    };
    const refuse = (at: number): void => {
      take({ type: 'wake', at });
      const conn = choice.lines[0]?.conn ?? 0;
      take({ type: 'welcomed', conn, at });
      take({ type: 'closed', conn, at, verdict: 'behind' });
    };
    refuse(0);
    refuse(TIMES.downAfterMs - 1);
    expect(said).not.toContain('diverged');
    refuse(TIMES.downAfterMs);
    expect(said).toContain('diverged');
  });
});

it('with one address another history is believed at once, as there is nobody else to ask', () => {
  const world = new World([A]).ticks(2);
  const conn = world.choice.live ?? 0;
  world.conns.delete(conn);
  world.take({ type: 'closed', conn, at: world.now, verdict: 'other' });
  expect(world.count('diverged')).toBe(1);
  expect(world.choice.strangers).toEqual([]);
});

it('leaves an only gateway that speaks and hears nothing when a link counts as down, not before', () => {
  const world = new World([A]).ticks(LOOKS_PER_BEAT);
  world.set(A, 'deaf');
  world.ticks((TIMES.downAfterMs - BEAT) / LOOK);
  expect([world.live(), world.count('drop')]).toEqual([A, 0]);
  expect(unansweredMs(world.choice, world.now)).toBeGreaterThanOrEqual(TIMES.staleAfterMs);
  world.ticks((2 * BEAT) / LOOK);
  expect([world.live(), world.count('drop')]).toEqual([null, 1]);
  world.set(A, 'up');
  world.ticks(LOOKS_PER_BEAT * 20);
  expect(world.live()).toBe(A);
  expect(unansweredMs(world.choice, world.now)).toBeLessThan(BEAT);
});

it('tells another history by its name, and by what it has where ours is at hand', () => {
  const ours = { epoch: 'e', head: { seq: 5, hash: 'h5' } };
  const welcome = (epoch: string, seq: number, hash: string) => ({ epoch, head: { seq, hash } });
  const hashAt = (seq: number) => (seq === 4 ? 'h4' : undefined);
  const is = (epoch: string, seq: number, hash: string) =>
    kinship(welcome(epoch, seq, hash), ours, hashAt);
  expect([is('e', 5, 'h5'), is('e', 5, 'x5')]).toEqual(['same', 'other']);
  expect([is('e', 4, 'h4'), is('e', 4, 'x4')]).toEqual(['same', 'other']);
  // What cannot be compared speaks for and against nobody.
  expect([is('e', 3, 'x3'), is('e', 9, 'x9'), is('f', 9, 'h9')]).toEqual([
    ...['unknown', 'unknown', 'other'],
  ]);
  const empty = { epoch: null, head: { seq: 0, hash: '0' } };
  expect(kinship(welcome('f', 9, 'h9'), empty, hashAt)).toBe('unknown');
});
