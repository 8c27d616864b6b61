import type { Collected, CollectFailure, Wanted } from '../../node/reports/collect';
import type { LogEvent, LogPosition } from '../../shared/log/event';
import type { OpsState } from '../../shared/ops/state';
import type { Policies } from '../../shared/policy/inForce';
import type { Deletion } from '../../shared/retention/retention';
import type { MirrorView } from '../../shared/view/desk';

/** What the mirror tells of itself; the head of the gateway is known elsewhere. */
export type MirrorStatus = Omit<MirrorView, 'headSeq'>;

/** A report to be worked out from the mirror. */
export interface ReportRequest {
  readonly wanted: Wanted;
  /** For a log that has none in force. */
  readonly policies: Pick<Policies, 'reports' | 'incidents'>;
}

export type ToMirror =
  | { readonly type: 'append'; readonly events: readonly LogEvent[] }
  | { readonly type: 'held'; readonly request: number }
  | { readonly type: 'checkpoint'; readonly note: string }
  | { readonly type: 'quarantine'; readonly cause: string }
  | { readonly type: 'report'; readonly request: number; readonly query: ReportRequest }
  | { readonly type: 'report.cancel'; readonly request: number }
  /** An archive is to be deleted, as is on record. */
  | { readonly type: 'drop'; readonly request: number; readonly deletion: Deletion }
  | { readonly type: 'close' };

export type FromMirror =
  /** Open and verified: go on from `head`, in the state `ops`. Sent again after a quarantine. */
  | { readonly type: 'opened'; readonly head: LogPosition; readonly ops: OpsState }
  /** The gateway has signed a history that is not the one held here. */
  | { readonly type: 'checkpoint.bad'; readonly cause: string }
  | { readonly type: 'status'; readonly status: MirrorStatus }
  | { readonly type: 'held'; readonly request: number; readonly events: readonly LogEvent[] }
  | {
      readonly type: 'report.progress';
      readonly request: number;
      readonly done: number;
      readonly of: number;
    }
  | { readonly type: 'report'; readonly request: number; readonly collected: Collected }
  | {
      readonly type: 'report.failed';
      readonly request: number;
      readonly code: CollectFailure | 'failed';
      readonly message: string;
    }
  | { readonly type: 'dropped'; readonly request: number; readonly problem: string | null }
  | { readonly type: 'closed' };
