import type { Bar } from './bars';

/** A repeatable source of numbers in [0, 1). */
export type Random = () => number;

/** Mulberry32, a small public-domain generator: a seed gives the same market everywhere. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const FIVE_MINUTES = 300_000;

/**
 * An endless synthetic USD/COP market in five-minute bars: a random walk around 4,000 whose drift
 * and volatility change with its regime, so that a momentum policy both wins and loses on it.
 */
export function* syntheticMarket(seed: number, from: number): Generator<Bar, never> {
  const random = seededRandom(seed);
  let price = 4_000;
  let drift = 0;
  let volatility = 0.0004;
  for (let t = from; ; t += FIVE_MINUTES) {
    if (random() < 0.03) {
      drift = (random() - 0.5) * 0.0008;
      volatility = 0.0002 + random() * 0.0008;
    }
    const open = price;
    // The sum of uniform numbers is near enough to a normal one for a market made of paper.
    const shock = (random() + random() + random() + random() - 2) * volatility * 1.7;
    const pull = (4_000 - price) / 4_000 / 400;
    const close = open * (1 + drift + shock + pull);
    const spread = Math.abs(close - open) * 0.3 + open * volatility * random();
    price = close;
    yield {
      t,
      open,
      high: Math.max(open, close) + spread,
      low: Math.min(open, close) - spread,
      close,
    };
  }
}
