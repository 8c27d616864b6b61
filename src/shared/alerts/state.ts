import type { Actor } from '../log/event';
import type { Phrase } from '../words/phrase';
import type { AlertSource, Outside, Severity } from './events';

export interface Alert {
  readonly id: string;
  readonly severity: Severity;
  readonly kind: string;
  readonly source: AlertSource;
  readonly model: string | null;
  readonly engine: string | null;
  readonly detail: string;
  /** The detail in phrases; null where it was not said so. */
  readonly said: readonly Phrase[] | null;
  readonly outside: Outside | null;
  /** Sequence of the event that raised it first since it was last clear. */
  readonly seq: number;
  /** When what it tells of began, as far as anybody knows; never after `raisedAt`. */
  readonly since: number;
  /** When it was raised first and last since it was last clear. */
  readonly raisedAt: number;
  readonly lastAt: number;
  /** Raisings since it was last clear. */
  readonly count: number;
  readonly acknowledged: { readonly by: Actor; readonly at: number } | null;
  /** Its latest raisings from clear and its clearings, oldest first; see {@link isFlapping}. */
  readonly changes: readonly number[];
}

export interface ClearedAlert extends Alert {
  readonly clearedAt: number;
  readonly clearedBecause: string;
}

/** Every alert the log knows of. */
export interface AlertsState {
  readonly active: Readonly<Record<string, Alert>>;
  /** The latest that are over, newest first, each once. */
  readonly cleared: readonly ClearedAlert[];
  /** When each model last had an alert of severity P0 or P1. */
  readonly criticalAt: Readonly<Record<string, number>>;
}

/** Alerts that are over and kept in the state; the log has them all. */
export const CLEARED_KEPT = 100;
export const CHANGES_KEPT = 20;

export const NO_ALERTS: AlertsState = { active: {}, cleared: [], criticalAt: {} };

/**
 * Whether an alert comes and goes: `changes` raisings from clear and clearings within `windowMs`.
 *
 * @param now Unix ms.
 */
export function isFlapping(
  alert: Pick<Alert, 'changes'>,
  rule: { readonly changes: number; readonly windowMs: number },
  now: number,
): boolean {
  return alert.changes.filter((at) => now - at < rule.windowMs).length >= rule.changes;
}
