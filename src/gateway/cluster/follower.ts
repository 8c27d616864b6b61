import { EMPTY_LOG } from '../../shared/log/event';
import { lastIn } from './batch';
import type { LogCopy } from './copy';
import type { Message, Reached } from './reading';
import type { LogStream } from './stream';

/** Messages without events, as signatures are, that may follow one by which a place is known. */
const LOOK_BACK = 16;
export const BEGINNING: Reached = { place: 0, reached: EMPTY_LOG };

/** What follows the stream, and how far what it brought was taken. */
export interface Follower {
  /** How far the stream was taken, and up to which event it was found to be the copy's. */
  at(): Reached;
  moveTo(reached: Reached): void;
  /** Begins from there; what came before is forgotten. */
  follow(from: Reached): void;
  /** Asks for what comes after the last message that was taken, in a moment. */
  again(): void;
  /** What came and was not taken yet, once. */
  drain(): readonly Message[];
  stop(): void;
}

/**
 * Follows the stream. What comes in one turn is told of once, so that it is taken together and what is
 * pending is sealed anew once for all of it.
 */
export function createFollower(
  stream: LogStream,
  options: { readonly retryMs: number; readonly come: () => void },
): Follower {
  let to = BEGINNING;
  let inbox: Message[] = [];
  let leave = () => {};

  function bring(at: number, text: string): void {
    inbox.push({ at, text });
    if (inbox.length === 1) setImmediate(options.come);
  }
  const open = () => {
    leave = stream.follow(to.place, bring);
  };

  return {
    at: () => to,
    moveTo(reached) {
      to = reached;
    },
    follow(from) {
      leave();
      to = from;
      inbox = [];
      open();
    },
    again() {
      leave();
      const soon = setTimeout(open, options.retryMs);
      leave = () => clearTimeout(soon);
    },
    drain() {
      const came = inbox;
      inbox = [];
      return came;
    },
    stop: () => leave(),
  };
}

/** Where the copy was in the stream, if the stream has there what the copy has; else its beginning. */
export async function knownPlace(stream: LogStream, copy: LogCopy): Promise<Reached> {
  const kept = copy.place();
  const least = kept <= (await stream.last()) ? Math.max(0, kept - LOOK_BACK) : kept;
  for (let at = kept; at > least; at -= 1) {
    const there = lastIn((await stream.at(at)) ?? '');
    if (there && copy.hashAt(there.seq) === there.hash) return { place: at, reached: there };
  }
  return BEGINNING;
}
