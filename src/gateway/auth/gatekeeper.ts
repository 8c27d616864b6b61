import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { CLOSE } from '../../shared/protocol/wire';
import type { Clock } from '../../shared/time';
import type { GatewayLog } from '../log';
import { type AttemptLimits, Attempts } from './attempts';
import type { Authenticate, Identity } from './authenticate';

export type Channel = 'control' | 'telemetry' | 'engine' | 'rest';

/** Lets in who has a good token, and out who has it no longer. */
export interface Gatekeeper {
  /** `limited` where too many wrong tokens came from that address. */
  admit(
    token: string | undefined,
    remote: string,
    channel: Channel,
  ): Promise<Identity | 'nobody' | 'limited'>;
  /**
   * Cuts a socket within seconds of its token's end.
   *
   * @param holds whether the token still is good, for one that is in no operators' file.
   */
  watch(socket: WebSocket, token: string, holds?: () => boolean): void;
  stop(): void;
}

export interface GatekeeperOptions {
  readonly log: Pick<GatewayLog, 'append'>;
  readonly authenticate: Authenticate;
  readonly limits: AttemptLimits;
  /** How often live sockets' tokens are looked at again, ms. */
  readonly recheckEveryMs: number;
  readonly clock: Clock;
}

/** Failures of one address on one channel are one event at most so often, with their number, ms. */
const RECORD_EVERY_MS = 60_000;
/** How long the other end of a revoked token may take to close, ms. */
const CLOSE_WITHIN_MS = 1_000;

export function createGatekeeper(options: GatekeeperOptions): Gatekeeper {
  const { log, authenticate, limits, clock } = options;
  const attempts = new Attempts();
  const live = new Map<WebSocket, { readonly token: string; readonly holds?: () => boolean }>();
  const failed = new Map<string, { channel: Channel; remote: string; count: number; at: number }>();
  const waits = new Set<NodeJS.Timeout>();
  let stopped = false;

  function record(remote: string, channel: Channel): void {
    const key = `${channel} ${remote}`;
    const before = failed.get(key);
    if (before && clock() - before.at < RECORD_EVERY_MS) {
      before.count += 1;
      return;
    }
    log.append({ type: 'auth.failed', data: { channel, remote, count: (before?.count ?? 0) + 1 } });
    failed.set(key, { channel, remote, count: 0, at: clock() });
  }

  /** Tells of what came within the minute after an event and would else not be told. */
  function settle(): void {
    for (const [key, { channel, remote, count, at }] of failed) {
      if (clock() - at < RECORD_EVERY_MS) continue;
      failed.delete(key);
      if (count > 0) log.append({ type: 'auth.failed', data: { channel, remote, count } });
    }
  }

  async function recheck(): Promise<void> {
    settle();
    // A token is hashed once a round, however many sockets stand on it: each must be cut in time.
    const found = new Map<string, boolean>();
    for (const [socket, { token, holds }] of [...live]) {
      const still = holds ? holds() : (found.get(token) ?? (await isGood(token)));
      if (!holds) found.set(token, still);
      if (!still && !stopped) cut(socket);
    }
  }

  /** A check that fails to be made says nothing against who is inside. */
  const isGood = (token: string): Promise<boolean> =>
    authenticate(token).then(
      (who) => who !== null,
      () => true,
    );

  // SECURITY: who was told to go is not heard any more, and gone soon, whether they go or not.
  function cut(socket: WebSocket): void {
    live.delete(socket);
    socket.removeAllListeners('message');
    socket.close(CLOSE.unauthenticated, 'the token has expired or was revoked');
    const late = setTimeout(() => socket.terminate(), CLOSE_WITHIN_MS);
    socket.once('close', () => clearTimeout(late));
  }

  let checking = false;
  const timer = setInterval(() => {
    if (checking) return;
    checking = true;
    void recheck().finally(() => {
      checking = false;
    });
  }, options.recheckEveryMs);

  const wait = (ms: number) =>
    new Promise<void>((done) => {
      const own = setTimeout(() => {
        waits.delete(own);
        done();
      }, ms);
      waits.add(own);
    });

  return {
    async admit(token, remote, channel) {
      if (token === undefined) {
        record(remote, channel);
        return 'nobody';
      }
      if (authenticate.knows?.(token)) {
        const known = await authenticate(token);
        if (known) return known;
      }
      const treatment = attempts.begin(remote, clock(), limits);
      if (treatment.kind === 'refuse') {
        record(remote, channel);
        return 'limited';
      }
      let who: Identity | null = null;
      try {
        if (treatment.afterMs > 0) await wait(treatment.afterMs);
        who = await authenticate(token).catch(() => null);
      } finally {
        attempts.end(remote, clock(), who !== null);
      }
      if (who) return who;
      record(remote, channel);
      return 'nobody';
    },
    watch(socket, token, holds) {
      live.set(socket, holds ? { token, holds } : { token });
      socket.on('close', () => live.delete(socket));
    },
    stop() {
      stopped = true;
      clearInterval(timer);
      for (const one of waits) clearTimeout(one);
    },
  };
}

/** The token of an `Authorization: Bearer` header. */
export function bearer(header: string | undefined): string | undefined {
  return /^Bearer (.+)$/.exec(header ?? '')?.[1];
}

/** The address at the other end; what a proxy says of another's is not believed. */
export function remoteOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? 'unknown';
}
