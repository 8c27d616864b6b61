import type { TelemetryItem } from '../telemetry/types';

/** One side of a trade as it was executed. */
export interface Execution {
  readonly id: string;
  readonly engine: string;
  readonly instrument: string;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly price: number | null;
  /** Unix ms by the engine's clock. */
  readonly at: number;
}

/** What a telemetry item says was executed: a trade has an entry and an exit, an order its fill. */
export function executionsOf(engine: string, item: TelemetryItem): readonly Execution[] {
  if (item.kind === 'order' && item.status === 'filled') {
    const { instrument, side, quantity, price } = item;
    return [{ id: item.orderId, engine, instrument, side, quantity, price, at: item.ts }];
  }
  if (item.kind !== 'trade') return [];
  const { tradeId, instrument, quantity } = item;
  const [entry, exit] =
    item.side === 'long' ? (['buy', 'sell'] as const) : (['sell', 'buy'] as const);
  const about = { engine, instrument, quantity };
  return [
    { ...about, id: `${tradeId}:entry`, side: entry, price: item.entryPrice, at: item.openedAt },
    { ...about, id: `${tradeId}:exit`, side: exit, price: item.exitPrice, at: item.closedAt },
  ];
}

/** Executions kept at most, whatever an engine sends. */
const KEPT = 5_000;
/** An order's fill and a trade's side within this time are one execution, told twice. */
const SAME_MS = 2_000;
const FILLS_KEPT = 100;

/** What was executed lately, each once however often it is told. */
export class ExecutionBook {
  #known = new Map<string, Execution>();
  /** When each engine bought and sold each instrument, the latest. */
  readonly #fills = new Map<string, readonly number[]>();

  take(engine: string, item: TelemetryItem): void {
    for (const one of executionsOf(engine, item)) {
      if (item.kind === 'trade' && this.#hasFill(one)) continue;
      if (item.kind === 'order') this.#fill(one);
      // Engines count trades anew when they start: the time tells them apart.
      this.#known.set(`${engine}:${one.id}:${one.at}`, one);
    }
    if (this.#known.size > KEPT) this.#known = new Map([...this.#known].slice(-KEPT / 2));
  }

  /** Those executed since an instant, Unix ms; forgets the others. */
  since(from: number): readonly Execution[] {
    for (const [key, { at }] of this.#known) if (at < from) this.#known.delete(key);
    return [...this.#known.values()];
  }

  #hasFill({ engine, instrument, side, at }: Execution): boolean {
    const fills = this.#fills.get(`${engine}:${instrument}:${side}`) ?? [];
    return fills.some((filled) => Math.abs(filled - at) <= SAME_MS);
  }

  #fill({ engine, instrument, side, at }: Execution): void {
    const key = `${engine}:${instrument}:${side}`;
    this.#fills.set(key, [...(this.#fills.get(key) ?? []), at].slice(-FILLS_KEPT));
  }
}

/** Each execution once: an engine that reports fills tells of them again in the trades they make. */
export function distinctExecutions(executions: readonly Execution[]): readonly Execution[] {
  const isLeg = ({ id }: Execution) => /:(entry|exit)$/.test(id);
  const keyOf = ({ engine, instrument, side }: Execution) =>
    JSON.stringify([engine, instrument, side]);
  const fills = new Map<string, Execution[]>();
  for (const one of executions) {
    if (isLeg(one)) continue;
    const same = fills.get(keyOf(one));
    if (same) same.push(one);
    else fills.set(keyOf(one), [one]);
  }
  return executions.filter((one) => {
    if (!isLeg(one)) return true;
    const same = fills.get(keyOf(one)) ?? [];
    return !same.some((fill) => Math.abs(fill.at - one.at) <= SAME_MS);
  });
}
