import type { MonitorPolicy } from '../policy/monitor';
import { timeOfDay, tradingDay } from '../time';
import { type DayEquity, drawdown, EquityBook, type EquityReport } from './equity';
import type { Refill } from './refill';
import { TimeRing } from './ring';
import {
  type Expected,
  NOTHING_EXPECTED,
  SlowBook,
  type SlowFigures,
  type SlowSamples,
} from './slow';
import { chanceOfRun, nearestRank, p99Allows, wilsonLower } from './statistics';
import { type ClosedTrade, TradeBook } from './trades';
import { TRIGGERS, type Trigger } from './trigger';
import { type Check, inSession, judgeRate, type Outcome } from './verdict';

/** All triggers at one instant, each found by itself. */
export interface Evaluation {
  readonly at: number;
  readonly model: string | null;
  readonly inSession: boolean;
  readonly enhanced: boolean;
  readonly checks: Readonly<Record<Trigger, Check>>;
  /** Median of the latencies of the P99's window, ms; it triggers nothing. Null without samples. */
  readonly latencyP50: number | null;
  /** Share of the latest trades that won; null with too few. */
  readonly winRate: number | null;
  /** Samples left out: of another model, from the future, without a figure. */
  readonly ignored: number;
  /** A window was filled in and is not whole yet. */
  readonly partial: boolean;
  readonly slow: SlowFigures;
}

/** What the monitor remembers of the model that is live, and what it makes of it. */
export interface Health {
  /** @param now the clock's instant: a sample from further ahead of it than is allowed is left out. */
  inference(
    now: number,
    at: number,
    ok: boolean,
    latencyMs: number | null,
    model: string,
    features?: readonly (number | null)[],
  ): void;
  trade(now: number, trade: ClosedTrade, model: string): void;
  equity(report: EquityReport): void;
  /** Another model is live: it is judged by its own samples. Equity is the desk's, and stays. */
  reset(model: string | null, at: number): void;
  /** Limits as they hold from now on. */
  limit(policy: MonitorPolicy, enhanced: boolean): void;
  /** What the live model expects to be given. */
  expect(expected: Expected): void;
  evaluate(now: number): Evaluation;
  /** Whether a trigger would fire just now: asked on arrival, and cheap. */
  crossed(now: number): boolean;
  /** What evaluations are made of as it is now; put together when it is called. */
  freeze(): () => WindowSamples;
  /** Puts samples back, into a health that has none. */
  restore(samples: WindowSamples): void;
  /** The window for another that watches the same. @param limit of samples. */
  window(now: number, limit: number): Omit<Refill, 'from'>;
  /** Takes the window of one that watched all the while. @returns false where it is of another model. */
  refill(window: Refill): boolean;
  /** What is kept of the slow half, with the trades it is made of. */
  freezeSlow(): KeptSlow;
  /** Puts the days back, which are the desk's. */
  restoreDays(kept: Pick<KeptSlow, 'days'>): void;
  /** Puts features and trades back, of the model that is live. */
  restoreSlow(kept: Omit<KeptSlow, 'days'>): void;
}

export interface KeptSlow extends SlowSamples {
  readonly trades: readonly ClosedTrade[];
}

/** The samples behind an evaluation, oldest first, times in Unix ms. */
export interface WindowSamples {
  /** 1 for an error. */
  readonly errors: readonly (readonly [at: number, bad: number])[];
  readonly latencies: readonly (readonly [at: number, ms: number])[];
  readonly trades: readonly ClosedTrade[];
  readonly equity: DayEquity | null;
}

type RateTrigger = MonitorPolicy['triggers']['errorRate'];

const NOT_JUDGED = {
  outcome: 'insufficient',
  literal: false,
  confident: false,
  since: null,
} as const;

/** One in a hundred may be slower than the P99. */
const P99_SHARE = 0.01;
const Q99 = 0.99;
/** Trades that a window file carries. */
const TRADES_IN_FILE = 200;
/** Trades of the live model that outlast a restart. */
const TRADES_KEPT = 1_000;

