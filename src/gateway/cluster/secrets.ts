import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { seal, sealedSchema, unseal } from '../../node/sealed';
import { type SecretName, secretNamed, secretWord } from '../../shared/secrets';

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

/**
 * The bucket of a desk's secrets, made where it is not there yet.
 *
 * @param stream the desk's, after which it is named
 * @throws when no server answers in time
 */
export async function openSecretBucket(
  connection: NatsConnection,
  stream: string,
  replicas: number,
): Promise<TextBucket> {
  const bucket = `${stream}-secrets`;
  const name = `KV_${bucket}`;
  const prefix = `$KV.${bucket}.`;
  const kvm = new Kvm(jetstream(connection, { timeout: MAKING_MS }));
  const make = () => kvm.create(bucket, { replicas, history: 1 });
  // Of two that make it at once a server may leave one without an answer; asked again, it is there.
  await make().catch(make);
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

/** What stands under a secret's name was not sealed by this desk's key for it, or was changed. */
export class ForeignSecretError extends Error {
  override readonly name = 'ForeignSecretError';
}

/** A desk's secrets at the servers, which see nothing of them but their names and lengths. */
export interface SharedSecrets {
  /** Null where nothing is. @throws {ForeignSecretError}; what the servers say */
  get(name: SecretName): Promise<string | null>;
  put(name: SecretName, secret: string): Promise<void>;
  remove(name: SecretName): Promise<void>;
  names(): Promise<readonly SecretName[]>;
}

const valueSchema = sealedSchema.extend({ version: z.literal(1) }).strict();

/** @param key of 32 bytes, the same at all gateways of the desk */
export function sealSecrets(bucket: TextBucket, key: Uint8Array): SharedSecrets {
  return {
    async get(name) {
      const word = secretWord(name);
      const text = await bucket.get(word);
      if (text === null) return null;
      try {
        return unseal(valueSchema.parse(JSON.parse(text)), key, word).toString('utf8');
      } catch {
        throw new ForeignSecretError(`${word} was not sealed by this desk’s key`);
      }
    },
    put(name, secret) {
      const word = secretWord(name);
      return bucket.put(word, JSON.stringify({ version: 1, ...seal(secret, key, word) }));
    },
    remove: (name) => bucket.remove(secretWord(name)),
    names: async () => (await bucket.keys()).flatMap((word) => secretNamed(word) ?? []),
  };
}
