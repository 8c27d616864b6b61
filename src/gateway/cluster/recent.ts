import type { Clock } from '../../shared/time';
import type { Missed } from '../duties';
import type { GatewayLog } from '../log';

/** Longer than it mostly takes until another gateway acts where one has died, with a server of the log. */
const KEPT_MS = 30_000;

/**
 * What was recorded in the last seconds. The gateway that begins to act tells people of all of it:
 * nobody knows how far the one before it came, and told twice is better than not told.
 */
export function keepRecent(
  log: GatewayLog,
  uptime: Clock,
): { events(): readonly Missed[]; stop(): void } {
  let kept: { readonly at: number; readonly missed: Missed }[] = [];
  const forget = () => {
    const since = uptime() - KEPT_MS;
    kept = kept.filter(({ at }) => at >= since);
  };
  const stop = log.onRecorded((event) => {
    if (kept.length > 1_000) forget();
    kept.push({ at: uptime(), missed: { event, state: log.state() } });
  });
  return {
    events() {
      forget();
      return kept.map(({ missed }) => missed);
    },
    stop,
  };
}
