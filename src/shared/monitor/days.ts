import type { EquityReport } from './equity';
import type { ClosedTrade } from './trades';

/** What a trading day came to, up to now or as it ended. */
export interface DayFigures {
  /** `YYYY-MM-DD` in Bogota. */
  readonly day: string;
  /** The model that was live; null where none was, or more than one. */
  readonly model: string | null;
  /** Of the desk, with what is held; null where an engine had no figure or currencies differ. */
  readonly startEquity: number | null;
  readonly endEquity: number | null;
  readonly currency: string | null;
  /** Of the live model, by time of closing. */
  readonly trades: number;
  readonly wins: number;
  /** Net of costs. */
  readonly pnl: number;
}

/** A day with what goes on being added up. */
export interface OpenDay {
  readonly day: string;
  readonly models: readonly (string | null)[];
  readonly engines: Readonly<
    Record<
      string,
      {
        readonly start: number | null;
        readonly end: number | null;
        readonly currency: string | null;
      }
    >
  >;
  readonly trades: number;
  readonly wins: number;
  readonly pnl: number;
}

/** Days kept, the present one included: who was away for longer has no closes of the time. */
const DAYS_KEPT = 10;

/** Each trading day's figures as they come. */
export class DayBook {
  #days = new Map<string, OpenDay>();

  /** @param dayOf the trading day of an instant. */
  constructor(readonly dayOf: (at: number) => string) {}

  equity({ engine, at, equity, dayStart, currency }: EquityReport, model: string | null): void {
    this.#change(this.dayOf(at), model, (day) => {
      const start = day.engines[engine]?.start ?? dayStart ?? equity;
      const figures = { start, end: equity, currency: currency ?? null };
      return { ...day, engines: { ...day.engines, [engine]: figures } };
    });
  }

  trade({ closedAt, pnl }: ClosedTrade, model: string | null): void {
    if (pnl === null) return;
    this.#change(this.dayOf(closedAt), model, (day) => ({
      ...day,
      trades: day.trades + 1,
      wins: day.wins + (pnl > 0 ? 1 : 0),
      pnl: day.pnl + pnl,
    }));
  }

  /** Oldest first. */
  figures(): readonly DayFigures[] {
    return [...this.#days.values()].sort((a, b) => (a.day < b.day ? -1 : 1)).map(figuresOf);
  }

  freeze(): readonly OpenDay[] {
    return [...this.#days.values()];
  }

  restore(days: readonly OpenDay[]): void {
    this.#days = new Map(days.map((day) => [day.day, day]));
  }

  /** Takes another's days where it saw at least as many trades. */
  merge(days: readonly OpenDay[]): void {
    for (const day of days) {
      if (day.trades >= (this.#days.get(day.day)?.trades ?? 0)) this.#days.set(day.day, day);
    }
  }

  #change(day: string, model: string | null, change: (day: OpenDay) => OpenDay): void {
    const known = this.#days.get(day);
    const before = known ?? { day, models: [], engines: {}, trades: 0, wins: 0, pnl: 0 };
    const models = before.models.includes(model) ? before.models : [...before.models, model];
    this.#days.set(day, { ...change(before), models });
    if (known) return;
    const kept = [...this.#days.keys()].sort().slice(-DAYS_KEPT);
    for (const one of this.#days.keys()) if (!kept.includes(one)) this.#days.delete(one);
  }
}

function figuresOf({ day, models, engines, trades, wins, pnl }: OpenDay): DayFigures {
  const all = Object.values(engines);
  const [first] = all;
  const alike = first !== undefined && all.every(({ currency }) => currency === first.currency);
  const sum = (of: 'start' | 'end'): number | null =>
    alike && all.every((one) => one[of] !== null)
      ? all.reduce((total, one) => total + (one[of] as number), 0)
      : null;
  return {
    ...{ day, trades, wins, pnl, model: models.length === 1 ? (models[0] ?? null) : null },
    ...{ startEquity: sum('start'), endEquity: sum('end') },
    currency: alike ? first.currency : null,
  };
}
