import type { EngineChain, StepRecord } from '@shared/kill/chain';
import type { EngineRecord } from '@shared/ops/state';

/** Something a kill has not closed, or of which it is not known that it did. */
export interface Left {
  readonly key: string;
  readonly engine: string;
  readonly kind: 'order' | 'position' | 'engine' | 'model';
  readonly name: string;
  readonly notional: number | null;
  readonly currency: string | null;
  readonly outcome: 'open' | 'rejected' | 'unknown';
  readonly detail: string | null;
}

/** What is left of one engine: the last read-back if there is one, else the answers of the steps. */
export function leftOf(engine: EngineRecord, chain: EngineChain): readonly Left[] {
  if (chain.phase === 'flat') return [];
  const answered = Math.max(chain.cancel?.at ?? 0, chain.flatten?.at ?? 0);
  if (chain.held && chain.held.recordedAt >= answered) return heldLeft(engine, chain.held);
  return [chain.block, chain.cancel, chain.flatten].flatMap((step) => stepLeft(engine, step));
}

function heldLeft(engine: EngineRecord, held: NonNullable<EngineChain['held']>): readonly Left[] {
  const orders = held.workingOrders.map((order) => ({
    key: `${engine.id}/order/${order.id}`,
    engine: engine.id,
    kind: 'order' as const,
    name: `${order.instrument} ${order.id}`,
    notional: order.price === null ? null : order.price * (order.quantity - order.filled),
    currency: null,
    outcome: 'open' as const,
    detail: null,
  }));
  const positions = held.positions.map((position) => ({
    key: `${engine.id}/position/${position.id}`,
    engine: engine.id,
    kind: 'position' as const,
    name: `${position.instrument} ${position.id}`,
    notional: position.notional,
    currency: position.currency,
    outcome: 'open' as const,
    detail: null,
  }));
  return [...orders, ...positions];
}

function stepLeft(engine: EngineRecord, step: StepRecord | null): readonly Left[] {
  return (step?.items ?? []).flatMap((item) =>
    item.outcome === 'rejected' || item.outcome === 'unknown'
      ? [
          {
            key: `${engine.id}/${item.kind}/${item.id}`,
            engine: engine.id,
            kind: item.kind,
            name: item.instrument ? `${item.instrument} ${item.id}` : item.id,
            notional: item.notional ?? null,
            currency: item.currency ?? null,
            outcome: item.outcome,
            detail: item.detail ?? null,
          },
        ]
      : [],
  );
}

/** What is left in money, by currency; orders without a notional make it incomplete. */
export function sumLeft(left: readonly Left[]): {
  readonly notional: readonly { readonly currency: string; readonly amount: number }[];
  readonly incomplete: boolean;
} {
  const sums = new Map<string, number>();
  let incomplete = false;
  for (const one of left) {
    if (one.notional === null || one.currency === null) incomplete = true;
    else sums.set(one.currency, (sums.get(one.currency) ?? 0) + one.notional);
  }
  return { notional: [...sums].map(([currency, amount]) => ({ currency, amount })), incomplete };
}
