import type { EngineChain } from '@shared/kill/chain';
import { isBlocked } from '@shared/kill/chain';

export const CHAIN_STEPS = ['block', 'cancel', 'close', 'check', 'latch'] as const;
export type ChainStepName = (typeof CHAIN_STEPS)[number];
export type ChainStepState = 'done' | 'active' | 'pending' | 'problem' | 'skipped';

export interface ChainStepView {
  readonly name: ChainStepName;
  readonly state: ChainStepState;
  /** Milliseconds from the start of the chain to the step's answer. */
  readonly tookMs: number | null;
}

/** A chain as the five steps that the screen draws. */
export function chainSteps(chain: EngineChain): readonly ChainStepView[] {
  const ended = chain.phase === 'flat' || chain.phase === 'kept';
  const took = (at: number | null | undefined): number | null =>
    at === null || at === undefined ? null : Math.max(0, at - chain.startedAt);
  const state = (active: boolean, answered: boolean, clean: boolean): ChainStepState => {
    if (active) return 'active';
    if (!answered) return 'pending';
    return clean ? 'done' : 'problem';
  };
  const clean = (step: EngineChain['cancel']): boolean =>
    ended ||
    (step?.items.every((item) => item.outcome === 'done' || item.outcome === 'skipped') ?? false);
  const { phase, block, cancel, flatten, held } = chain;
  const close: ChainStepState = chain.closePositions
    ? state(phase === 'flattening', flatten !== null || phase === 'flat', clean(flatten))
    : 'skipped';
  return [
    {
      name: 'block',
      state: state(phase === 'blocking', block !== null, isBlocked(chain)),
      tookMs: took(block?.at),
    },
    {
      name: 'cancel',
      state: state(phase === 'cancelling', cancel !== null, clean(cancel)),
      tookMs: took(cancel?.at),
    },
    { name: 'close', state: close, tookMs: took(flatten?.at) },
    {
      name: 'check',
      state: state(phase === 'reading_back', ended && !chain.stale, true),
      tookMs: took(held?.recordedAt),
    },
    {
      name: 'latch',
      state: ended && !chain.stale && isBlocked(chain) ? 'done' : 'pending',
      tookMs: took(chain.flatAt),
    },
  ];
}
