import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { createInbox, headers, type NatsConnection } from '@nats-io/transport-node';

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
  let most = REFUSED_MAX;
  return async (after) => {
    if (after !== place) [place, count, most] = [after, 0, REFUSED_MAX];
    count += 1;
    if (count < most) return;
    count = 0;
    // Where none of them has it, they are not to be kept from what they can do.
    most *= 2;
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

/** What goes on from there is never taken. */
const NOWHERE = 2 ** 52;
/** One that counts right answers within this also where a disk is slow. */
const ANSWER_WITHIN_MS = 500;
/** How many are proposed to one that does not, and how far apart: what comes after the first answer is one more refused. */
const PROPOSALS_MAX = 500;
const APART_MS = 2;
/** A replica that stands is heard every second; who had no answer for two because of a cut sees it in this. */
const HEARD_WITHIN_NS = 1.5e9;
/** One that was cut off meanwhile must not count on alone: leading again it would be ahead of all others. */
const LOOK_EVERY = 25;

/** Has a stream's leader count on to where it stands. */
export interface Counting {
  /** For who had no answer. One that has begun goes on alone. */
  begin(): void;
  /** What is proposed meanwhile may be let fall. */
  underWay(): boolean;
}

/**
 * A leader of nats-server 2.9 that has led before goes on from where it counted to then, if the stream has
 * not more messages since than that. What was taken and what was refused under other leaders it then
 * lacks, and lets as many proposals fall, without an answer. One that can never be taken does nothing but
 * bring the count on by one. Where it lacks too much for that, it is to step down: another may count right.
 * Nothing is done to a leader without a majority, which has reason to be silent.
 *
 * @param about.subject of the stream, to propose under
 */
export function createCounting(
  connection: NatsConnection,
  about: { readonly stream: string; readonly subject: string },
): Counting {
  const { stream, subject } = about;
  const timeout = ANSWER_WITHIN_MS;
  let under: Promise<void> | null = null;

  async function hasMajority(): Promise<boolean> {
    const manager = await jetstreamManager(connection, { timeout, checkAPI: false });
    const { cluster } = await manager.streams.info(stream);
    const others = cluster?.replicas ?? [];
    const heard = others.filter(({ offline, active }) => !offline && active < HEARD_WITHIN_NS);
    return 1 + heard.length > (others.length + 1) / 2;
  }

  async function countOn(): Promise<void> {
    if (!(await hasMajority())) return;
    const reply = createInbox();
    const expecting = headers();
    expecting.set('Nats-Expected-Last-Sequence', String(NOWHERE));
    const propose = () => connection.publish(subject, '', { headers: expecting, reply });
    const answered = new AbortController();
    const answers = connection.subscribe(reply, { callback: () => answered.abort() });
    const pause = (ms: number) =>
      delay(ms, undefined, { signal: answered.signal }).catch(() => undefined);
    try {
      propose();
      await pause(ANSWER_WITHIN_MS);
      for (let made = 0; made < PROPOSALS_MAX && !answered.signal.aborted; made += 1) {
        if (made % LOOK_EVERY === 0 && !(await hasMajority())) return;
        propose();
        await pause(APART_MS);
      }
    } finally {
      answers.unsubscribe();
    }
    if (!answered.signal.aborted && (await hasMajority())) {
      await stepDown(connection, stream, timeout);
    }
  }

  return {
    begin() {
      under ??= countOn()
        // Not to be reached now: whoever has no answer next begins again.
        .catch(() => undefined)
        .finally(() => {
          under = null;
        });
    },
    underWay: () => under !== null,
  };
}
