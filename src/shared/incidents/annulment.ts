import { distinctExecutions, type Execution } from './executions';
import type { Incident } from './state';

export interface AnnulmentClock extends Execution {
  /** Until when it may be annulled. */
  readonly until: number;
  /** Time left, ms; 0 once it is over. */
  readonly leftMs: number;
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
