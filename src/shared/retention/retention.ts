import { z } from 'zod';
import { type Actor, hashSchema, type LogEvent } from '../log/event';
import type { DomainEvent, EventDataOf } from '../ops/events';
import type { OpsState } from '../ops/state';
import type { ModelsPolicy } from '../policy/models';
import { instantOf, timestamp, tradingDay } from '../time';
import type { KeptKind } from './events';

type RetentionPolicy = ModelsPolicy['retention'];

/** A year's piece of the chain. */
export interface ClosedYear {
  readonly year: number;
  readonly first: number;
  readonly last: number;
  /** Of the last event. */
  readonly hash: string;
}

/** A deletion on record. */
export interface Deletion extends EventDataOf<'retention.deleted'> {
  readonly seq: number;
  readonly at: number;
  readonly by: Actor;
}

export interface RetentionState {
  /** Where each year of the log begins. A year ends with the last event before the first of a later one. */
  readonly years: readonly {
    readonly year: number;
    readonly seq: number;
    readonly prevHash: string;
  }[];
  /** When the latest of them is over, UTC ms. */
  readonly overAt: number;
  /** In the order of the log. */
  readonly deleted: readonly Deletion[];
}

export const NO_RETENTION: RetentionState = { years: [], overAt: 0, deleted: [] };

/** The year of an instant, by Bogota's calendar. */
export function yearOf(ts: number): number {
  return Number(tradingDay(ts).slice(0, 4));
}

/** Marks where a year begins; every event counts, whatever its type. */
export function foldYears(state: RetentionState, event: LogEvent): RetentionState {
  if (state.years.length > 0 && event.ts < state.overAt) return state;
  const { seq, prevHash } = event;
  const year = yearOf(event.ts);
  const overAt = instantOf(`${year + 1}-01-01`, '00:00');
  return { ...state, years: [...state.years, { year, seq, prevHash }], overAt };
}

/** Folds what an event says of deletions. */
export function foldRetention(state: RetentionState, event: DomainEvent): RetentionState {
  if (event.type !== 'retention.deleted') return state;
  const { seq, ts: at, actor: by, data } = event;
  return { ...state, deleted: [...state.deleted, { ...data, seq, at, by }] };
}

/** The years of the log that are over, the oldest first. */
export function closedYears({ years }: RetentionState): readonly ClosedYear[] {
  return years.slice(1).map(({ seq, prevHash: hash }, index) => {
    const { year, seq: first } = years[index] as (typeof years)[number];
    return { year, first, last: seq - 1, hash };
  });
}

/** The last day `YYYY-MM-DD` on which a year's records must be kept: the years are counted from its end. */
export function keptUntil(kind: KeptKind, year: number, policy: RetentionPolicy): string {
  const { auditYears, tradesYears, artifactsYears } = policy;
  const years = { audit: auditYears, trades: tradesYears, artifacts: artifactsYears }[kind];
  return `${year + years}-12-31`;
}

/** Whether a year's time is over by this policy and this clock, and nothing holds it. */
export function isOver(
  kind: KeptKind,
  year: number,
  policy: RetentionPolicy,
  now: number,
): boolean {
  return !policy.hold && tradingDay(now) > keptUntil(kind, year, policy);
}

/** The longest that either policy asks for; a hold in one holds. */
export function stricter(one: RetentionPolicy, other: RetentionPolicy): RetentionPolicy {
  return {
    artifactsYears: Math.max(one.artifactsYears, other.artifactsYears),
    trainingDataYears: Math.max(one.trainingDataYears, other.trainingDataYears),
    tradesYears: Math.max(one.tradesYears, other.tradesYears),
    auditYears: Math.max(one.auditYears, other.auditYears),
    hold: one.hold || other.hold,
  };
}

/** Why a year is not deleted: no closed year, gone already, its time, a hold, an incident, an older year. */
export type Kept = 'not_closed' | 'deleted' | 'until' | 'hold' | 'incident' | 'older_first';

/** Why a year of a kind may not be deleted now; null when it may. @param now UTC ms */
export function whyKept(
  ops: Pick<OpsState, 'retention' | 'incidents'>,
  policy: RetentionPolicy,
  kind: KeptKind,
  year: number,
  now: number,
): Kept | null {
  const { retention, incidents } = ops;
  const isDeleted = (one: number): boolean =>
    retention.deleted.some((deletion) => deletion.kind === kind && deletion.year === one);
  const closed = closedYears(retention);
  if (!closed.some((one) => one.year === year)) return 'not_closed';
  if (isDeleted(year)) return 'deleted';
  if (policy.hold) return 'hold';
  if (!isOver(kind, year, policy, now)) return 'until';
  if (incidents.incidents.some((incident) => incident.closed === null)) return 'incident';
  // The chain is shortened from its beginning only.
  const older = closed.some((one) => one.year < year && !isDeleted(one.year));
  return kind === 'audit' && older ? 'older_first' : null;
}

/** What a record that begins late says of its beginning. */
export const deletedBeforeSchema = z.object({
  /** The event that names it, its time and its actor. */
  seq: z.int().positive(),
  at: z.number(),
  by: z.string(),
  /** The last event that went, and its hash. */
  last: z.int().positive(),
  hash: hashSchema,
});
export type DeletedBefore = z.infer<typeof deletedBeforeSchema>;

/** The sentence for logs and command lines. */
export function beginsLine({ seq, at, by, last }: DeletedBefore): string {
  const day = timestamp(at).slice(0, 10);
  return `begins at seq ${last + 1}: earlier years deleted under retention on ${day}, by ${by} (event ${seq})`;
}

/** The deletion an event is, where it is one of years of the record; null otherwise. */
export function deletedBefore(event: DomainEvent | null): DeletedBefore | null {
  if (event?.type !== 'retention.deleted' || event.data.audit === null) return null;
  const { last, hash } = event.data.audit;
  return { seq: event.seq, at: event.ts, by: event.actor.id, last, hash };
}
