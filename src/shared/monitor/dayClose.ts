import type { MonitorPolicy } from '../policy/monitor';
import type { DayFigures } from './days';
import type { DayClosed, MonitorRecord } from './record';
import { dailyReturn, type Sharpe, sharpeOf } from './sharpe';
import type { FeatureDrift } from './slow';
import { isSessionDay } from './verdict';

/** A closed day as it goes into the log, with the features that had drifted by then. */
export type DayClose = Omit<DayClosed, 'seq' | 'at'>;

/**
 * Days that have ended and are not in the log: a machine that was off catches up. A day without
 * trading has no close, since a return of nought on it would be none.
 *
 * @param today the trading day of now.
 */
export function daysToClose(
  figures: readonly DayFigures[],
  { days }: Pick<MonitorRecord, 'days'>,
  features: readonly FeatureDrift[],
  session: MonitorPolicy['session'],
  today: string,
): readonly DayClose[] {
  const last = days.at(-1)?.day ?? '';
  const drifted = features
    .filter(({ outcome }) => outcome === 'drift')
    .map(({ feature, psi }) => ({ feature, psi: psi as number }));
  return figures
    .filter(({ day }) => day < today && day > last && isSessionDay(session, day))
    .map((day) => ({ ...day, drifted }));
}

/** The Sharpe ratio of a model's latest closed days. */
export interface SharpeCheck extends Sharpe {
  readonly outcome: 'no_data' | 'insufficient' | 'ok' | 'warning' | 'critical';
  /** Days that a return was made of. */
  readonly days: number;
}

/** @param days closed days, oldest first; those on which another model was live are left out. */
export function sharpeCheck(
  days: readonly DayClose[],
  model: string | null,
  limits: MonitorPolicy['alerts']['sharpe'],
): SharpeCheck {
  const returns = days
    .filter((day) => model !== null && day.model === model)
    .map(dailyReturn)
    .filter((one) => one !== null)
    .slice(-limits.days);
  const sharpe = sharpeOf(returns);
  const about = { ...sharpe, days: returns.length };
  if (returns.length === 0) return { ...about, outcome: 'no_data' };
  if (returns.length < limits.minDays || sharpe.value === null) {
    return { ...about, outcome: 'insufficient' };
  }
  if (sharpe.value < limits.critical) return { ...about, outcome: 'critical' };
  return { ...about, outcome: sharpe.value < limits.warning ? 'warning' : 'ok' };
}
