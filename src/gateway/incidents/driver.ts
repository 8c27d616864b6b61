import { type Book, type EventRef, MAX_EVENTS_NAMED } from '../../shared/incidents/events';
import type { LogEvent } from '../../shared/log/event';
import { type DomainEvent, type EventDataOf, toDomainEvent } from '../../shared/ops/events';
import type { Policies } from '../../shared/policy/inForce';
import type { Clock } from '../../shared/time';
import type { Sentence } from '../../shared/words/phrase';
import type { GatewayLog } from '../log';
import type { Books } from './books';
import { factsDue, nextDue } from './due';
import { type Happening, isHappening, lostAlert, unattended, whatOpens } from './opening';

export interface IncidentsDriverOptions {
  readonly log: GatewayLog;
  readonly policies: () => Policies;
  readonly books: Pick<Books, 'now' | 'tradesPerHour'>;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** What may open an incident, and what engines held then: by the time it opens a kill may have closed it. */
interface Heard {
  readonly event: Happening;
  readonly books: readonly Book[];
}

const CONNECTED: Sentence = 'it is connected again';

/** How long after an event its incident is opened, ms: a kill's own first steps go before it. */
const STAND_BACK_MS = 50;

/** Events remembered for incidents that open a moment after them. */
const RECENT_KEPT = 500;

const CHANGES_TIMES = /^(incident|postmortem|action_item|policy|alert)\./;

/**
 * Opens incidents by rule and calls people when it is time. Due times stand in the log as absolute
 * instants, so that a gateway that died or slept calls late, and never not at all.
 */
export function keepIncidents(options: IncidentsDriverOptions): { stop(): void } {
  const { log, policies, clock } = options;
  const waiting = new Set<NodeJS.Timeout>();
  let recent: (EventRef & { readonly commandId: string })[] = [];
  let queue: Heard[] = [];
  let draining = false;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function related(commandId: string, afterSeq: number): EventRef[] {
    return recent
      .filter((one) => one.commandId === commandId && one.seq > afterSeq)
      .map(({ seq, ts, type }) => ({ seq, ts, type }));
  }

  function consider({ event, books }: Heard): void {
    const context = {
      policies: policies(),
      books: () => books,
      tradesPerHour: options.books.tradesPerHour,
      newId: options.newId,
      related,
      now: clock(),
    };
    const facts = whatOpens(event, log.state(), context);
    if (facts.length > 0) log.append(...facts);
  }

  function later(heardOf: Heard, ms: number): void {
    const wait = setTimeout(() => {
      waiting.delete(wait);
      // A kill's incident before all others.
      if (heardOf.event.type === 'kill.requested') queue.unshift(heardOf);
      else queue.push(heardOf);
      drain();
    }, ms);
    waiting.add(wait);
  }

  /** One at a time, so that a storm of alerts never keeps an engine's answer waiting. */
  function drain(): void {
    if (draining) return;
    draining = true;
    setImmediate(() => {
      draining = false;
      const [next] = queue.splice(0, 1);
      if (!next || stopped) return;
      consider(next);
      if (queue.length > 0) drain();
    });
  }

  function heard(event: DomainEvent): void {
    if (event.type === 'engine.connected') clearLost(event.data.engine);
    if (event.type === 'incident.correlated') complete(event.data);
    if (!isHappening(event)) return;
    const { engineLostGraceMs } = policies().incidents.opening;
    const wait = event.type === 'engine.lost' ? engineLostGraceMs : STAND_BACK_MS;
    later({ event, books: options.books.now() }, wait);
  }

  /** Who takes a command into an incident by hand names the command alone: its events so far join too. */
  function complete({ incident, correlation, events }: EventDataOf<'incident.correlated'>): void {
    const known = log.state().incidents.incidents.find(({ id }) => id === incident);
    if (!known || events.length > 0) return;
    const before = related(correlation, 0)
      .filter(({ seq }) => !known.timeline.some((one) => one.seq === seq))
      .slice(0, MAX_EVENTS_NAMED);
    if (before.length === 0) return;
    log.append({ type: 'incident.correlated', data: { incident, correlation, events: before } });
  }

  function clearLost(engine: string): void {
    const alert = lostAlert(engine);
    if (!(alert in log.state().alerts.active)) return;
    log.append({ type: 'alert.cleared', data: { alert, cause: CONNECTED } });
  }

  /** What a gateway that died could not see to. */
  async function catchUp(): Promise<void> {
    const { kills, alerts } = unattended(log.state());
    const last = log.savedHead().seq;
    const latest = await log.read(Math.max(1, last - RECENT_KEPT + 1), RECENT_KEPT);
    if (stopped) return;
    // What was recorded meanwhile is newer than all of these.
    const since = recent;
    recent = [];
    for (const event of latest) remember(event);
    recent = [...recent, ...since.filter(({ seq }) => seq > last)];
    const places = [...kills, ...alerts].map(({ seq }) => seq).sort((a, b) => a - b);
    for (const seq of places) {
      const [event] = await log.read(seq, 1);
      const known = event?.seq === seq ? toDomainEvent(event) : null;
      if (!stopped && known && isHappening(known)) {
        consider({ event: known, books: options.books.now() });
      }
    }
    if (stopped) return;
    // An engine that was lost a moment before the end: it has its grace anew.
    const losses = new Map<string, DomainEvent>();
    for (const known of latest.map(toDomainEvent)) {
      if (known?.type === 'engine.lost') losses.set(known.data.engine, known);
      if (known?.type === 'engine.connected') losses.delete(known.data.engine);
    }
    for (const loss of losses.values()) heard(loss);
  }

  function look(): void {
    clearTimeout(timer);
    if (stopped) return;
    const rules = policies();
    const due = factsDue(log.state(), rules, clock());
    if (due.length > 0) {
      // Recording them calls this again.
      log.append(...due);
      return;
    }
    const next = nextDue(log.state(), rules);
    if (next === null) return;
    // The wall clock is looked at again and again: timers stand still while a machine sleeps.
    const wait = Math.min(Math.max(0, next - clock()), rules.incidents.checkEveryMs);
    timer = setTimeout(look, wait);
  }

  function remember({ seq, ts, type, commandId }: LogEvent): void {
    if (commandId === null) return;
    recent.push({ seq, ts, type, commandId });
    if (recent.length > RECENT_KEPT * 2) recent = recent.slice(-RECENT_KEPT);
  }

  const leave = log.onRecorded((event: LogEvent) => {
    remember(event);
    const known = toDomainEvent(event);
    if (known) heard(known);
    if (CHANGES_TIMES.test(event.type)) look();
  });
  // A log that was closed meanwhile leaves this to the next start.
  catchUp().catch(() => undefined);
  look();
  return {
    stop() {
      stopped = true;
      queue = [];
      leave();
      clearTimeout(timer);
      for (const wait of waiting) clearTimeout(wait);
    },
  };
}
