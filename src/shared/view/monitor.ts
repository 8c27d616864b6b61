import type { Evaluation } from '../monitor/health';
import type { Trigger } from '../monitor/trigger';

export interface MonitorView {
  /** The latest check of this terminal's own windows; null before the first. */
  readonly evaluation: Evaluation | null;
  /** Whether this terminal holds the lease and acts. */
  readonly acts: boolean;
  /** No check has run for longer than the policy allows: nothing here watches. */
  readonly stopped: boolean;
}

/** A point of the monitor's charts; a null is a gap and is drawn as one. */
export interface MonitorPoint extends Readonly<Record<Trigger, number | null>> {
  readonly at: number;
  readonly model: string | null;
}
