import { setTimeout as delay } from 'node:timers/promises';
import type { TextBucket } from './bucket';
import type { LeaseBucket } from './leases';
import { type LogStream, StreamUnavailableError } from './stream';

/** Something that is opened over and over until it is there. */
export interface Late<Thing> {
  /** What came of the first attempt. */
  readonly first: Promise<Thing>;
  /** Resolves once it is there, however long that takes; never after `stop`. */
  readonly there: Promise<Thing>;
  /** @throws {StreamUnavailableError} while it is not there, with why the last attempt failed */
  now(): Thing;
  /** Ends the attempts, and what is there. */
  stop(): Promise<void>;
}

/** @param close ends it, also where it is there only after the stop */
export function openLate<Thing>(
  open: () => Promise<Thing>,
  retryMs: number,
  close: (thing: Thing) => Promise<void> = async () => undefined,
): Late<Thing> {
  let found: { readonly thing: Thing } | null = null;
  let why = 'the replicated log does not answer yet';
  const stopping = new AbortController();
  const first = open();

  async function until(): Promise<Thing> {
    for (let attempt = first; ; attempt = open()) {
      try {
        const thing = await attempt;
        if (stopping.signal.aborted) {
          await close(thing);
          return await new Promise<never>(() => undefined);
        }
        found = { thing };
        return thing;
      } catch (error) {
        why = (error as Error).message;
        await delay(retryMs, undefined, { signal: stopping.signal }).catch(
          () => new Promise<never>(() => undefined),
        );
      }
    }
  }
  const there = until();
  return {
    first,
    there,
    now() {
      if (!found) throw new StreamUnavailableError(why, false);
      return found.thing;
    },
    async stop() {
      stopping.abort();
      if (found) await close(found.thing);
    },
  };
}

/** A stream that takes and tells nothing before it is there. */
export function lateStream(late: Late<LogStream>): LogStream {
  return {
    publish: async (text, after) => late.now().publish(text, after),
    last: async () => late.now().last(),
    at: async (place) => late.now().at(place),
    follow(after, hear) {
      let stopped = false;
      let leave = () => {};
      void late.there.then((stream) => {
        if (!stopped) leave = stream.follow(after, hear);
      });
      return () => {
        stopped = true;
        leave();
      };
    },
  };
}

/** A bucket of leases of which none is given before it is there. */
export function lateBucket(late: Late<LeaseBucket>): LeaseBucket {
  return {
    put: async (key, text, last) => late.now().put(key, text, last),
    watch: async () => late.now().watch(),
    state: async () => late.now().state(),
  };
}

/** Texts at the servers that nobody has before they are there. */
export function lateTexts(late: Late<TextBucket>): TextBucket {
  return {
    get: async (key) => late.now().get(key),
    put: async (key, text) => late.now().put(key, text),
    remove: async (key) => late.now().remove(key),
    keys: async () => late.now().keys(),
  };
}
