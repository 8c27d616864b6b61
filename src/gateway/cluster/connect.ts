import { connect, type NatsConnection } from '@nats-io/transport-node';

/** Connects to the servers, and for ever again when that is lost. */
export function connectTo({
  servers,
}: {
  readonly servers: readonly string[];
}): Promise<NatsConnection> {
  return connect({
    ...{ servers: [...servers], maxReconnectAttempts: -1, reconnectTimeWait: 250 },
    ...{ pingInterval: 1_000, maxPingOut: 2, waitOnFirstConnect: false },
    // Nobody reads the stack that is otherwise captured for each request.
    noAsyncTraces: true,
  });
}
