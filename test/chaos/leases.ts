import { setTimeout as wait } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { LeaseSeen } from './checker';

/** What each server has had of the gateways' leases. */
export interface LeaseWatch {
  /** Each holder of each token once, in the order in which they were seen. */
  readonly seen: readonly LeaseSeen[];
  close(): Promise<void>;
}

const BUCKET = 'vigia-leases';
const SUBJECTS = `$KV.${BUCKET}.`;
/** A lease is renewed twice a second, under its token: what is granted stays longer than this. */
const LOOK_MS = 50;
const ANSWER_WITHIN_MS = 1_000;

/**
 * Follows the bucket of the leases by asking for its last change, at every server: one of the copies answers that
 * can be reached from there. Not by a subscription: one that goes on after the last place it has seen is
 * told nothing of a bucket that lost its end and went on from there, where tokens could come twice.
 */
export async function watchLeases(addresses: readonly string[]): Promise<LeaseWatch> {
  const seen = new Map<string, LeaseSeen>();
  let closed = false;

  const follow = async (address: string) => {
    // It stays with its server.
    const connection = await connect({
      ...{ servers: address, ignoreClusterUpdates: true },
      ...{ maxReconnectAttempts: -1, reconnectTimeWait: LOOK_MS },
    });
    const options = { checkAPI: false, timeout: ANSWER_WITHIN_MS };
    const { direct } = await jetstreamManager(connection, options);
    const look = async () => {
      const last = await direct.getMessage(`KV_${BUCKET}`, { last_by_subj: `${SUBJECTS}>` });
      if (last === null || last.data.length === 0) return;
      const { holder, token } = last.json<{ holder: string | null; token: number | null }>();
      // A grant may stand in one copy alone. A renewal, which tells the token, is of who was answered.
      if (token === null) return;
      const lease = last.subject.slice(SUBJECTS.length);
      const key = JSON.stringify([lease, token, holder]);
      const { seq: revision } = last;
      if (!seen.has(key)) seen.set(key, { lease, holder, token, revision, at: Date.now() });
    };
    const looking = (async () => {
      for (; !closed; await wait(LOOK_MS)) {
        // Not awaited: who was asked may be dead or stopped, or the bucket not be made yet.
        void look().catch(() => undefined);
      }
    })();
    return async () => {
      await looking;
      await connection.close();
    };
  };

  const ends = await Promise.all(addresses.map(follow));
  return {
    get seen() {
      return [...seen.values()];
    },
    async close() {
      closed = true;
      await Promise.all(ends.map((end) => end()));
    },
  };
}
