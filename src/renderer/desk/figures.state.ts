import type { Scope } from '@shared/protocol/commands';
import type { DeskView, EngineFigures } from '@shared/view/desk';
import { inScopeOf } from './scope.state';

/** What a scope covers, as far as the engines have said. */
export interface ScopeTotals {
  readonly engines: number;
  readonly positions: number;
  /** Sum of notionals by currency, largest first. */
  readonly notional: readonly { readonly currency: string; readonly amount: number }[];
  /** A position without a notional, or an engine that has not told its positions. */
  readonly incomplete: boolean;
  /** Age of the oldest of these figures; null when there is none. */
  readonly ageMs: number | null;
  readonly stale: boolean;
}

export function scopeTotals(view: DeskView, scope: Scope, now: number): ScopeTotals {
  const ids = Object.keys(view.ops.engines).filter((id) => inScopeOf(scope, id));
  const sums = new Map<string, number>();
  let positions = 0;
  let incomplete = false;
  let oldest: number | null = null;
  for (const id of ids) {
    const figures = view.figures[id];
    if (!figures?.positions) {
      incomplete = true;
      continue;
    }
    positions += figures.positions.length;
    if (figures.positionsAt !== null) oldest = Math.min(oldest ?? now, figures.positionsAt);
    for (const position of figures.positions) {
      if (position.notional === null) incomplete = true;
      else sums.set(position.currency, (sums.get(position.currency) ?? 0) + position.notional);
    }
  }
  const notional = [...sums]
    .map(([currency, amount]) => ({ currency, amount }))
    .sort((a, b) => b.amount - a.amount);
  const ageMs = oldest === null ? null : Math.max(0, now - oldest);
  return {
    engines: ids.length,
    positions,
    notional,
    incomplete,
    ageMs,
    stale: linkStale(view) || (ageMs !== null && ageMs > view.policy.figures.staleAfterMs),
  };
}

export interface DayFigures {
  /** PnL of the day over the day's opening equity; null without figures. */
  readonly pnlRatio: number | null;
  /** The worst engine's fall from the day's peak, as a share of it. */
  readonly drawdown: number | null;
  readonly stale: boolean;
}

export function dayFigures(view: DeskView, now: number): DayFigures {
  const all = Object.values(view.figures);
  const currencies = new Set(all.map((figures) => figures.currency));
  const whole = all.filter((one) => one.equity !== null && one.dayStartEquity !== null);
  const start = sum(whole, (one) => one.dayStartEquity);
  const equity = sum(whole, (one) => one.equity);
  const falls = all.flatMap((one) => drawdownOf(one) ?? []);
  return {
    pnlRatio:
      whole.length > 0 && whole.length === all.length && currencies.size === 1 && start > 0
        ? equity / start - 1
        : null,
    drawdown: falls.length > 0 ? Math.max(...falls) : null,
    stale: all.some((one) => isStale(view, one.equityAt, now)),
  };
}

function drawdownOf(figures: EngineFigures): number | null {
  const { equity, dayPeakEquity } = figures;
  if (equity === null || dayPeakEquity === null || dayPeakEquity <= 0) return null;
  return Math.max(0, 1 - equity / dayPeakEquity);
}

export function errorRate(figures: EngineFigures): number | null {
  return figures.inferences > 0 ? figures.inferenceErrors / figures.inferences : null;
}

/** Whether a figure that came at `at` is to be shown grey. */
export function isStale(view: DeskView, at: number | null, now: number): boolean {
  return linkStale(view) || at === null || now - at > view.policy.figures.staleAfterMs;
}

/** The age of the newest thing any engine said. */
export function dataAge(view: DeskView, now: number): number | null {
  const last = Object.values(view.figures).map((figures) => figures.lastItemAt);
  return last.length > 0 ? Math.max(0, now - Math.max(...last)) : null;
}

function linkStale(view: DeskView): boolean {
  return view.link.state !== 'live' || view.telemetryLink !== 'live';
}

function sum(all: readonly EngineFigures[], of: (figures: EngineFigures) => number | null): number {
  return all.reduce((total, one) => total + (of(one) ?? 0), 0);
}
