import type { NatsConnection } from '@nats-io/transport-node';

/** A writer that is refused asks again a few times a second. */
const REFUSED_MAX = 6;

/**
 * Watches what a stream refuses because it goes on from another place, again and again. After an election
 * a leader of nats-server 2.9 may count ahead of what it has, and refuses the place that is next for ever;
 * another leader counts anew (nats-server pull requests 4365 and 8057). So it is with one that lacks a
 * text that others have: the last ones, or one that it cannot give to who wants to go on.
 *
 * @param stream.othersWereFirst whether something else is there, after a place, which the writer has not come to yet
 * @param stream.stepDown has another server lead it
 * @returns is told after which place something was refused
 */
export function watchRefusals(stream: {
  readonly othersWereFirst: (after: number) => Promise<boolean>;
  readonly stepDown: () => Promise<void>;
}): (after: number) => Promise<void> {
  let place = -1;
  let count = 0;
  return async (after) => {
    count = after === place ? count + 1 : 1;
    place = after;
    if (count < REFUSED_MAX) return;
    count = 0;
    if (!(await stream.othersWereFirst(after))) await stream.stepDown();
  };
}

/** Has the leader of a stream step down; where there is only one server nothing comes of it. */
export async function stepDown(
  connection: NatsConnection,
  stream: string,
  timeout: number,
): Promise<void> {
  await connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, '', { timeout });
}
