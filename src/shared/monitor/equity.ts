/** Equity of a desk within its trading day. */
export interface DayEquity {
  readonly day: string;
  readonly peak: number;
  readonly current: number;
  readonly lastAt: number;
}

export interface EquityReport {
  readonly engine: string;
  readonly at: number;
  /** With unrealised PnL; null where the engine has no figure. */
  readonly equity: number | null;
  /** Its equity as its day began, and the day's peak, as it reports them. */
  readonly dayStart: number | null;
  readonly dayPeak: number | null;
  readonly currency?: string;
}

/**
 * The desk's equity and its peak within the trading day: what is held is in it, and so is the
 * equity with which the day began.
 */
export class EquityBook {
  readonly #engines = new Map<string, number | null>();
  #day = '';
  #peak = 0;
  #lastAt = -Infinity;
  #floor: Pick<DayEquity, 'day' | 'peak'> = { day: '', peak: 0 };

  /** @param dayOf the trading day of an instant. */
  constructor(readonly dayOf: (at: number) => string) {}

  take(report: EquityReport): void {
    const { engine, at, equity, dayStart, dayPeak } = report;
    if (at < this.#lastAt) return;
    const day = this.dayOf(at);
    const began = day !== this.#day;
    const known = this.#engines.get(engine) != null;
    this.#engines.set(engine, equity);
    this.#lastAt = at;
    const total = this.#total();
    if (total === null || equity === null) return;
    const best = Math.max(equity, dayStart ?? equity, dayPeak ?? equity);
    if (began) this.#peak = total - equity + best;
    // An engine that joins brings the peak of its own day.
    else if (!known) this.#peak += best;
    else this.#peak = Math.max(this.#peak, total);
    this.#day = day;
  }

  /** Null while an engine has no figure, or none has reported. */
  state(): DayEquity | null {
    const current = this.#total();
    if (current === null || this.#day === '' || this.#engines.size === 0) return null;
    const seen = this.#floor.day === this.#day ? Math.max(this.#floor.peak, current) : current;
    const peak = Math.max(this.#peak, seen);
    return { day: this.#day, peak, current, lastAt: this.#lastAt };
  }

  /** Another saw the desk this high on that day: the peak is no lower. */
  atLeast({ day, peak }: Pick<DayEquity, 'day' | 'peak'>): void {
    this.#floor =
      day === this.#floor.day ? { day, peak: Math.max(peak, this.#floor.peak) } : { day, peak };
  }

  /** Puts a desk's day back as it was, as of one engine. */
  restore({ day, peak, current, lastAt }: DayEquity): void {
    this.#engines.set('', current);
    this.#day = day;
    this.#peak = peak;
    this.#lastAt = lastAt;
  }

  #total(): number | null {
    let sum = 0;
    for (const equity of this.#engines.values()) {
      if (equity === null || !Number.isFinite(equity)) return null;
      sum += equity;
    }
    return sum;
  }
}

/** `(peak − current) / peak`; null where the peak is not above zero. */
export function drawdown({ peak, current }: Pick<DayEquity, 'peak' | 'current'>): number | null {
  return peak > 0 ? (peak - current) / peak : null;
}
