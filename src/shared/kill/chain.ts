import { assertNever } from '../assert';
import type { KillStep } from '../ops/events';
import type { OpItem } from '../protocol/engine';
import type { Position, WorkingOrder } from '../telemetry/types';

/**
 * The kill chain of one engine: block → cancel → flatten → read back, until it is proven flat.
 *
 * It is a fold over the log, so that gateway, terminal and tests hold the same state, and a gateway
 * that died at any step takes it up again. What is sent next is decided in `driver.ts`.
 */
export interface EngineChain {
  readonly engine: string;
  /** The kill that drives the chain, and kills that came later and joined it. */
  readonly commandId: string;
  readonly joined: readonly string[];
  readonly closePositions: boolean;
  readonly startedAt: number;
  readonly phase: ChainPhase;
  /** Counts sweeps: a new round cancels and flattens again what a read-back has shown. */
  readonly round: number;
  readonly blockTries: number;
  readonly block: StepRecord | null;
  readonly cancel: StepRecord | null;
  readonly flatten: StepRecord | null;
  /** The latest read-back, by this chain. */
  readonly held: Held | null;
  readonly readBacks: number;
  /** Consecutive read-backs that showed nothing; two prove flat. */
  readonly cleanReadBacks: number;
  readonly flatAt: number | null;
  /** The engine's link was lost since it last answered: what is known is old. */
  readonly stale: boolean;
}

/**
 * Where a chain stands. `kept` is the end of a kill asked not to close positions: no working order
 * is left and what is open stays open.
 */
export type ChainPhase =
  | 'blocking'
  | 'cancelling'
  | 'flattening'
  | 'reading_back'
  | 'flat'
  | 'kept';

export interface StepRecord {
  readonly at: number;
  readonly round: number;
  readonly items: readonly OpItem[];
}

export interface Held {
  readonly asOf: number;
  readonly recordedAt: number;
  readonly positions: readonly Position[];
  readonly workingOrders: readonly WorkingOrder[];
  readonly telemetrySeq: number;
}

/** Read-backs with nothing open that prove an engine flat, one after the other. */
export const CLEAN_READ_BACKS_FOR_FLAT = 2;

/** After so many refusals the chain cancels and flattens all the same, and goes on asking to block. */
export const BLOCK_TRIES_BEFORE_GOING_ON = 3;

export function startChain(
  engine: string,
  commandId: string,
  closePositions: boolean,
  at: number,
): EngineChain {
  return {
    engine,
    commandId,
    joined: [],
    closePositions,
    startedAt: at,
    phase: 'blocking',
    round: 1,
    blockTries: 0,
    block: null,
    cancel: null,
    flatten: null,
    held: null,
    readBacks: 0,
    cleanReadBacks: 0,
    flatAt: null,
    stale: false,
  };
}

/**
 * A further kill for an engine whose chain is under way joins it, so that nothing is sold twice; one
 * that asks to close positions makes a chain that kept them go on. A chain that has ended starts anew.
 */
export function joinChain(
  chain: EngineChain,
  commandId: string,
  closePositions: boolean,
  at: number,
): EngineChain {
  if (chain.phase === 'flat' || (chain.phase === 'kept' && !closePositions)) {
    // Rounds keep counting so that operation ids of the new chain never meet the old one's.
    return startChain(chain.engine, commandId, closePositions, at);
  }
  const joined = { ...chain, joined: [...chain.joined, commandId] };
  if (!closePositions || chain.closePositions) return joined;
  return chain.phase === 'kept'
    ? nextRound({ ...joined, closePositions: true })
    : { ...joined, closePositions: true };
}

export function isBlocked(chain: EngineChain): boolean {
  return chain.block?.items.every((item) => item.outcome === 'done') ?? false;
}

export function isProvenFlat(chain: EngineChain): boolean {
  return chain.phase === 'flat' && !chain.stale;
}

