import type { Actor } from '../log/event';
import type { EventDataOf } from '../ops/events';

/** A report as the log has it. */
export interface MadeReport extends Omit<EventDataOf<'report.made'>, 'report'> {
  readonly id: string;
  readonly seq: number;
  readonly at: number;
  readonly actor: Actor;
  readonly delivered: Omit<EventDataOf<'report.delivered'>, 'report'> | null;
}

/** Everything the log says of reports. */
export interface ReportsState {
  /** The latest, newest first. */
  readonly made: readonly MadeReport[];
  /** The latest of each schedule, by its name. */
  readonly latest: Readonly<
    Record<string, { readonly dueAt: number; readonly to: number; readonly toSeq: number }>
  >;
}

/** Reports kept in the state; the log has them all. */
export const REPORTS_KEPT = 200;

export const NO_REPORTS: ReportsState = { made: [], latest: {} };
