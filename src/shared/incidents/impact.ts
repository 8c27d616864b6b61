import { timeOfDay, tradingDay } from '../time';
import type { Book, Language } from './events';
import type { Incident } from './state';

/** What an incident cost, as far as it was measured. Null is "not known", never zero. */
export interface Impact {
  /** From its opening to its resolution, or until now, ms. */
  readonly durationMs: number;
  /** How long anything was stopped in that time, ms. */
  readonly stoppedMs: number;
  /** Trades that the rate before it would have made while stopped: an estimate. */
  readonly tradesMissed: number | null;
  /** Change of equity by currency from opening to resolution; engines without both figures are left out. */
  readonly pnl: Readonly<Record<string, number>> | null;
  /** Open when it opened. */
  readonly positions: number | null;
  readonly notional: Readonly<Record<string, number>> | null;
}

/**
 * @param books what engines have now, for an incident that goes on.
 * @param now Unix ms.
 */
export function impactOf(incident: Incident, books: readonly Book[], now: number): Impact {
  const { opened, resolved, stoppedSince, tradesPerHour, booksAtOpen } = incident;
  const end = resolved?.at ?? now;
  const stoppedMs = incident.stoppedMs + (stoppedSince === null ? 0 : end - stoppedSince);
  const last = incident.booksAtResolve ?? books;
  return {
    durationMs: Math.max(0, end - opened.at),
    stoppedMs,
    tradesMissed:
      tradesPerHour === null ? null : Math.round((tradesPerHour * stoppedMs) / 3_600_000),
    pnl: pnlBetween(booksAtOpen, last),
    positions: sumOf(booksAtOpen),
    notional: notionalOf(booksAtOpen),
  };
}

function pnlBetween(
  before: readonly Book[],
  after: readonly Book[],
): Readonly<Record<string, number>> | null {
  const sum: Record<string, number> = {};
  for (const { engine, currency, equity } of before) {
    const last = after.find((one) => one.engine === engine);
    if (equity === null || currency === null || last?.currency !== currency) continue;
    if (last.equity === null) continue;
    sum[currency] = (sum[currency] ?? 0) + last.equity - equity;
  }
  return Object.keys(sum).length === 0 ? null : sum;
}

function sumOf(books: readonly Book[]): number | null {
  const known = books.map(({ positions }) => positions);
  if (known.length === 0 || known.includes(null)) return null;
  return known.reduce<number>((sum, one) => sum + (one ?? 0), 0);
}

function notionalOf(books: readonly Book[]): Readonly<Record<string, number>> | null {
  const sum: Record<string, number> = {};
  for (const { notional } of books) {
    if (notional === null) return null;
    for (const [currency, amount] of Object.entries(notional)) {
      sum[currency] = (sum[currency] ?? 0) + amount;
    }
  }
  return books.length === 0 ? null : sum;
}

const WORDS = {
  es: {
    stopped: 'Trading detenido',
    missed: 'Operaciones perdidas (estimación)',
    pnl: 'PnL mientras estuvo abierto',
    positions: 'Posiciones abiertas al inicio',
    none: 'n/d',
    minutes: 'min',
  },
  en: {
    stopped: 'Trading stopped',
    missed: 'Trades missed (estimate)',
    pnl: 'PnL while open',
    positions: 'Positions open at the start',
    none: 'n/a',
    minutes: 'min',
  },
} as const;

/** The impact as lines of text, each a figure with its unit. */
export function impactLines(impact: Impact, language: Language): readonly string[] {
  const words = WORDS[language];
  const figure = (value: number | null) => (value === null ? words.none : String(value));
  const pnl = impact.pnl
    ? Object.entries(impact.pnl).map(([currency, amount]) => `${amount.toFixed(2)} ${currency}`)
    : [words.none];
  return [
    `${words.stopped}: ${Math.round(impact.stoppedMs / 60_000)} ${words.minutes}`,
    `${words.missed}: ${figure(impact.tradesMissed)}`,
    `${words.pnl}: ${pnl.join(', ')}`,
    `${words.positions}: ${figure(impact.positions)}`,
  ];
}

/** `1 h 5 min`, in either language. */
export function durationText(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

/** `YYYY-MM-DD HH:MM` in COT. */
export function momentText(at: number): string {
  return `${tradingDay(at)} ${timeOfDay(at).slice(0, 5)}`;
}