/** An engine answered a step. Answers to a step or round that is past are not taken again. */
export function stepSettled(
  chain: EngineChain,
  step: KillStep,
  round: number,
  items: readonly OpItem[],
  at: number,
): EngineChain {
  const record: StepRecord = { at, round, items };
  const answered = { ...chain, stale: false };
  switch (step) {
    case 'block':
      return blockSettled(answered, record);
    case 'cancel':
      if (chain.phase !== 'cancelling' || round !== chain.round) return chain;
      return cancelSettled({ ...answered, cancel: record });
    case 'flatten':
      if (chain.phase !== 'flattening' || round !== chain.round) return chain;
      return { ...answered, flatten: record, phase: 'reading_back', cleanReadBacks: 0 };
    default:
      return assertNever(step);
  }
}

function blockSettled(chain: EngineChain, record: StepRecord): EngineChain {
  const tried = { ...chain, block: record, blockTries: chain.blockTries + 1 };
  if (chain.phase !== 'blocking') return tried;
  const goOn = isBlocked(tried) || tried.blockTries >= BLOCK_TRIES_BEFORE_GOING_ON;
  return goOn ? { ...tried, phase: 'cancelling' } : tried;
}

function cancelSettled(chain: EngineChain): EngineChain {
  const surelyGone = chain.cancel?.items.every(
    (item) => item.outcome === 'done' || item.outcome === 'skipped',
  );
  // An order that may still be working could close the position by itself: look before flattening.
  if (chain.closePositions && surelyGone && chain.round === 1)
    return { ...chain, phase: 'flattening' };
  return { ...chain, phase: 'reading_back', cleanReadBacks: 0 };
}

/**
 * An engine was read back.
 *
 * @param sweepAgain the driver's decision (recorded with the event) that what is left will not go by
 * itself: orders are cancelled again, or, with no working order left, positions flattened again.
 */
export function readBack(chain: EngineChain, held: Held, sweepAgain: boolean): EngineChain {
  if (chain.phase !== 'reading_back' && chain.phase !== 'flat' && chain.phase !== 'kept')
    return chain;
  const seen = { ...chain, held, readBacks: chain.readBacks + 1, stale: false };
  const ordersLeft = held.workingOrders.length > 0;
  const positionsLeft = held.positions.length > 0;
  if (!chain.closePositions && !ordersLeft) return { ...seen, phase: 'kept', cleanReadBacks: 0 };
  if (!ordersLeft && !positionsLeft) return cleanlyRead(seen, held.recordedAt);
  const dirty: EngineChain = { ...seen, phase: 'reading_back', cleanReadBacks: 0, flatAt: null };
  if (!sweepAgain) return dirty;
  if (ordersLeft) return nextRound(dirty);
  const flattenedThisRound = chain.flatten?.round === chain.round;
  return {
    ...dirty,
    round: flattenedThisRound ? chain.round + 1 : chain.round,
    phase: 'flattening',
  };
}

function cleanlyRead(chain: EngineChain, at: number): EngineChain {
  const cleanReadBacks = chain.cleanReadBacks + 1;
  if (cleanReadBacks < CLEAN_READ_BACKS_FOR_FLAT) {
    return { ...chain, cleanReadBacks, phase: 'reading_back', flatAt: null };
  }
  return { ...chain, cleanReadBacks, phase: 'flat', flatAt: chain.flatAt ?? at };
}

function nextRound(chain: EngineChain): EngineChain {
  return { ...chain, round: chain.round + 1, phase: 'cancelling', cleanReadBacks: 0, flatAt: null };
}

/** Newer news than the last read-back shows something open: look again before saying anything. */
export function reopened(chain: EngineChain): EngineChain {
  if (chain.phase === 'flat' || chain.phase === 'kept' || chain.phase === 'reading_back') {
    return { ...chain, phase: 'reading_back', cleanReadBacks: 0, flatAt: null };
  }
  return chain;
}

/** The engine's link was lost: what was read back is old, and a flat engine is to be read again. */
export function linkLost(chain: EngineChain): EngineChain {
  return { ...reopened(chain), stale: true };
}
