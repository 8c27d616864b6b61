import { z } from 'zod';
import type { LogEvent } from '../../shared/log/event';
import { appendKill, givenKillSchema } from '../killLatch';
import type { GatewayLog } from '../log';
import type { Peers } from './peers';

const toldSchema = givenKillSchema.extend({ id: z.string(), ts: z.int().nonnegative() });

/** A server that is gone, or a gateway that comes back, may have kept what was told a moment ago from somebody. */
const TELL_EVERY_MS = 500;

/**
 * Tells the other gateways of kills beside the log, as soon as they are given and until they are in it:
 * while the log takes nothing, an engine is stopped also at a gateway that no terminal reaches. Who hears
 * of one tells it on, so that it comes to whoever only one of them reaches. It is one event at all of them.
 *
 * @param latched kills that were put into the log before this
 * @returns the way out
 */
export function shareKills(
  log: GatewayLog,
  peers: Pick<Peers, 'kill' | 'onKill'>,
  latched: readonly LogEvent[],
  tellEveryMs = TELL_EVERY_MS,
): () => void {
  let unsaved = [...latched];
  /** By their commands. The log's state has the latest alone; an old one that is told of late is not a new one. */
  const known = new Set(log.state().kills.map(({ commandId }) => commandId));

  const tellAgain = () => {
    unsaved = unsaved.filter((kill) => !log.isSaved(kill));
    for (const kill of unsaved) peers.kill(kill);
  };
  const telling = setInterval(tellAgain, tellEveryMs);
  const leave = log.onRecorded((event) => {
    if (event.type !== 'kill.requested' || event.commandId === null) return;
    known.add(event.commandId);
    // What is saved comes to each of them with the log.
    if (log.isSaved(event)) return;
    unsaved.push(event);
    peers.kill(event);
  });
  peers.onKill((told) => {
    const kill = toldSchema.safeParse(told);
    if (!kill.success || known.has(kill.data.commandId)) return;
    const { id, ts } = kill.data;
    appendKill(log, kill.data, { id, ts });
  });
  tellAgain();
  return () => {
    clearInterval(telling);
    leave();
  };
}
