import type { OperationsPolicy } from '../shared/policy/operations';
import type { Clock } from '../shared/time';
import type { GatewayMetrics, SocketKind } from './metrics';

export type Limits = OperationsPolicy['limits'];

/** Lets so many through a second on average, and a burst at once. */
export interface Bucket {
  /** False when there is nothing left for it. */
  take(): boolean;
}

/** @param uptime milliseconds that never jump */
export function createBucket(perSecond: number, burst: number, uptime: Clock): Bucket {
  let left = burst;
  let at = uptime();
  return {
    take() {
      const now = uptime();
      left = Math.min(burst, left + ((now - at) / 1_000) * perSecond);
      at = now;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}

/** The part of a socket that is used to count it. */
interface CountedSocket {
  readonly bufferedAmount: number;
  on(event: 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error & { code?: string }) => void): unknown;
}

/** Keeps one client from taking what the others need, and counts what it keeps out. */
export interface Guard {
  /** Why a socket is not admitted; null when it is. */
  hindrance(kind: SocketKind, who: string): string | null;
  /** Counts a socket from here until it closes. */
  count(kind: SocketKind, who: string, socket: CountedSocket): void;
  /** What one client may send, over all its connections together. */
  allowance(kind: SocketKind | 'http', who: string): Bucket;
}

const RATES = {
  control: 'terminalFrames',
  telemetry: 'terminalFrames',
  engine: 'engineFrames',
  http: 'requests',
} as const;

/** How long a socket may take to say who it is for, ms. */
export const HELLO_WITHIN_MS = 5_000;

/** As `ws` says that a frame is over its `maxPayload`. */
const FRAME_TOO_LARGE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';

/**
 * Sockets in all and of one client, and what one client sends. A kill needs none of them: it goes by HTTP too, which is not
 * limited here, and on a socket it is never asked whether there is anything left for it.
 */
export function createGuard(deps: {
  readonly limits: Limits;
  readonly uptime: Clock;
  readonly metrics: GatewayMetrics;
}): Guard {
  const { limits, uptime, metrics } = deps;
  const open = new Map<string, number>();
  const sockets = new Map<CountedSocket, SocketKind>();
  /** As many as there are accounts and engines: a new connection finds what the one before has left. */
  const allowances = new Map<string, Bucket>();
  metrics.readQueues(() => {
    const worst = { control: 0, telemetry: 0, engine: 0 };
    for (const [{ bufferedAmount }, kind] of sockets) {
      worst[kind] = Math.max(worst[kind], bufferedAmount);
    }
    return worst;
  });
  return {
    hindrance(kind, who) {
      // An engine that is kept out cannot be stopped: what terminals take does not count against it.
      const cause =
        kind !== 'engine' && sockets.size >= limits.connections
          ? 'connections'
          : (open.get(`${kind} ${who}`) ?? 0) >= limits.connectionsPerClient
            ? 'connections_of_client'
            : null;
      if (cause !== null) metrics.refused(kind, cause);
      return cause;
    },
    count(kind, who, socket) {
      const key = `${kind} ${who}`;
      sockets.set(socket, kind);
      open.set(key, (open.get(key) ?? 0) + 1);
      metrics.connections(kind, 1);
      socket.on('error', ({ code }) => {
        if (code === FRAME_TOO_LARGE) metrics.refused(kind, 'too_large');
      });
      socket.on('close', () => {
        sockets.delete(socket);
        const left = (open.get(key) ?? 1) - 1;
        if (left > 0) open.set(key, left);
        else open.delete(key);
        metrics.connections(kind, -1);
      });
    },
    allowance(kind, who) {
      const key = `${kind} ${who}`;
      const { perSecond, burst } = limits[RATES[kind]];
      const bucket = allowances.get(key) ?? createBucket(perSecond, burst, uptime);
      allowances.set(key, bucket);
      return bucket;
    },
  };
}
