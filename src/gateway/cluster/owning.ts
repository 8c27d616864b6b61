import type { OpsState } from '../../shared/ops/state';
import type { GatewayLog } from '../log';
import type { Leases } from './leases';

/** How long a start waits for its lease. */
const GRANTED_WITHIN_MS = 5_000;

/** What one of several gateways owns the engines under that are connected to it. */
export interface Ownership {
  readonly node: string;
  /**
   * The token of the lease, greater with each grant. A lease that is not renewed leaves the last one: which
   * gateway an engine is connected to is the engine's choice, and what fences is the log.
   */
  token(): number;
  /** Hears that the lease, once lost, was granted anew: whatever was owned is to be announced under the new token. */
  onGranted(listener: () => void): void;
}

/** The lease of a gateway: one for all its engines, so that renewals grow with the gateways and not with the engines. */
export function leaseOf(node: string): string {
  return `gateway/${node}`;
}

/**
 * Takes this gateway's lease and renews it for as long as the leases live. A bucket that came back with
 * old data may grant a token again; the log has kept it, so that what is owned under never goes back.
 *
 * A start does not need it: while no majority answers the next token that the log knows of stands in for
 * it, under which nothing is in the log either before a majority answers.
 */
export async function holdOwnership(options: {
  readonly log: GatewayLog;
  readonly leases: Leases;
  readonly node: string;
}): Promise<Ownership> {
  const { log, leases, node } = options;
  const listeners: (() => void)[] = [];
  const next = () => (log.state().leases[node] ?? 0) + 1;
  let granted = 0;
  let token = 0;
  await new Promise<void>((begin) => {
    // A log that takes nothing is of the same servers.
    const late = setTimeout(begin, log.health().storeError === null ? GRANTED_WITHIN_MS : 0);
    leases.hold(leaseOf(node), (change) => {
      // A renewal that was answered late has the same lease held again, which nobody had meanwhile.
      if (!change.held || change.token === granted) return;
      granted = change.token;
      token = Math.max(granted, next());
      clearTimeout(late);
      begin();
      for (const listener of listeners) listener();
    });
  });
  token ||= next();
  return { node, token: () => token, onGranted: (listener) => void listeners.push(listener) };
}

/** One connection of an engine, as a gateway has announced it. */
export interface Owned {
  readonly node: string;
  readonly token: number;
  readonly engine: string;
  readonly session: string;
}

/**
 * Whether an engine is still a gateway's to speak of, by the log: it has had no other connection since, and
 * its gateway no greater token. One that was missed for a while, and called lost, is.
 */
export function isOwned(state: OpsState, { node, token, engine, session }: Owned): boolean {
  return (state.leases[node] ?? 0) <= token && state.engines[engine]?.lastSession === session;
}

/**
 * Whether a connection that is made here is the latest of its engine, by the log. What the log knew as it was
 * made came before it; of two of which neither gateway had heard, the later has the engine, also where it was
 * lost since: ids begin with their time, and an engine that left a gateway may be hung to it still.
 *
 * @param before the latest session that the log had then
 */
export function isLatest(state: OpsState, owned: Owned, before: string | null): boolean {
  const latest = state.engines[owned.engine]?.lastSession ?? null;
  if ((state.leases[owned.node] ?? 0) > owned.token) return false;
  return latest === null || latest === before || latest <= owned.session;
}
