import type { TelemetryItem } from '../telemetry/types';
import type { Incident } from './state';

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

export interface AnnulmentClock extends Execution {
  /** Until when it may be annulled. */
  readonly until: number;
  /** Time left, ms; 0 once it is over. */
  readonly leftMs: number;
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

/** An engine's report of a fill and of the trade that it ended are this close in time. */
const SAME_FILL_MS = 1_000;

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
    return !same.some((fill) => Math.abs(fill.at - one.at) <= SAME_FILL_MS);
  });
}

/**
 * Executions caught in an incident: those of its time, and of as long before it as a trade may be
 * annulled. The least time left comes first; those that are past it stay, with none left.
 *
 * @param now Unix ms.
 * @param annulmentMs how long after its execution a trade may be annulled.
 */
export function annulment(
  executions: readonly Execution[],
  incident: Pick<Incident, 'opened' | 'resolved'>,
  now: number,
  annulmentMs: number,
): readonly AnnulmentClock[] {
  const from = incident.opened.at - annulmentMs;
  const to = incident.resolved?.at ?? now;
  return distinctExecutions(executions)
    .filter(({ at }) => at >= from && at <= to)
    .map((one) => {
      const until = one.at + annulmentMs;
      return { ...one, until, leftMs: Math.max(0, until - now) };
    })
    .sort((a, b) => Number(a.leftMs === 0) - Number(b.leftMs === 0) || a.until - b.until);
}
