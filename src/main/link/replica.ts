import type { ChainFault, Sha256 } from '../../shared/log/chain';
import { verifyNext } from '../../shared/log/chain';
import type { LogEvent, LogPosition } from '../../shared/log/event';
import { EMPTY_LOG } from '../../shared/log/event';
import { foldOps } from '../../shared/ops/fold';
import type { OpsState } from '../../shared/ops/state';
import { INITIAL_OPS_STATE } from '../../shared/ops/state';

/** The log as this process follows it: where it stands, and the state folded up to there. */
export interface Replica {
  readonly head: LogPosition;
  readonly ops: OpsState;
}

export const EMPTY_REPLICA: Replica = { head: EMPTY_LOG, ops: INITIAL_OPS_STATE };

export interface Followed {
  readonly replica: Replica;
  /** The events that were new and held, in order. */
  readonly fresh: readonly LogEvent[];
  readonly fault: ChainFault | null;
}

/** Takes events that hold, hash by hash, and stops at the first that does not. Old ones are passed over. */
export function follow(replica: Replica, events: readonly LogEvent[], sha256: Sha256): Followed {
  let { head, ops } = replica;
  const fresh: LogEvent[] = [];
  for (const event of events) {
    if (event.seq <= head.seq) continue;
    const next = verifyNext(event, head, sha256);
    if (!next.ok) return { replica: { head, ops }, fresh, fault: next.fault };
    head = { seq: event.seq, hash: event.hash };
    ops = foldOps(ops, event);
    fresh.push(event);
  }
  return { replica: { head, ops }, fresh, fault: null };
}
