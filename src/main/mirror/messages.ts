import type { LogEvent, LogPosition } from '../../shared/log/event';
import type { OpsState } from '../../shared/ops/state';
import type { MirrorView } from '../../shared/view/desk';

/** What the mirror tells of itself; the head of the gateway is known elsewhere. */
export type MirrorStatus = Omit<MirrorView, 'headSeq'>;

export type ToMirror =
  | { readonly type: 'append'; readonly events: readonly LogEvent[] }
  | { readonly type: 'held'; readonly request: number }
  | { readonly type: 'checkpoint'; readonly note: string }
  | { readonly type: 'quarantine'; readonly cause: string }
  | { readonly type: 'close' };

export type FromMirror =
  /** Open and verified: go on from `head`, in the state `ops`. Sent again after a quarantine. */
  | { readonly type: 'opened'; readonly head: LogPosition; readonly ops: OpsState }
  /** The gateway has signed a history that is not the one held here. */
  | { readonly type: 'checkpoint.bad'; readonly cause: string }
  | { readonly type: 'status'; readonly status: MirrorStatus }
  | { readonly type: 'held'; readonly request: number; readonly events: readonly LogEvent[] }
  | { readonly type: 'closed' };
