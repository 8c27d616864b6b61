import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { seal, sealedSchema, unseal } from '../../node/sealed';

const ANSWER_WITHIN_MS = 2_000;
const MAKING_MS = 3_000;

/** Texts under keys at the servers. Every call is answered by the leader of the replicas, or throws. */
export interface TextBucket {
  /** Null where nothing is. */
  get(key: string): Promise<string | null>;
  /** Resolves once a majority of the replicas has it. Nothing tells whether one that throws was taken. */
  put(key: string, text: string): Promise<void>;
  /** Leaves nothing of it at the servers. */
  remove(key: string): Promise<void>;
  keys(): Promise<readonly string[]>;
}

/** Makes a bucket where it is not there yet. @throws when no server answers in time */
export async function makeBucket(
  connection: NatsConnection,
  bucket: string,
  replicas: number,
): Promise<void> {
  const kvm = new Kvm(jetstream(connection, { timeout: MAKING_MS }));
  const make = () => kvm.create(bucket, { replicas, history: 1 });
  // Of two that make it at once a server may leave one without an answer; asked again, it is there.
  await make().catch(make);
}

/**
 * A bucket of that name, made where it is not there yet.
 *
 * @throws when no server answers in time
 */
export async function openTextBucket(
  connection: NatsConnection,
  bucket: string,
  replicas: number,
): Promise<TextBucket> {
  const name = `KV_${bucket}`;
  const prefix = `$KV.${bucket}.`;
  await makeBucket(connection, bucket, replicas);
  const options = { timeout: ANSWER_WITHIN_MS };
  const client = jetstream(connection, options);
  const manager = await jetstreamManager(connection, { ...options, checkAPI: false });
  return {
    async get(key) {
      const kept = await manager.streams.getMessage(name, { last_by_subj: prefix + key });
      // Who deletes by hand leaves an empty message.
      return kept?.string() || null;
    },
    async put(key, text) {
      await client.publish(prefix + key, text);
    },
    async remove(key) {
      await manager.streams.purge(name, { filter: prefix + key });
    },
    async keys() {
      const { state } = await manager.streams.info(name, { subjects_filter: `${prefix}>` });
      return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
    },
  };
}

/** What stands under a key was not sealed for it by this desk’s key, or was changed. */
export class ForeignError extends Error {
  override readonly name = 'ForeignError';
}

/** Content under keys at the servers, which see nothing of it but the keys and its length. */
export interface SealedBucket {
  /** Null where nothing is. @throws {ForeignError}; what the servers say */
  get(key: string): Promise<Buffer | null>;
  put(key: string, content: string | Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
  keys(): Promise<readonly string[]>;
}

const valueSchema = sealedSchema.extend({ version: z.literal(1) }).strict();

/** @param secret of 32 bytes, the same at all gateways of the desk */
export function sealBucket(bucket: TextBucket, secret: Uint8Array): SealedBucket {
  return {
    ...bucket,
    async get(key) {
      const text = await bucket.get(key);
      if (text === null) return null;
      try {
        return unseal(valueSchema.parse(JSON.parse(text)), secret, key);
      } catch {
        throw new ForeignError(`${key} was not sealed by this desk’s key`);
      }
    },
    put: (key, content) =>
      bucket.put(key, JSON.stringify({ version: 1, ...seal(content, secret, key) })),
  };
}