/** Windows by event time over the live model's samples. Time is only what it is told. */
export function createHealth(first: MonitorPolicy, enhancedFirst = false): Health {
  let policy = first;
  let enhanced = enhancedFirst;
  let model: string | null = null;
  let since = -Infinity;
  let ignored = 0;
  let errors = 0;
  let slow = 0;
  let drawdownFired = false;
  /** Since when the drawdown is above its limit, with the same patience as the trigger. */
  let fallenSince: number | null = null;
  /** Windows are whole from these instants on. */
  let wholeFrom = { errorRate: -Infinity, latencyP99: -Infinity };
  const inferences = new TimeRing();
  const latencies = new TimeRing();
  const trades = new TradeBook();
  const equities = new EquityBook(tradingDay);
  const slowly = new SlowBook();

  const factor = () => (enhanced ? policy.enhancedFactor : 1);
  const limits = () => policy.triggers;

  function evict(now: number): void {
    inferences.evict(now - limits().errorRate.windowMs, (bad) => {
      errors -= bad;
    });
    latencies.evict(now - limits().latencyP99.windowMs, (ms) => {
      if (ms > limits().latencyP99.limit * factor()) slow -= 1;
    });
  }

  function recount(): void {
    slow = 0;
    for (const ms of latencies.values()) if (ms > limits().latencyP99.limit * factor()) slow += 1;
  }

  /** Whether a sample is the live model's, of its own time, and not from the future. */
  function mine(now: number, at: number, of: string): boolean {
    const known = of === model && at >= since && at <= now + policy.futureSkewMs;
    if (!known) ignored += 1;
    return known;
  }

  const isConfident = (bad: number, n: number, share: number, of: RateTrigger): boolean =>
    policy.mode === 'literal' || (bad >= of.minBreaching && wilsonLower(bad, n, of.z) > share);

  function errorRate(): Check {
    const { count } = inferences;
    const value = count === 0 ? null : errors / count;
    const scaled = scale(limits().errorRate, factor());
    const since = () => inferences.excessSince(scaled.limit, (bad) => bad > 0);
    const rate = { n: count, breaching: errors, value, lastSampleAt: lastOf(inferences), since };
    return judgeRate('errorRate', rate, scaled, scaled.limit, policy.mode);
  }

  function latencyP99(): Check {
    const value = nearestRank(latencies.values(), Q99);
    const n = latencies.count;
    const scaled = scale(limits().latencyP99, factor());
    const since = () => latencies.excessSince(P99_SHARE, (ms) => ms > scaled.limit);
    const rate = { n, breaching: slow, value, lastSampleAt: lastOf(latencies), since };
    return judgeRate('latencyP99', rate, scaled, P99_SHARE, policy.mode);
  }

  function consecutiveLosses(): Check {
    const { limit, warning } = {
      limit: Math.max(1, Math.ceil(limits().consecutiveLosses.limit * factor())),
      warning: Math.max(1, Math.ceil(limits().consecutiveLosses.warning * factor())),
    };
    const run = trades.losses();
    const fires = run >= limit;
    const outcome: Outcome =
      trades.count === 0 ? 'insufficient' : fires ? 'breach' : run >= warning ? 'warning' : 'ok';
    const losing = 1 - (trades.winRate(Math.min(trades.count, 100)) ?? 0.5);
    const chance = chanceOfRun(limit, Math.max(trades.count, limit), losing);
    return {
      ...{ trigger: 'consecutiveLosses', outcome, limit, warning },
      ...{ literal: fires, confident: fires, samples: trades.count, breaching: run },
      value: trades.count === 0 ? null : run,
      lastSampleAt: trades.lastAt,
      since: fires ? trades.lossesSince() : null,
      byChance: trades.count === 0 ? null : chance,
      detail: '',
    };
  }

  function dailyDrawdown(now: number): Check {
    const { limit: whole, warning: warn, clearBelow, staleMs } = limits().dailyDrawdown;
    const limit = whole * factor();
    const warning = warn * factor();
    const state = equities.state();
    const fresh = state !== null && now - state.lastAt <= staleMs;
    const value = fresh ? drawdown(state) : null;
    const literal = value !== null && value > limit;
    // A figure that comes and goes about its limit fires once.
    drawdownFired = literal || (drawdownFired && value !== null && value > limit * clearBelow);
    const outcome: Outcome =
      value === null ? 'no_data' : drawdownFired ? 'breach' : value > warning ? 'warning' : 'ok';
    return {
      ...{ trigger: 'dailyDrawdown', outcome, value, limit, warning, literal, confident: literal },
      ...{ samples: state ? 1 : 0, breaching: literal ? 1 : 0 },
      lastSampleAt: state?.lastAt ?? null,
      since: drawdownFired ? (fallenSince ?? state?.lastAt ?? null) : null,
      byChance: null,
      detail: '',
    };
  }

  /** Looks at the drawdown as each report leaves it: a check comes later, and sees the last alone. */
  function noteFall(): void {
    const state = equities.state();
    const fall = state === null ? null : drawdown(state);
    const limit = limits().dailyDrawdown.limit * factor();
    if (fall === null || state === null) return;
    if (fall > limit) fallenSince ??= state.lastAt;
    else if (fall <= limit * limits().dailyDrawdown.clearBelow) fallenSince = null;
  }

  const checkers: Readonly<Record<Trigger, (now: number) => Check>> = {
    dailyDrawdown,
    errorRate,
    latencyP99,
    consecutiveLosses,
  };

  /** Whether a trigger's samples count by an instant: a model that has just gone live starts cold. */
  function isWarm(trigger: Trigger, at: number): boolean {
    return at >= since + limits()[trigger].warmupMs;
  }

  /** Whether samples of a window's time were left out when it was filled in. */
  function isCut(trigger: Trigger, now: number): boolean {
    if (trigger !== 'errorRate' && trigger !== 'latencyP99') return false;
    return now - limits()[trigger].windowMs < wholeFrom[trigger];
  }

  function checkOf(trigger: Trigger, now: number): Check {
    const check = checkers[trigger](now);
    if (isCut(trigger, now)) {
      const detail = 'the window was filled in with its newest samples alone';
      return { ...check, ...NOT_JUDGED, detail };
    }
    if (isWarm(trigger, now)) return check;
    return { ...check, ...NOT_JUDGED };
  }

  return {
    inference(now, at, ok, latencyMs, of, features) {
      if (!mine(now, at, of)) return;
      if (features) slowly.features(at, features);
      if (isWarm('errorRate', at)) {
        inferences.push(at, ok ? 0 : 1);
        if (!ok) errors += 1;
      }
      if (latencyMs === null || !Number.isFinite(latencyMs) || !isWarm('latencyP99', at)) return;
      latencies.push(at, latencyMs);
      if (latencyMs > limits().latencyP99.limit * factor()) slow += 1;
    },
    trade(now, trade, of) {
      if (!mine(now, trade.closedAt, of)) return;
      if (trades.take(trade)) slowly.days.trade(trade, model);
    },
    equity(report) {
      equities.take(report);
      noteFall();
      slowly.days.equity(report, model);
    },
    reset(next, at) {
      if (next === model) return;
      model = next;
      since = at;
      ignored = 0;
      errors = 0;
      slow = 0;
      wholeFrom = { errorRate: -Infinity, latencyP99: -Infinity };
      inferences.clear();
      latencies.clear();
      trades.clear();
      slowly.reset();
      slowly.expect(NOTHING_EXPECTED);
    },
    expect: (expected) => slowly.expect(expected),
    limit(next, isEnhanced) {
      policy = next;
      enhanced = isEnhanced;
      recount();
    },
    evaluate(now) {
      evict(now);
      const checks = Object.fromEntries(
        TRIGGERS.map((trigger) => [trigger, alone(trigger, () => checkOf(trigger, now))]),
      ) as Record<Trigger, Check>;
      return {
        ...{ at: now, model, enhanced, checks, ignored },
        inSession: inSession(policy.session, tradingDay(now), timeOfDay(now)),
        latencyP50: nearestRank(latencies.values(), 0.5),
        winRate: trades.winRate(policy.alerts.winRate.trades),
        partial: TRIGGERS.some((trigger) => isCut(trigger, now)),
        slow: slowly.figures(now, trades.outcomes(), policy.drift),
      };
    },
    crossed(now) {
      evict(now);
      const { errorRate: rate, latencyP99: p99, consecutiveLosses: run } = limits();
      const { count } = inferences;
      const share = rate.limit * factor();
      const failing = count >= rate.minSamples && errors > count * share;
      if (failing && !isCut('errorRate', now) && isConfident(errors, count, share, rate))
        return true;
      const n = latencies.count;
      const lagging = n >= p99.minSamples && slow > p99Allows(n);
      if (lagging && !isCut('latencyP99', now) && isConfident(slow, n, P99_SHARE, p99)) return true;
      const losing = trades.losses() >= Math.max(1, Math.ceil(run.limit * factor()));
      if (losing && isWarm('consecutiveLosses', now)) return true;
      if (!isWarm('dailyDrawdown', now)) return false;
      const state = equities.state();
      const fall = state === null ? null : drawdown(state);
      return fall !== null && fall > limits().dailyDrawdown.limit * factor();
    },
    freeze() {
      const failures = inferences.freeze();
      const timed = latencies.freeze();
      const rest = { trades: trades.latest(TRADES_IN_FILE), equity: equities.state() };
      return () => ({ errors: failures(), latencies: timed(), ...rest });
    },
    restore(samples) {
      for (const [at, bad] of samples.errors) {
        inferences.push(at, bad);
        errors += bad;
      }
      for (const [at, ms] of samples.latencies) latencies.push(at, ms);
      for (const trade of samples.trades) trades.take(trade);
      if (samples.equity) equities.restore(samples.equity);
      noteFall();
      recount();
    },
    window(now, limit) {
      evict(now);
      const each = Math.floor(limit / 2);
      return {
        ...{ model, since: Math.max(0, since), equity: equities.state() },
        ...{ errors: inferences.latest(each), latencies: latencies.latest(each) },
        ...{ errorsCut: inferences.count > each, latenciesCut: latencies.count > each },
        slow: { ...slowly.freeze(), trades: trades.latest(TRADES_KEPT) },
      };
    },
    refill(window) {
      if (window.model !== model || window.since !== Math.max(0, since)) return false;
      wholeFrom = {
        errorRate: window.errorsCut ? (window.errors[0]?.[0] ?? -Infinity) : -Infinity,
        latencyP99: window.latenciesCut ? (window.latencies[0]?.[0] ?? -Infinity) : -Infinity,
      };
      replace(inferences, window.errors, window.from);
      replace(latencies, window.latencies, window.from);
      errors = inferences.values().reduce((sum, bad) => sum + bad, 0);
      recount();
      for (const trade of window.slow.trades) trades.take(trade);
      if (window.equity) equities.atLeast(window.equity);
      slowly.days.merge(window.slow.days);
      slowly.restoreFeatures(window.slow.features);
      return true;
    },
    freezeSlow: () => ({ ...slowly.freeze(), trades: trades.latest(TRADES_KEPT) }),
    restoreDays: ({ days }) => slowly.days.restore(days),
    restoreSlow(kept) {
      slowly.restoreFeatures(kept.features);
      for (const trade of kept.trades) trades.take(trade);
    },
  };
}

/** Puts in a ring what came from `from` on, and keeps what it had from before. */
function replace(ring: TimeRing, samples: Refill['errors'], from: number): void {
  const before = ring
    .freeze()()
    .filter(([at]) => at < from);
  ring.clear();
  for (const [at, value] of before) ring.push(at, value);
  for (const [at, value] of samples) if (at >= from) ring.push(at, value);
}

function lastOf(ring: TimeRing): number | null {
  return ring.count === 0 ? null : ring.lastAt;
}

function scale<Limits extends { readonly limit: number; readonly warning: number }>(
  limits: Limits,
  factor: number,
): Limits {
  return { ...limits, limit: limits.limit * factor, warning: limits.warning * factor };
}

/** A trigger whose arithmetic fails says so, and the others go on. */
function alone(trigger: Trigger, check: () => Check): Check {
  try {
    return check();
  } catch (error) {
    return {
      ...{ trigger, outcome: 'error', value: null, limit: 0, warning: 0 },
      ...{ literal: false, confident: false, samples: 0, breaching: 0, lastSampleAt: null },
      ...{ since: null, byChance: null },
      detail: (error as Error).message,
    };
  }
}
