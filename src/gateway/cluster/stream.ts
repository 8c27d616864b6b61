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
   * @returns its place, once a majority of the replicas has it on disk.
   * @throws {MovedOnError} when another text is there already.
   * @throws {StreamUnavailableError}
   */
  publish(text: string, after: number): Promise<number>;
  /** Hears each text after a place, in order, for as long as it takes. @returns the way out */
  follow(after: number, hear: (place: number, text: string) => void): () => void;
  /** The last place that is taken. @throws {StreamUnavailableError} */
  last(): Promise<number>;
}

export interface StreamOptions {
  readonly name: string;
  readonly replicas: number;
  readonly publishWithinMs: number;
  /** A follower that was cut off looks again after this. */
  readonly retryMs: number;
}

const SUBJECT = 'log';
/** Places that are asked about at once while a long log is read. */
const READ_AHEAD = 64;

/**
 * Opens the desk's stream, and makes it where there is none: on disk, replicated, and from which
 * nothing is deleted, not even by whoever has the account.
 *
 * @throws {StreamUnavailableError} where no JetStream answers and it is not known to be there.
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

  async function make(): Promise<void> {
    try {
      await manager.streams.info(name);
      return;
    } catch (error) {
      if (!(error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound))
        throw unavailable(error);
    }
    try {
      await manager.streams.add({
        name,
        subjects: [subject],
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        num_replicas: options.replicas,
        deny_delete: true,
        deny_purge: true,
        duplicate_window: 0,
      });
    } catch (error) {
      // Another gateway may have made it in this very moment.
      await manager.streams.info(name).catch(() => {
        throw unavailable(error);
      });
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
      if (type === 'reconnect') for (const messages of open) messages.stop();
    }
  }
  async function watchSilence(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status()) {
      if (type === 'heartbeats_missed') messages.stop();
    }
  }

  /**
   * Hears what the leader has at each place that is told of. What a replica tells of it may not be there:
   * a server that led, was cut off and comes back hands out, at a place that others have filled since,
   * what it had taken and no majority ever had (nats-server 2.9).
   */
  async function readEach(
    messages: ConsumerMessages,
    hear: (place: number, text: string) => void,
  ): Promise<void> {
    let line = Promise.resolve();
    let ahead = 0;
    for await (const { seq } of messages) {
      const reading = manager.streams.getMessage(name, { seq });
      ahead += 1;
      line = Promise.all([reading, line]).then(([kept]) => {
        ahead -= 1;
        if (!kept) throw new Error(`nothing is kept at ${seq}`);
        hear(seq, kept.string());
      });
      line.catch(() => messages.stop());
      if (ahead >= READ_AHEAD) await line;
    }
    await line;
  }

  await make();
  void watchConnection();
  return {
    async publish(text, after) {
      try {
        const ack = await client.publish(subject, text, {
          expect: { lastSequence: after },
          timeout: publishWithinMs,
          retries: 0,
        });
        return ack.seq;
      } catch (error) {
        if (isMovedOn(error)) throw new MovedOnError((error as Error).message);
        throw unavailable(error);
      }
    },
    follow(after, hear) {
      let next = after + 1;
      let stopped = false;
      let leave: (() => void) | null = null;
      void (async () => {
        while (!stopped) {
          try {
            const consumer = await client.consumers.get(name, {
              deliver_policy: DeliverPolicy.StartSequence,
              opt_start_seq: next,
            });
            const messages = await consumer.consume({ idle_heartbeat: 1_000 });
            leave = () => messages.stop();
            open.add(messages);
            void watchSilence(messages);
            await readEach(messages, (place, text) => {
              if (stopped) return;
              next = place + 1;
              hear(place, text);
            });
            open.delete(messages);
            await consumer.delete();
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
        return (await manager.streams.info(name)).state.last_seq;
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
}

function isMovedOn(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false;
  const { StreamWrongLastSequence, StreamWrongLastSequenceUnknown } = JetStreamApiCodes;
  return error.code === StreamWrongLastSequence || error.code === StreamWrongLastSequenceUnknown;
}

/** Nobody there, or a refusal in words, is certain; a silence is not. */
function unavailable(error: unknown): StreamUnavailableError {
  const certain =
    error instanceof errors.NoRespondersError ||
    (error instanceof errors.RequestError && error.isNoResponders()) ||
    error instanceof JetStreamApiError;
  const message = error instanceof Error ? error.message : String(error);
  return new StreamUnavailableError(`the replicated log does not answer: ${message}`, !certain);
}
