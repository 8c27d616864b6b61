import { connect, type NatsConnection } from '@nats-io/transport-node';

/** A server that takes a connection and says nothing for so long is passed over for the next one. */
const ANSWERS_WITHIN_MS = 2_000;

/** Connects to the servers, and for ever again when that is lost. */
export function connectTo({
  servers,
}: {
  readonly servers: readonly string[];
}): Promise<NatsConnection> {
  return connect({
    ...{ servers: [...servers], maxReconnectAttempts: -1, reconnectTimeWait: 250 },
    ...{ pingInterval: 1_000, maxPingOut: 2, waitOnFirstConnect: false },
    timeout: ANSWERS_WITHIN_MS,
  });
}
