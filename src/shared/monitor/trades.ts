/** A closed trade as far as the monitor cares. */
export interface ClosedTrade {
  readonly id: string;
  readonly closedAt: number;
  /** Net of costs; null where the engine has no figure. */
  readonly pnl: number | null;
}

/** Trades kept beyond the run of losses at their end. */
const KEPT = 2_000;

/** The trades of one deployment by their time of closing, each once however often it is reported. */
export class TradeBook {
  #trades: ClosedTrade[] = [];
  readonly #ids = new Set<string>();

  get count(): number {
    return this.#trades.length;
  }

  get lastAt(): number | null {
    return this.#trades.at(-1)?.closedAt ?? null;
  }

  /** @returns false for one that was known, or has no result. */
  take(trade: ClosedTrade): boolean {
    if (trade.pnl === null || !Number.isFinite(trade.pnl) || this.#ids.has(trade.id)) return false;
    this.#ids.add(trade.id);
    let place = this.#trades.length;
    while (place > 0 && (this.#trades[place - 1] as ClosedTrade).closedAt > trade.closedAt) {
      place -= 1;
    }
    this.#trades.splice(place, 0, trade);
    if (this.#trades.length > KEPT * 2 && this.losses() < KEPT) {
      for (const { id } of this.#trades.splice(0, KEPT)) this.#ids.delete(id);
    }
    return true;
  }

  /** Losses in a row up to now. A trade that made nothing ends a run. */
  losses(): number {
    let run = 0;
    for (let at = this.#trades.length - 1; at >= 0; at -= 1) {
      if (((this.#trades[at] as ClosedTrade).pnl as number) >= 0) break;
      run += 1;
    }
    return run;
  }

  /** When the first of {@link losses} closed; null while there is none. */
  lossesSince(): number | null {
    return this.#trades[this.#trades.length - this.losses()]?.closedAt ?? null;
  }

  /** Share of the latest `count` trades that won; null for fewer. */
  winRate(count: number): number | null {
    if (this.#trades.length < count) return null;
    const latest = this.#trades.slice(-count);
    return latest.filter(({ pnl }) => (pnl as number) > 0).length / count;
  }

  /** Whether each trade lost, in the order of closing. */
  outcomes(): readonly boolean[] {
    return this.#trades.map(({ pnl }) => (pnl as number) < 0);
  }

  latest(count: number): readonly ClosedTrade[] {
    return this.#trades.slice(-count);
  }

  clear(): void {
    this.#trades = [];
    this.#ids.clear();
  }
}
