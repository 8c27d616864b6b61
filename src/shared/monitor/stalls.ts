import type { MonitorPolicy } from '../policy/monitor';
import type { Clock } from '../time';

/** Whether the monitor's host keeps its time. */
export interface StallWatch {
  /**
   * Called by a timer that is to fire more often than checks do.
   *
   * @returns for how long the host slept or stood still, ms; null where it did not.
   */
  beat(): number | null;
  /** A check ran. */
  checked(): void;
  /** Whether no check has run for so long that the monitor counts as stopped. */
  isStopped(): boolean;
}

/**
 * Two clocks are looked at, since one alone misses something: the uptime of some systems does not
 * count sleep, and a wall clock may be set back.
 *
 * @param uptime milliseconds that never jump.
 */
export function createStallWatch(deps: {
  readonly clock: Clock;
  readonly uptime: Clock;
  readonly policy: () => Pick<MonitorPolicy, 'checkEveryMs' | 'stalls'>;
}): StallWatch {
  const { clock, uptime, policy } = deps;
  let before = { wall: clock(), up: uptime() };
  let checkedAt = before.up;

  return {
    beat() {
      const now = { wall: clock(), up: uptime() };
      const gap = Math.max(now.wall - before.wall, now.up - before.up);
      before = now;
      const { checkEveryMs, stalls } = policy();
      if (gap <= checkEveryMs * stalls.suspendedAfterChecks) return null;
      // Its checks could not run either: they are waited for from now on.
      checkedAt = now.up;
      return gap;
    },
    checked() {
      checkedAt = uptime();
    },
    isStopped: () =>
      uptime() - checkedAt > policy().checkEveryMs * policy().stalls.stoppedAfterChecks,
  };
}
