import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const ANSWER_WITHIN_MS = 2_000;

/**
 * What each server says of a stream, and of a text that goes on from where it says that it ends; or why it
 * says nothing: for who looks at a fault. Of a log, such a text is passed over.
 */
export function describeStream(
  addresses: readonly string[],
  name: string,
): Promise<readonly string[]> {
  return Promise.all(
    addresses.map(async (address) => {
      try {
        const options = { servers: address, ignoreClusterUpdates: true, timeout: ANSWER_WITHIN_MS };
        const connection = await connect({ ...options, reconnect: false });
        try {
          const asking = { checkAPI: false, timeout: ANSWER_WITHIN_MS };
          const manager = await jetstreamManager(connection, asking);
          const { state, cluster } = await manager.streams.info(name);
          const expect = { lastSequence: state.last_seq };
          const client = jetstream(connection, { timeout: ANSWER_WITHIN_MS });
          const taken = await client
            .publish(`${name}.log`, '{}', { expect, retries: 0 })
            .then(({ seq }) => `taken as ${seq}`)
            .catch((error: Error) => error.message);
          return `${address}: ${JSON.stringify({ last: state.last_seq, ...cluster, taken })}`;
        } finally {
          await connection.close();
        }
      } catch (error) {
        return `${address}: ${(error as Error).message}`;
      }
    }),
  );
}
