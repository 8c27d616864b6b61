import { stateBefore } from '../shared/audit/stateBefore';
import type { Json } from '../shared/log/canonical';
import type { Actor, EventDraft } from '../shared/log/event';
import { MAX_REASON_LENGTH } from '../shared/log/event';
import type { EventDataOf, EventType } from '../shared/ops/events';
import type { OpsState } from '../shared/ops/state';

/** A fact to be recorded, its data typed by its type. */
export type Fact = {
  [Type in EventType]: {
    readonly type: Type;
    readonly data: EventDataOf<Type>;
    readonly actor?: Actor;
    readonly commandId?: string | null;
    readonly reason?: string | null;
    /**
     * Asked again where others have written to the log before it was in it: whether it is still so.
     * What is not is left out. Without it a fact is one that has happened, whatever came between.
     */
    readonly holds?: (state: OpsState) => boolean;
    /** The id and time under which another gateway has noted it: it is that event, wherever it is recorded. */
    readonly noted?: { readonly id: string; readonly ts: number };
  };
}[EventType];

const GATEWAY: Actor = { id: 'gateway', role: 'gateway', terminal: null };

/**
 * What a fact is recorded as, after `state`.
 *
 * @param at the event's id and its time, UTC ms.
 */
export function draftOf(
  fact: Fact,
  state: OpsState,
  at: { readonly id: string; readonly ts: number },
): EventDraft {
  const ts = Math.max(0, Math.floor(at.ts));
  const data = clean(fact.data) as { readonly [key: string]: Json };
  const before = stateBefore(state, fact, ts);
  return {
    id: at.id,
    ts,
    type: fact.type,
    actor: clean(fact.actor ?? GATEWAY) as unknown as Actor,
    commandId: fact.commandId ?? null,
    reason: fact.reason ? cutReason(fact.reason) : null,
    data: before === undefined ? data : { ...data, before: clean(before) as Json },
  };
}

function cutReason(reason: string): string {
  const text = reason.toWellFormed();
  if (text.length <= MAX_REASON_LENGTH) return text;
  const mark = ` [… ${text.length} characters]`;
  return text.slice(0, MAX_REASON_LENGTH - mark.length).toWellFormed() + mark;
}

/** What came from outside may hold text or numbers with no canonical form; an event must not. */
function clean(value: unknown): Json {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (value === null || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object') return null;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key.toWellFormed(), clean(member)]));
}
