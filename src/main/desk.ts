import { sha256 } from '../node/sha256';
import { describeFault } from '../shared/log/chain';
import type { LogEvent } from '../shared/log/event';
import type { OpsState } from '../shared/ops/state';
import type { Welcome } from '../shared/protocol/terminal';
import type { DeskView } from '../shared/view/desk';
import type { Replica } from './link/replica';
import { EMPTY_REPLICA, follow } from './link/replica';
import type { FromMirror } from './mirror/messages';

/** What this process believes of the desk: the log it follows and who the gateway says we are. */
export interface DeskState {
  /** Where to go on from; null while the mirror is opening. */
  position(): { readonly head: Replica['head']; readonly epoch: string | null } | null;
  opened(opened: Extract<FromMirror, { type: 'opened' }>): void;
  welcomed(welcome: Welcome): void;
  /** False when the events do not continue the log. */
  take(events: readonly LogEvent[]): boolean;
  replayed(seq: number): void;
  /** The history on the wire is another: the mirror is set aside and nothing is followed till then. */
  diverged(cause: string): void;
  ops(): OpsState;
  welcome(): Welcome | null;
  headSeq(): number | null;
  replaying(): boolean;
  /** An event of the gateway's that does not hold by its own hash. */
  problem(): string | null;
  /** The log cannot be followed: the same place failed again and again. */
  stuck(): boolean;
  environment(): DeskView['environment'];
}

/** One bad frame is asked for again; as many as this in a row are not the wire's doing. */
const STUCK_AFTER = 3;

export function createDeskState(deps: {
  readonly append: (events: readonly LogEvent[]) => void;
  readonly quarantine: (cause: string) => void;
  readonly onFresh: (events: readonly LogEvent[]) => void;
  readonly changed: () => void;
}): DeskState {
  let replica = EMPTY_REPLICA;
  let open = false;
  let welcome: Welcome | null = null;
  let headSeq: number | null = null;
  let replaying = false;
  let problem: string | null = null;
  let failures = 0;

  function diverged(cause: string): void {
    if (!open) return;
    open = false;
    replica = EMPTY_REPLICA;
    deps.quarantine(cause);
    deps.changed();
  }

  return {
    position: () => (open ? { head: replica.head, epoch: replica.ops.epoch } : null),
    opened({ head, ops }) {
      replica = { head, ops };
      open = true;
      deps.changed();
    },
    welcomed(next) {
      welcome = next;
      // What a gateway said of its head may be as old as the connection that stood ready.
      headSeq = Math.max(next.head.seq, replica.head.seq);
      replaying = true;
      deps.changed();
    },
    take(events) {
      if (!open) return false;
      const { replica: next, fresh, fault } = follow(replica, events, sha256);
      replica = next;
      headSeq = Math.max(headSeq ?? 0, replica.head.seq);
      if (fresh.length > 0) {
        deps.append(fresh);
        deps.onFresh(fresh);
      }
      failures = fault === null ? 0 : failures + 1;
      problem = fault && fault.kind !== 'fork' ? describeFault(fault) : fault ? problem : null;
      // Only a fork says that this mirror is of another history. A gap is asked for again, and an
      // event that was altered on its way or at the gateway says nothing against what we hold.
      if (fault?.kind === 'fork' && replica.head.seq > 0) diverged(describeFault(fault));
      deps.changed();
      return fault === null;
    },
    replayed() {
      replaying = false;
      deps.changed();
    },
    diverged,
    ops: () => replica.ops,
    welcome: () => welcome,
    headSeq: () => headSeq,
    replaying: () => replaying,
    problem: () => problem,
    stuck: () => failures >= STUCK_AFTER,
    environment() {
      const engines = new Set(Object.values(replica.ops.engines).map((one) => one.environment));
      const desk = welcome?.environment ?? replica.ops.environment;
      if (desk) engines.add(desk);
      if (engines.size > 1) return 'mixed';
      const [only] = engines;
      return only ?? null;
    },
  };
}
