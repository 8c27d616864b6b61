import { assertNever } from '../assert';
import type { KillStep } from '../ops/events';
import type { Operation } from '../protocol/engine';
import type { EngineChain, Held } from './chain';
import { isBlocked } from './chain';

/** Times of the kill chain, in milliseconds; from the policy, never from code. */
export interface KillTimes {
  /** Silence after which a sent operation is asked about. */
  readonly askAfterMs: number;
  /** How often it is asked about from then on. */
  readonly askEveryMs: number;
  /** Between two read-backs. */
  readonly readBackEveryMs: number;
  /** How long a read-back is waited for that the engine said it is making. */
  readonly readBackPatienceMs: number;
  /** How long closing orders may work before they are cancelled and sent anew. */
  readonly closeOrderPatienceMs: number;
  /** Wait before round n is swept again: the first value, doubled each round up to the second. */
  readonly sweepBackoffMs: number;
  readonly sweepBackoffMaxMs: number;
  /** Between two read-backs of an engine that is already flat. */
  readonly watchEveryMs: number;
}

/**
 * What this process knows about the operation it has under way for a chain. It is not in the log: a
 * process that starts again does not know what its predecessor sent, and asks.
 */
export type Flight =
  | { readonly kind: 'none' }
  /** Sent by this process, or by one before it; `asked` counts questions since it was sent. */
  | {
      readonly kind: 'sent';
      readonly opId: string;
      readonly at: number;
      readonly accepted: boolean;
      readonly lastAskedAt: number | null;
    };

/** What the driver is to do now for one chain. */
export type ChainAction =
  | { readonly kind: 'send'; readonly opId: string; readonly operation: Operation }
  | { readonly kind: 'ask'; readonly opId: string }
  /** Nothing before `until` (ms), or before news comes when null. */
  | { readonly kind: 'wait'; readonly until: number | null };

export interface ChainContext {
  readonly now: number;
  readonly connected: boolean;
  readonly flight: Flight;
  /**
   * Whether this process has itself begun the chain's present step. When not (it started after the
   * step may have been sent), it asks the engine about the step's id before sending it.
   */
  readonly ownStep: boolean;
  /** When the last read-back of this chain was answered in this process, null before the first. */
  readonly lastReadBackAt: number | null;
  /** Numbers read-backs of this process; they change nothing and need no lasting id. */
  readonly nextReadBackId: string;
  readonly reason: string;
  readonly times: KillTimes;
}

/**
 * The id of a chain's step. It follows from logged facts alone, so a gateway that died after sending
 * and before writing asks about, and if need be sends, the very same operation: the engine's
 * idempotency makes it happen once.
 */
export function stepOpId(chain: EngineChain, step: KillStep): string {
  const count = step === 'block' ? chain.blockTries + 1 : chain.round;
  return `${chain.commandId}:${chain.engine}:${step}:${count}`;
}

/** Decides the next move of a chain. Pure: time, link and what is under way are arguments. */
export function nextAction(chain: EngineChain, context: ChainContext): ChainAction {
  if (!context.connected) return { kind: 'wait', until: null };
  switch (chain.phase) {
    case 'blocking':
      return step(chain, 'block', { op: 'block', reason: context.reason }, context);
    case 'cancelling':
      return step(chain, 'cancel', { op: 'cancel' }, context);
    case 'flattening':
      return step(chain, 'flatten', { op: 'flatten' }, context);
    case 'reading_back':
      return readBackEvery(context.times.readBackEveryMs, chain, context);
    case 'flat':
    case 'kept':
      return readBackEvery(context.times.watchEveryMs, chain, context);
    default:
      return assertNever(chain.phase);
  }
}

function step(
  chain: EngineChain,
  name: KillStep,
  operation: Operation,
  context: ChainContext,
): ChainAction {
  const opId = stepOpId(chain, name);
  const { flight, now, times } = context;
  if (flight.kind === 'sent' && flight.opId === opId) {
    const silentMs = flight.lastAskedAt === null ? times.askAfterMs : times.askEveryMs;
    const askAt = dueAfter(flight.lastAskedAt ?? flight.at, silentMs, now);
    return now >= askAt ? { kind: 'ask', opId } : { kind: 'wait', until: askAt };
  }
  const due = dueAt(chain, name, context);
  if (now < due) return { kind: 'wait', until: due };
  // Blocking twice does no harm and must not wait for an answer; selling twice does.
  if (name !== 'block' && !context.ownStep) return { kind: 'ask', opId };
  return { kind: 'send', opId, operation };
}

/** A refused block is tried again after a pause, and a later sweep waits longer each round. */
function dueAt(chain: EngineChain, name: KillStep, { now, times }: ChainContext): number {
  if (name === 'block') {
    const refused = chain.block && !isBlocked(chain);
    return refused ? dueAfter(chain.block.at, times.sweepBackoffMs, now) : 0;
  }
  if (chain.round <= 2 || !chain.held) return 0;
  const wait = Math.min(times.sweepBackoffMaxMs, times.sweepBackoffMs * 2 ** (chain.round - 3));
  return dueAfter(chain.held.recordedAt, wait, now);
}

/**
 * When something is due that comes `ms` after `at`. A moment that is yet to come says that the clock
 * was put back: nobody knows how long ago it was, so it is due now.
 */
function dueAfter(at: number, ms: number, now: number): number {
  return at > now ? now : at + ms;
}

function readBackEvery(everyMs: number, chain: EngineChain, context: ChainContext): ChainAction {
  const { flight, now, times, lastReadBackAt } = context;
  if (flight.kind === 'sent') {
    // A read-back changes nothing, so a lost one is simply asked for again under a new id.
    const patience = flight.accepted ? times.readBackPatienceMs : times.askEveryMs;
    const lostAt = dueAfter(flight.at, patience, now);
    if (now < lostAt) return { kind: 'wait', until: lostAt };
  } else if (lastReadBackAt !== null && chain.readBacks > 0) {
    const due = dueAfter(lastReadBackAt, everyMs, now);
    if (now < due) return { kind: 'wait', until: due };
  }
  return { kind: 'send', opId: context.nextReadBackId, operation: { op: 'read_back' } };
}

/**
 * Whether what a read-back shows is to be swept again, or left to close by itself for now.
 *
 * Positions with no working order will not close: sweep. Working orders that close are given
 * `closeOrderPatienceMs` since the flatten was answered; any other working order is cancelled.
 */
export function shouldSweepAgain(
  chain: EngineChain,
  held: Pick<Held, 'positions' | 'workingOrders'>,
  now: number,
  times: KillTimes,
): boolean {
  if (held.workingOrders.length > 0) {
    const onlyClosing = held.workingOrders.every((order) => order.purpose === 'close');
    const since = chain.flatten?.at ?? chain.startedAt;
    const waited = now >= dueAfter(since, times.closeOrderPatienceMs, now);
    return !chain.closePositions || !onlyClosing || waited;
  }
  return chain.closePositions && held.positions.length > 0;
}
