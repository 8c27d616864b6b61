import type { SealedEvent, Sha256 } from '../../shared/log/chain';
import { seal } from '../../shared/log/chain';
import { EMPTY_LOG, type LogEvent, type LogPosition } from '../../shared/log/event';
import { foldOps } from '../../shared/ops/fold';
import type { OpsState } from '../../shared/ops/state';
import { INITIAL_OPS_STATE } from '../../shared/ops/state';
import { draftOf, type Fact } from '../facts';

/** Clocks that are this far apart are a fault to be seen in the log; less is brought into order. */
const SKEW_MS = 2_000;

/** When a fact became known here: the id of its event, and this gateway's time, UTC ms. */
export interface Noted {
  readonly id: string;
  readonly ts: number;
}

/** Something of this gateway's own that is not in the log yet, as it would stand in it. */
interface Pending extends Noted {
  readonly fact: Fact;
  readonly sealed: SealedEvent;
  /** The state after it. */
  readonly after: OpsState;
}

/** A place in the log and the state there. */
interface Ground {
  readonly state: OpsState;
  readonly head: LogPosition;
}

/**
 * What a gateway takes for the log while others write to it too: what is confirmed, and on top of it
 * what is this gateway's own and not confirmed yet. What others confirm goes beneath; the own facts
 * are sealed anew after it, under the same ids, and those that do not hold any more are left out.
 */
export class Speculation {
  #confirmed: Ground = { state: INITIAL_OPS_STATE, head: EMPTY_LOG };
  #pending: Pending[] = [];

  constructor(private readonly sha256: Sha256) {}

  /** The state with all that has happened in it. */
  get state(): OpsState {
    return this.#top().state;
  }

  /** What is not confirmed, in order. */
  get pending(): readonly SealedEvent[] {
    return this.#pending.map(({ sealed }) => sealed);
  }

  /** How many are not confirmed. */
  get waiting(): number {
    return this.#pending.length;
  }

  /** Whether the first event of a command, or the event of that id, is not confirmed yet. */
  isPending(id: string | undefined, commandId: string | null): boolean {
    return this.#pending.some(
      (one) => one.id === id || (commandId !== null && one.fact.commandId === commandId),
    );
  }

  /** Takes a fact of this gateway's own. */
  add(fact: Fact, noted: Noted): LogEvent {
    const one = this.#seal(fact, noted, this.#top());
    this.#pending.push(one);
    return one.sealed.event;
  }

  /**
   * What further facts would be as events after all that is pending; nothing of it is kept.
   *
   * @param decide is asked with the state in which it decides, once for each group.
   */
  imagine<Group>(
    groups: readonly Group[],
    decide: (group: Group, state: OpsState) => readonly Fact[],
    note: () => Noted,
  ): {
    readonly group: Group;
    readonly events: readonly SealedEvent[];
    readonly error?: unknown;
  }[] {
    let ground = this.#top();
    return groups.map((group) => {
      try {
        let next = ground;
        const events = decide(group, ground.state).map((fact) => {
          const one = this.#seal(fact, note(), next);
          next = groundOf(one);
          return one.sealed;
        });
        ground = next;
        return { group, events };
      } catch (error) {
        return { group, events: [], error };
      }
    });
  }

  /**
   * What the log has next.
   *
   * @param each hears every event and the state after it, in order.
   * @returns those among them that were not of this gateway's own.
   */
  confirm(
    events: readonly LogEvent[],
    each: (event: LogEvent, state: OpsState) => void = () => undefined,
  ): readonly LogEvent[] {
    const news: LogEvent[] = [];
    const own = new Map(this.#pending.map((one) => [one.id, one]));
    const refused = this.#pending.filter(({ fact }) => fact.type === 'command.rejected');
    const refusals = new Map(refused.map(({ id, fact }) => [fact.commandId, id]));
    for (const event of events) {
      const mine = own.get(event.id);
      // The same hash has the same history before it, and so the same state after it.
      const same = mine?.sealed.event.hash === event.hash;
      const state = same ? mine.after : foldOps(this.#confirmed.state, event);
      if (!own.delete(event.id)) {
        news.push(event);
        // What another gateway has decided was not refused here for want of an answer: it has one outcome.
        own.delete(refusals.get(event.commandId ?? '') ?? '');
      }
      this.#confirmed = { state, head: { seq: event.seq, hash: event.hash } };
      each(event, state);
    }
    this.#pending = [...own.values()];
    const [first] = this.#pending;
    if (first && first.sealed.event.prevHash !== this.#confirmed.head.hash) this.#sealAnew();
    return news;
  }

  #sealAnew(): void {
    const before = this.#pending;
    this.#pending = [];
    for (const { fact, id, ts } of before) {
      const ground = this.#top();
      if (fact.holds?.(ground.state) === false) continue;
      this.#pending.push(this.#seal(fact, { id, ts }, ground));
    }
  }

  #top(): Ground {
    const last = this.#pending.at(-1);
    return last ? groundOf(last) : this.#confirmed;
  }

  /** An event's time is not before that of the one it follows, within the error of clocks. */
  #seal(fact: Fact, { id, ts }: Noted, { state, head }: Ground): Pending {
    const at = state.ts - ts <= SKEW_MS ? Math.max(ts, state.ts) : ts;
    const sealed = seal(draftOf(fact, state, { id, ts: at }), head, this.sha256);
    return { fact, id, ts, sealed, after: foldOps(state, sealed.event) };
  }
}

function groundOf({ after, sealed: { event } }: Pending): Ground {
  return { state: after, head: { seq: event.seq, hash: event.hash } };
}
