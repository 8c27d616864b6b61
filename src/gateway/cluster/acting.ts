import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../shared/time';
import { phrase, say } from '../../shared/words/phrase';
import type { Fact } from '../facts';
import { type GatewayLog, under } from '../log';
import type { Leases } from './leases';
import { leaseOf } from './owning';
import type { Peers } from './peers';

/** The lease of what only one gateway may do. */
const LEASE = 'acting';
const TRY_AGAIN_MS = 500;
const AFTER_FAILURE_MS = 10_000;
const RELEASE_WITHIN_MS = 1_000;
const LOOK_EVERY_MS = 500;
/** A gateway that says nothing for so long, and renews no lease, is gone, and its engines with it. */
export const GATEWAY_LOST_MS = 3_000;

export interface Turns {
  /** Whether this gateway does the duties now. */
  acting(): boolean;
  stop(): Promise<void>;
}

/**
 * Has this gateway do what only one may do, while it holds the lease and the log says so. The lease
 * tells who may try; the log is what fences: the turn is an event of its own, with a token that only
 * grows, and what a gateway appends under an older one is left out of the log (see {@link fenced}).
 *
 * @param begin does the duties on the log it is given. @returns the way out
 */
export function takeTurns(options: {
  readonly log: GatewayLog;
  readonly leases: Leases;
  readonly node: string;
  readonly begin: (log: GatewayLog) => () => void;
}): Turns {
  const { log, node, begin } = options;
  let turn: { readonly token: number; readonly end: () => void } | null = null;
  let asking = false;
  let retry: NodeJS.Timeout | undefined;

  function end(): void {
    turn?.end();
    turn = null;
  }

  /** One's turn begins once it is in the log, before which nobody else's facts come any more. */
  function ask(): void {
    clearTimeout(retry);
    if (asking || turn || grip.token() === null) return;
    asking = true;
    log.propose(
      () => {
        const token = (log.state().acting?.token ?? 0) + 1;
        return [{ type: 'gateway.acting', data: { node, token } }];
      },
      (outcome) => {
        asking = false;
        const token = outcome.ok ? Number(outcome.events[0]?.data.token) : null;
        if (token === null || log.state().acting?.token !== token || grip.token() === null) {
          retry = setTimeout(ask, TRY_AGAIN_MS);
          return;
        }
        try {
          turn = { token, end: begin(fenced(log, token)) };
        } catch (error) {
          // Another gateway may be able to, where this one's disk or a file of it is not.
          process.emitWarning(error as Error);
          void grip.release();
          retry = setTimeout(() => {
            grip = hold();
          }, AFTER_FAILURE_MS);
        }
      },
    );
  }

  const hold = () =>
    options.leases.hold(LEASE, ({ held }) => {
      // Called once before the lease is even asked for.
      if (held) queueMicrotask(ask);
      else end();
    });
  let grip = hold();
  const leave = log.onRecorded(({ type, data }) => {
    if (type === 'gateway.acting' && data.token !== turn?.token) {
      end();
      // Another's turn while this one has the lease: it was late, and this one's begins after it.
      queueMicrotask(ask);
    }
  });

  return {
    acting: () => turn !== null && grip.token() !== null,
    async stop() {
      clearTimeout(retry);
      leave();
      end();
      // Without a majority the others learn by its silence.
      await Promise.race([grip.release(), delay(RELEASE_WITHIN_MS)]);
    },
  };
}

/** The log for one turn: what is appended to it counts only while the log still has that turn. */
export function fenced(log: GatewayLog, token: number): GatewayLog {
  return under(log, ({ acting }) => acting?.token === token);
}

/**
 * Says on the record that a gateway is gone, and that what was connected to it is lost: one that is not heard
 * and whose lease has lapsed too. Leases that stand still, as while their bucket has no leader, lose nobody
 * who is heard, and nobody is lost whose lease is renewed. @returns the way out
 */
export function watchGateways(
  log: GatewayLog,
  options: {
    readonly node: string;
    readonly peers: Pick<Peers, 'silentMs'>;
    readonly leases: Pick<Leases, 'lapsed'>;
    readonly uptime: Clock;
    readonly clock: Clock;
  },
): () => void {
  const { node: own, peers, leases, uptime, clock } = options;
  let since = uptime() - GATEWAY_LOST_MS;
  let lookedAt = uptime();
  const gone = new Set<string>();

  function look(): void {
    const now = uptime();
    // Who was stopped for a while has heard nobody in it.
    if (now - lookedAt > GATEWAY_LOST_MS / 2) since = now;
    lookedAt = now;
    if (now - since < GATEWAY_LOST_MS) return;
    const connected = Object.values(log.state().engines).filter((engine) => engine.connected);
    const nodes = new Set(
      connected.flatMap(({ node }) => (node === null || node === own ? [] : node)),
    );
    for (const node of nodes) {
      if (peers.silentMs(node) < GATEWAY_LOST_MS || !leases.lapsed(leaseOf(node))) {
        gone.delete(node);
        continue;
      }
      const cause = phrase('its gateway {node} is silent', { node });
      const facts: Fact[] = connected
        .filter((engine) => engine.node === node)
        .map(({ id, session }) => ({
          type: 'engine.lost',
          data: {
            ...{ engine: id, cause: say(cause, 'en'), said: [cause] },
            ...{ lastHeardAt: clock() - GATEWAY_LOST_MS, positions: null },
          },
          holds: ({ engines }) => engines[id]?.session === session,
        }));
      if (!gone.has(node)) {
        facts.unshift({ type: 'gateway.lost', data: { node, cause: 'silent' } });
      }
      gone.add(node);
      log.append(...facts);
    }
  }

  const looking = setInterval(look, LOOK_EVERY_MS);
  return () => clearInterval(looking);
}
