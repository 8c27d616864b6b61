import {
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import { createCounting, stepDown, watchRefusals } from './leader';

/** Others have written to the stream since the writer looked: what was published is not in it. */
export class MovedOnError extends Error {
  override readonly name = 'MovedOnError';
}

/** The stream did not take what was published, or did not say whether it did. */
export class StreamUnavailableError extends Error {
  override readonly name = 'StreamUnavailableError';
  constructor(
    message: string,
    /** It may be in the stream all the same: only the stream can tell, later. */
    readonly inDoubt: boolean,
  ) {
    super(message);
  }
}

/** A replicated sequence of texts. A text's place is 1, 2, 3 …; none is ever taken away. */
export interface LogStream {
  /**
   * Puts a text right after a place.
   *
   * @returns its place, once a majority of the replicas has it (nats-server 2.9 syncs its files every two minutes).
   * @throws {MovedOnError} when another text is there already.
   * @throws {StreamUnavailableError}
   */
  publish(text: string, after: number): Promise<number>;
  /** Hears each text after a place, in order, for as long as it takes. @returns the way out */
  follow(after: number, hear: (place: number, text: string) => void): () => void;
  /** The last place that is taken. @throws {StreamUnavailableError} */
  last(): Promise<number>;
  /** The text at a place; null where none is. @throws {StreamUnavailableError} */
  at(place: number): Promise<string | null>;
}

export interface StreamOptions {
  readonly name: string;
  /** Copies of a stream that is made here; null makes none. */
  readonly replicas: number | null;
  readonly publishWithinMs: number;
  /** A follower that was cut off looks again after this. */
  readonly retryMs: number;
}

const SUBJECT = 'log';
const TRIES = 3;
/** How often the leader is asked whether it has more than a replica brings. */
const LOOK_EVERY_MS = 1_000;
/** Places that are asked about at once while a long log is read. */
const READ_AHEAD = 64;

/**
 * Opens the desk's stream, and makes it where there is none: on disk, replicated, and from which
 * nothing is deleted, not even by whoever has the account. It is that one stream: one of its name that
 * takes its place, as after a loss of all servers, is neither written to nor followed.
 *
 * @throws {StreamUnavailableError} where no JetStream answers, or there is none and none is made.
 */
export async function openStream(
  connection: NatsConnection,
  options: StreamOptions,
): Promise<LogStream> {
  const { name, publishWithinMs, retryMs } = options;
  const subject = `${name}.${SUBJECT}`;
  const timeout = publishWithinMs;
  const client: JetStreamClient = jetstream(connection, { timeout });
  const manager: JetStreamManager = await jetstreamManager(connection, {
    timeout,
    checkAPI: false,
  });

  /** Makes it where it is not there; several that make it at once may leave one without an answer. */
  async function make(): Promise<void> {
    const { replicas } = options;
    for (let tries = 1; ; tries += 1) {
      try {
        await manager.streams.info(name);
        return;
      } catch (error) {
        if (isNotFound(error) ? replicas === null : tries === TRIES) throw unavailable(error);
      }
      if (replicas === null) continue;
      try {
        await manager.streams.add({
          name,
          subjects: [subject],
          storage: StorageType.File,
          retention: RetentionPolicy.Limits,
          num_replicas: replicas,
          deny_delete: true,
          deny_purge: true,
        });
      } catch (error) {
        if (tries === TRIES) throw unavailable(error);
      }
    }
  }

  /** What is followed now. */
  const open = new Set<ConsumerMessages>();

  /**
   * Has what is followed be asked for anew where it may have been lost. Left to itself the client waits
   * half a minute after a question of its own that was lost, also when the server is there again.
   */
  async function watchConnection(): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') cuts += 1;
      if (type === 'reconnect') for (const messages of open) messages.stop();
    }
  }
  async function watchSilence(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status()) {
      if (type === 'heartbeats_missed') messages.stop();
    }
  }

  /** What was acknowledged here and was not followed yet: it need not be asked for. */
  const acknowledged = new Map<number, string>();

  /** The place that is published for. */
  let awaited: number | null = null;

  async function textAt(seq: number): Promise<string> {
    // The follower may bring a place just before its publisher is answered.
    if (seq === awaited) await new Promise(setImmediate);
    const own = acknowledged.get(seq);
    acknowledged.delete(seq);
    if (own !== undefined) return own;
    const kept = await manager.streams.getMessage(name, { seq });
    if (!kept) throw new Error(`nothing is kept at ${seq}`);
    return kept.string();
  }

  /**
   * Hears what the leader has at each place that is told of. What a replica tells of it may not be there:
   * a server that led, was cut off and comes back hands out, at a place that others have filled since,
   * what it had taken and no majority ever had (nats-server 2.9).
   */
  async function readEach(
    places: AsyncIterable<{ readonly seq: number }> | Iterable<{ readonly seq: number }>,
    stop: () => void,
    hear: (place: number, text: string) => void,
  ): Promise<void> {
    let line = Promise.resolve();
    let ahead = 0;
    for await (const { seq } of places) {
      const reading = textAt(seq);
      ahead += 1;
      line = Promise.all([reading, line]).then(([text]) => {
        ahead -= 1;
        hear(seq, text);
      });
      line.catch(stop);
      if (ahead >= READ_AHEAD) await line;
    }
    await line;
  }

  await make();
  /** How often the connection was lost, and after how many times the stream was seen to be the same. */
  let cuts = 0;
  let seenAfter = 0;
  void watchConnection();

  /** A place that was read here, and the text there. */
  interface Known {
    readonly place: number;
    readonly text: string;
  }
  /** The last one, by which the stream is known again: where several made it at once, replicas tell different times. */
  let known: Known | null = null;
  /** What was asked for last; where it is followed from there, it was what was looked for. */
  let asked: Known | null = null;

  function know(place: number, text: string): void {
    if (place > (known?.place ?? 0)) known = { place, text };
  }

  async function assertSame(): Promise<void> {
    if (seenAfter === cuts) return;
    const after = cuts;
    const expected = known;
    if (expected) {
      const found = await manager.streams
        .getMessage(name, { seq: expected.place })
        .catch((error) => {
          throw new StreamUnavailableError(unavailable(error).message, false);
        });
      if (found?.string() !== expected.text) {
        const message = `the stream ${name} is another one than when this program began: stop it and start it again`;
        throw new StreamUnavailableError(message, false);
      }
    }
    seenAfter = after;
  }

  const lastPlace = async () => (await manager.streams.info(name)).state.last_seq;
  const readAt = async (place: number) =>
    (await manager.streams.getMessage(name, { seq: place }))?.string() ?? null;
  const refused = watchRefusals({
    othersWereFirst: async (after) =>
      (await lastPlace()) > after && (await readAt(after + 1)) !== null,
    stepDown: () => stepDown(connection, name, timeout),
  });
  const counting = createCounting(connection, { stream: name, subject });
  /** After which place something was refused last. */
  let refusedAfter = -1;

  return {
    async publish(text, after) {
      if (counting.underWay()) {
        const message =
          'the replicated log does not answer: its leader is being brought up to date';
        throw new StreamUnavailableError(message, false);
      }
      await assertSame();
      // By the second a server refuses what comes late before it has asked the others.
      const expect = {
        lastSequence: after,
        ...(after !== refusedAfter && { lastSubjectSequence: after }),
      };
      awaited = after + 1;
      try {
        const ack = await client.publish(subject, text, {
          expect,
          timeout: publishWithinMs,
          retries: 0,
        });
        acknowledged.set(ack.seq, text);
        know(ack.seq, text);
        const [oldest] = acknowledged.keys();
        if (acknowledged.size > READ_AHEAD && oldest !== undefined) acknowledged.delete(oldest);
        return ack.seq;
      } catch (error) {
        if (isMovedOn(error)) {
          refusedAfter = after;
          void refused(after).catch(() => undefined);
          throw new MovedOnError((error as Error).message);
        }
        const failure = unavailable(error);
        if (failure.inDoubt) counting.begin();
        throw failure;
      } finally {
        awaited = null;
      }
    },
    follow(after, hear) {
      if (asked?.place === after) know(after, asked.text);
      let next = after + 1;
      let stopped = false;
      let leave: (() => void) | null = null;

      function read(place: number, text: string): void {
        if (stopped || place < next) return;
        next = place + 1;
        know(place, text);
        hear(place, text);
      }

      /** A replica may stay behind for good, and say no word of it: the leader tells. */
      function watchLeader(messages: ConsumerMessages): NodeJS.Timeout {
        let missing = 0;
        const look = async () => {
          const { state } = await manager.streams.info(name);
          if (missing === next) messages.stop();
          missing = state.last_seq >= next ? next : 0;
        };
        return setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS);
      }

      void (async () => {
        while (!stopped) {
          try {
            await assertSame();
            const { state } = await manager.streams.info(name);
            await readEach(placesOf(next, state.last_seq), () => undefined, read);
            if (stopped) return;
            const consumer = await client.consumers.get(name, {
              deliver_policy: DeliverPolicy.StartSequence,
              opt_start_seq: next,
              // The texts are the leader's to tell.
              headers_only: true,
            });
            const messages = await consumer.consume({ idle_heartbeat: 1_000 });
            leave = () => messages.stop();
            open.add(messages);
            void watchSilence(messages);
            const watching = watchLeader(messages);
            try {
              await readEach(messages, leave, read);
            } finally {
              clearInterval(watching);
              open.delete(messages);
              void consumer.delete().catch(() => undefined);
            }
          } catch {
            // Not to be reached now: the next look begins where this one ended.
          }
          if (!stopped) await new Promise((again) => setTimeout(again, retryMs));
        }
      })();
      return () => {
        stopped = true;
        leave?.();
      };
    },
    async last() {
      try {
        return await lastPlace();
      } catch (error) {
        throw unavailable(error);
      }
    },
    async at(place) {
      try {
        const text = await readAt(place);
        asked = text === null ? asked : { place, text };
        return text;
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
}

function isNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}

function* placesOf(from: number, to: number): Generator<{ readonly seq: number }> {
  for (let seq = from; seq <= to; seq += 1) yield { seq };
}

function isMovedOn(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false;
  const { StreamWrongLastSequence, StreamWrongLastSequenceUnknown } = JetStreamApiCodes;
  return error.code === StreamWrongLastSequence || error.code === StreamWrongLastSequenceUnknown;
}

/** Nobody there, or a refusal in words, is certain; a silence is not. */
function unavailable(thrown: unknown): StreamUnavailableError {
  // A publish that nobody heard is told of as a JetStream that is not enabled.
  const error = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  const certain =
    error instanceof errors.NoRespondersError ||
    (error instanceof errors.RequestError && error.isNoResponders()) ||
    error instanceof JetStreamApiError;
  const message = error instanceof Error ? error.message : String(error);
  return new StreamUnavailableError(`the replicated log does not answer: ${message}`, !certain);
}
