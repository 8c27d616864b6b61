import type { MonitorPolicy } from '../policy/monitor';
import { wilsonLower } from './statistics';
import type { Trigger } from './trigger';

/**
 * What a check found. `suspect` passes the limit without statistical confidence; `insufficient` and
 * `no_data` are answers of their own, never health.
 */
export type Outcome =
  | 'ok'
  | 'warning'
  | 'suspect'
  | 'breach'
  | 'insufficient'
  | 'no_data'
  | 'error';

/** One trigger at one check. */
export interface Check {
  readonly trigger: Trigger;
  readonly outcome: Outcome;
  /** In the trigger's unit: fraction, ms, count. Null where there is no figure. */
  readonly value: number | null;
  readonly limit: number;
  readonly warning: number;
  /** Whether the limit is passed to the letter, and whether with confidence. */
  readonly literal: boolean;
  readonly confident: boolean;
  readonly samples: number;
  readonly breaching: number;
  readonly lastSampleAt: number | null;
  /** Time of the first sample of what is above the limit, by event time; null while nothing is. */
  readonly since: number | null;
  /** Chance that such a run of losses comes by itself, 0…1; null for the other triggers. */
  readonly byChance: number | null;
  /** What went wrong, for `error` alone. */
  readonly detail: string;
}

interface Rate {
  readonly n: number;
  /** Samples that are bad by themselves: errors, or answers slower than the limit. */
  readonly breaching: number;
  readonly value: number | null;
  readonly lastSampleAt: number | null;
  /** Since when more than the limit allows are bad. */
  readonly since: () => number | null;
}

type RateLimits = Pick<
  MonitorPolicy['triggers']['errorRate'],
  'limit' | 'warning' | 'minSamples' | 'minBreaching' | 'z'
>;

/**
 * Judges a rate of bad samples.
 *
 * @param share the proportion of bad samples that the limit allows: the error rate's own limit, and
 *   0.01 for a P99, of which one sample in a hundred may be above.
 */
export function judgeRate(
  trigger: 'errorRate' | 'latencyP99',
  rate: Rate,
  limits: RateLimits,
  share: number,
  mode: MonitorPolicy['mode'],
): Check {
  const { n, breaching, value, lastSampleAt } = rate;
  const { limit, warning, minSamples, minBreaching, z } = limits;
  const enough = n >= minSamples;
  const literal = enough && value !== null && value > limit;
  const confident = literal && breaching >= minBreaching && wilsonLower(breaching, n, z) > share;
  const common = { trigger, value, limit, warning, literal, confident, samples: n, breaching };
  const check = (outcome: Outcome): Check => ({
    ...common,
    ...{ outcome, lastSampleAt, since: literal ? rate.since() : null, byChance: null, detail: '' },
  });
  if (n === 0 || value === null) return check('no_data');
  if (!enough) return check('insufficient');
  if (mode === 'confident' ? confident : literal) return check('breach');
  if (literal) return check('suspect');
  return check(value > warning ? 'warning' : 'ok');
}

/** Whether a day `YYYY-MM-DD` is one of trading. */
export function isSessionDay(session: MonitorPolicy['session'], day: string): boolean {
  if (session.always) return true;
  if (session.holidays.includes(day)) return false;
  // A date alone is UTC midnight (ECMA-262), so its UTC weekday is the day's own.
  return session.days.includes(new Date(day).getUTCDay() || 7);
}

/** Whether figures are expected at an instant. @param day `YYYY-MM-DD` and @param time `HH:MM:SS` in Bogota. */
export function inSession(session: MonitorPolicy['session'], day: string, time: string): boolean {
  if (session.always) return true;
  const minutes = time.slice(0, 5);
  return isSessionDay(session, day) && minutes >= session.from && minutes <= session.to;
}
