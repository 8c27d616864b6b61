import type { Actor } from '../log/event';
import type { EventDataOf } from '../ops/events';
import type { Phrase } from '../words/phrase';
import { ARMED, type MachineState } from './machine';
import type { Trigger } from './trigger';
import type { Outcome } from './verdict';

export interface Firing extends EventDataOf<'monitor.fired'> {
  readonly seq: number;
  readonly at: number;
}

export interface DayClosed extends EventDataOf<'monitor.day_closed'> {
  readonly seq: number;
  readonly at: number;
}

export interface Retraining {
  readonly id: string;
  readonly model: string;
  readonly cause: EventDataOf<'retraining.proposed'>['cause'];
  readonly detail: string;
  /** The detail in phrases, where it was said so. */
  readonly said?: readonly Phrase[] | undefined;
  readonly at: number;
  readonly by: Actor;
  readonly reason: string | null;
  readonly outcome: EventDataOf<'retraining.closed'>['outcome'] | null;
  readonly closedAt: number | null;
}

/** What a trigger was last found to be. */
export interface Found {
  readonly outcome: Outcome;
  /** When that was recorded. */
  readonly at: number;
  /** Time of the first sample of what is above the limit; null where nothing is, or nobody said. */
  readonly since: number | null;
}

/** What the log says of the desk's monitor. */
export interface MonitorRecord {
  /** Who acts; a terminal by its id, or `gateway`. */
  readonly holder: string | null;
  /** The last fencing token granted. */
  readonly token: number;
  readonly machine: MachineState;
  readonly machineSeq: number;
  /** Until when it only says what it would do; null while it acts. */
  readonly dryRunUntil: number | null;
  readonly triggers: Readonly<Partial<Record<Trigger, Found>>>;
  /** The latest decisions, newest first. */
  readonly firings: readonly Firing[];
  /** Closed trading days, oldest first. */
  readonly days: readonly DayClosed[];
  /** Steps of the drawdown that were raised on the latest day on which any was. */
  readonly steps: { readonly day: string; readonly alerts: readonly string[] };
  /** Newest first. */
  readonly retrainings: readonly Retraining[];
  /** When a pause was last ordered for want of data, and of what; null before the first. */
  readonly blindPause: (EventDataOf<'monitor.blind_paused'> & { readonly at: number }) | null;
  /** The latest sleep of a host that acted. */
  readonly suspended: (EventDataOf<'monitor.suspended'> & { readonly at: number }) | null;
}

/** Kept in the state; the log has them all. */
export const FIRINGS_KEPT = 20;
export const DAYS_KEPT = 400;
export const RETRAININGS_KEPT = 50;

export const NO_MONITOR: MonitorRecord = {
  holder: null,
  token: 0,
  machine: ARMED,
  machineSeq: 0,
  dryRunUntil: null,
  triggers: {},
  firings: [],
  days: [],
  steps: { day: '', alerts: [] },
  retrainings: [],
  blindPause: null,
  suspended: null,
};

/** Whether the monitor only says what it would do. */
export function isDryRun({ dryRunUntil }: MonitorRecord, now: number): boolean {
  return dryRunUntil !== null && now < dryRunUntil;
}
