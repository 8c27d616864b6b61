import { appendKill, givenKillSchema } from '../killLatch';
import type { GatewayLog } from '../log';
import type { Peers } from './peers';

/**
 * Tells the other gateways of a kill as soon as it is given at one, beside the log: while the log takes
 * nothing, an engine is stopped also at a gateway that no terminal reaches. Who hears of it tells it on,
 * once, so that it comes to whoever only one of them reaches.
 */
export function shareKills(log: GatewayLog, peers: Pick<Peers, 'kill' | 'onKill'>): void {
  log.onRecorded((event) => {
    // What is saved comes to each of them with the log.
    if (event.type === 'kill.requested' && !log.isSaved(event)) peers.kill(event);
  });
  peers.onKill((told) => {
    const kill = givenKillSchema.safeParse(told);
    if (kill.success) appendKill(log, kill.data);
  });
}
