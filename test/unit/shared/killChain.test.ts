import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EngineChain, Held } from '../../../src/shared/kill/chain';
import {
  isProvenFlat,
  joinChain,
  linkLost,
  readBack,
  reopened,
  startChain,
  stepSettled,
} from '../../../src/shared/kill/chain';
import type { ChainAction, Flight, KillTimes } from '../../../src/shared/kill/driver';
import { nextAction, shouldSweepAgain, stepOpId } from '../../../src/shared/kill/driver';
import type { KillStep } from '../../../src/shared/ops/events';
import type { OpItem } from '../../../src/shared/protocol/engine';

const TIMES: KillTimes = {
  askAfterMs: 1_000,
  askEveryMs: 1_000,
  readBackEveryMs: 250,
  closeOrderPatienceMs: 5_000,
  sweepBackoffMs: 1_000,
  sweepBackoffMaxMs: 8_000,
  readBackPatienceMs: 8_000,
  watchEveryMs: 5_000,
};

/**
 * An engine reduced to what matters here: a position, closing orders of operations already seen,
 * idempotency by operation id, and a reduce-only venue. `sold` counts every unit ever sold.
 */
class ToyEngine {
  position: number;
  closing = new Map<string, number>();
  seen = new Map<string, OpItem[]>();
  sold = 0;
  flattenSends = new Map<string, number>();

  constructor(
    readonly initial: number,
    readonly liar: boolean,
  ) {
    this.position = initial;
  }

  receive(opId: string, op: string): OpItem[] {
    const before = this.seen.get(opId);
    if (op === 'flatten') this.flattenSends.set(opId, (this.flattenSends.get(opId) ?? 0) + 1);
    if (before) return before;
    if (op === 'cancel') this.closing.clear();
    if (op === 'flatten' && this.position > 0 && !this.liar) this.closing.set(opId, this.position);
    const items: OpItem[] = [{ kind: 'engine', id: 'e', outcome: 'done' }];
    this.seen.set(opId, items);
    return items;
  }

  /** The venue fills the closing orders. It does not check reduce-only: selling twice would show. */
  fill(): void {
    for (const quantity of this.closing.values()) {
      this.sold += quantity;
      this.position -= quantity;
    }
    this.closing.clear();
  }

  held(now: number): Held {
    const positions =
      this.position === 0
        ? []
        : [
            {
              id: 'p',
              instrument: 'USD/COP',
              side: this.position > 0 ? ('long' as const) : ('short' as const),
              quantity: Math.abs(this.position),
              entryPrice: 4_000,
              markPrice: 4_000,
              notional: 1,
              currency: 'USD',
              unrealizedPnl: 0,
            },
          ];
    const workingOrders = [...this.closing].map(([opId, quantity]) => ({
      id: opId,
      instrument: 'USD/COP',
      side: 'sell' as const,
      quantity,
      filled: 0,
      price: null,
      purpose: 'close' as const,
    }));
    return { asOf: now, recordedAt: now, positions, workingOrders, telemetrySeq: 0 };
  }
}

type Step = 'deliver' | 'lose_answer' | 'lose_order' | 'fill' | 'crash' | 'link' | 'time';
const script = fc.array(
  fc.constantFrom<Step>(
    'deliver',
    'deliver',
    'lose_answer',
    'lose_order',
    'fill',
    'crash',
    'link',
    'time',
  ),
  { maxLength: 120 },
);

/** Drives a chain against the toy engine as the gateway does, with faults as the script says. */
function simulate(engine: ToyEngine, steps: readonly Step[], check: (chain: EngineChain) => void) {
  let chain = startChain('e', 'kill', true, 0);
  let now = 0;
  let flight: Flight = { kind: 'none' };
  let owned: string | null = null;
  let ownStep = true;
  let lastReadBackAt: number | null = null;
  let reads = 0;

  const settle = (op: string, opId: string) => {
    if (op === 'read_back') {
      const held = engine.held(now);
      chain = readBack(chain, held, shouldSweepAgain(chain, held, now, TIMES));
      lastReadBackAt = now;
    } else {
      const items = engine.receive(opId, op);
      chain = stepSettled(chain, op as KillStep, chain.round, items, now);
      ownStep = true;
    }
    flight = { kind: 'none' };
    check(chain);
  };

  const act = (fault: Step) => {
    const action: ChainAction = nextAction(chain, {
      now,
      connected: true,
      flight,
      ownStep,
      lastReadBackAt,
      nextReadBackId: `read:${reads}`,
      reason: 'test',
      times: TIMES,
    });
    if (action.kind === 'wait') {
      now = Math.max(now + 1, action.until ?? now + 250);
      return;
    }
    if (action.kind === 'ask') {
      if (fault !== 'deliver') {
        flight = { kind: 'sent', opId: action.opId, at: now, accepted: false, lastAskedAt: now };
        return;
      }
      const name = action.opId.split(':')[2] as string;
      if (engine.seen.has(action.opId)) settle(name, action.opId);
      else {
        flight = { kind: 'none' };
        ownStep = true;
      }
      return;
    }
    reads += 1;
    owned = action.opId;
    if (fault === 'lose_order') {
      flight = { kind: 'sent', opId: owned, at: now, accepted: false, lastAskedAt: null };
    } else if (fault === 'lose_answer') {
      if (action.operation.op !== 'read_back') engine.receive(owned, action.operation.op);
      flight = { kind: 'sent', opId: owned, at: now, accepted: false, lastAskedAt: null };
    } else settle(action.operation.op, owned);
  };

  for (const step of [
    ...steps,
    ...Array.from({ length: 400 }, (_, n) => (n % 7 === 3 ? 'fill' : 'deliver') as Step),
  ]) {
    if (step === 'fill') engine.fill();
    else if (step === 'time') now += 1_500;
    else if (step === 'crash') {
      flight = { kind: 'none' };
      ownStep = false;
      chain = linkLost(chain);
    } else if (step === 'link') {
      chain = linkLost(chain);
    } else act(step);
    check(chain);
  }
  return chain;
}

