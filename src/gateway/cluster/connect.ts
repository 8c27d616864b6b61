import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';

/** Where the servers are, and as whom they are reached. */
export interface Servers {
  readonly servers: readonly string[];
  /** PEM texts; null where the servers are reached in plain text, as on one machine. */
  readonly tls: {
    readonly ca: string;
    readonly cert: string | null;
    readonly key: string | null;
  } | null;
  /** Seed of an NKey; null where the servers ask for none. */
  readonly nkeySeed: string | null;
}

/** Connects to the servers, and for ever again when that is lost. @throws what they say at first */
export function connectTo({ servers, tls, nkeySeed }: Servers): Promise<NatsConnection> {
  return connect({
    ...{ servers: [...servers], maxReconnectAttempts: -1, reconnectTimeWait: 250 },
    ...{ pingInterval: 1_000, maxPingOut: 2, waitOnFirstConnect: false },
    ...(tls && {
      tls: { ca: tls.ca, ...(tls.cert && { cert: tls.cert }), ...(tls.key && { key: tls.key }) },
    }),
    ...(nkeySeed && { authenticator: nkeyAuthenticator(new TextEncoder().encode(nkeySeed)) }),
  });
}
