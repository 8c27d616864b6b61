import type { EventDataOf } from '../ops/events';
import { ARMED, type MachineState } from './machine';
import type { Trigger } from './trigger';
import type { Outcome } from './verdict';

export interface Firing extends EventDataOf<'monitor.fired'> {
  readonly seq: number;
  readonly at: number;
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
  readonly triggers: Readonly<
    Partial<Record<Trigger, { readonly outcome: Outcome; readonly at: number }>>
  >;
  /** The latest decisions, newest first. */
  readonly firings: readonly Firing[];
}

export const FIRINGS_KEPT = 20;

export const NO_MONITOR: MonitorRecord = {
  holder: null,
  token: 0,
  machine: ARMED,
  machineSeq: 0,
  dryRunUntil: null,
  triggers: {},
  firings: [],
};

/** Whether the monitor only says what it would do. */
export function isDryRun({ dryRunUntil }: MonitorRecord, now: number): boolean {
  return dryRunUntil !== null && now < dryRunUntil;
}