describe('kill chain', () => {
  it('reaches flat by block, cancel, flatten and two clean read-backs', () => {
    const engine = new ToyEngine(100, false);
    const chain = simulate(engine, ['deliver', 'deliver', 'deliver', 'fill', 'deliver'], () => {});
    expect(chain.phase).toBe('flat');
    expect(chain.cleanReadBacks).toBeGreaterThanOrEqual(2);
    expect(engine.sold).toBe(100);
  });

  it('never says flat while something is open, and never sells twice, whatever is lost or dies', () => {
    fc.assert(
      fc.property(script, fc.integer({ min: 0, max: 500 }), (steps, initial) => {
        const engine = new ToyEngine(initial, false);
        const last = simulate(engine, steps, (chain) => {
          if (isProvenFlat(chain)) expect(engine.position).toBe(0);
          expect(engine.position).toBeGreaterThanOrEqual(0);
          expect(engine.sold).toBeLessThanOrEqual(initial);
        });
        expect(last.phase).toBe('flat');
        expect(engine.position).toBe(0);
      }),
      { numRuns: 400 },
    );
  });

  it('never says flat for an engine that answers success and stays open', () => {
    fc.assert(
      fc.property(script, (steps) => {
        const engine = new ToyEngine(100, true);
        const last = simulate(engine, steps, (chain) => {
          expect(chain.phase).not.toBe('flat');
          expect(isProvenFlat(chain)).toBe(false);
        });
        expect(last.held?.positions).toHaveLength(1);
        expect(last.round).toBeGreaterThan(1);
      }),
    );
  });

  it('takes the same operation id for a step until its answer is logged', () => {
    const chain = startChain('e', 'kill', true, 0);
    expect(stepOpId(chain, 'flatten')).toBe(stepOpId(linkLost(chain), 'flatten'));
  });

  it('looks again before it says anything when a late fill shows up', () => {
    const flat: EngineChain = {
      ...startChain('e', 'kill', true, 0),
      phase: 'flat',
      flatAt: 5,
      cleanReadBacks: 2,
    };
    const again = reopened(flat);
    expect(again).toMatchObject({ phase: 'reading_back', cleanReadBacks: 0, flatAt: null });
  });

  it('a second kill joins a chain under way, and starts one that has ended anew', () => {
    const running = startChain('e', 'first', true, 0);
    expect(joinChain(running, 'second', true, 1)).toMatchObject({
      commandId: 'first',
      joined: ['second'],
    });
    const flat: EngineChain = { ...running, phase: 'flat' };
    expect(joinChain(flat, 'second', true, 1)).toMatchObject({
      commandId: 'second',
      phase: 'blocking',
    });
    const kept: EngineChain = { ...running, phase: 'kept', closePositions: false };
    expect(joinChain(kept, 'second', true, 1)).toMatchObject({
      closePositions: true,
      round: 2,
      phase: 'cancelling',
    });
  });
});

describe('a clock that was put back', () => {
  const hour = 3_600_000;
  const now = 5_000;
  const fresh = startChain('e', 'k', true, hour);
  const held = { asOf: hour, recordedAt: hour, positions: [], workingOrders: [], telemetrySeq: 1 };
  const base = {
    now,
    connected: true,
    ownStep: true,
    nextReadBackId: 'r1',
    reason: 'x',
    times: TIMES,
  };
  const none: Flight = { kind: 'none' };

  it('holds up no step, no question and no read-back', () => {
    const opId = stepOpId(fresh, 'block');
    const sent: Flight = { kind: 'sent', opId, at: hour, accepted: false, lastAskedAt: null };
    const asks = nextAction(fresh, { ...base, flight: sent, lastReadBackAt: null });
    expect(asks).toEqual({ kind: 'ask', opId });
    const reading = { ...fresh, phase: 'reading_back' as const, readBacks: 1, held };
    const again = nextAction(reading, { ...base, flight: none, lastReadBackAt: hour });
    expect(again).toMatchObject({ kind: 'send', operation: { op: 'read_back' } });
    const lost: Flight = { ...sent, opId: 'r0' };
    const anew = nextAction(reading, { ...base, flight: lost, lastReadBackAt: null });
    expect(anew).toMatchObject({ kind: 'send', operation: { op: 'read_back' } });
    const third = { ...fresh, phase: 'flattening' as const, round: 4, held };
    const sweeps = nextAction(third, { ...base, flight: none, lastReadBackAt: null });
    expect(sweeps).toMatchObject({ kind: 'send', operation: { op: 'flatten' } });
    const record = {
      at: hour,
      round: 1,
      items: [{ kind: 'engine', id: 'e', outcome: 'rejected' }],
    };
    const refused = { ...fresh, block: record as never, blockTries: 1 };
    const blocks = nextAction(refused, { ...base, flight: none, lastReadBackAt: null });
    expect(blocks).toMatchObject({ kind: 'send', operation: { op: 'block' } });
  });
});
