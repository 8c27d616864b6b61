import type { DomainEvent, EventOf } from '../ops/events';
import type { OpsState } from '../ops/state';
import type { EventRef, IncidentStage } from './events';
import { nextStage } from './lifecycle';
import type { Change, Incident, IncidentsState, Stamp } from './state';
import { KEPT } from './state';

type Operating = Pick<OpsState, 'desk' | 'engines'>;

/**
 * Folds what an event says of incidents, and takes events of theirs into their timelines.
 *
 * @param operating the desk's modes after the event, for the time that anything was stopped.
 */
export function foldIncidents(
  state: IncidentsState,
  event: DomainEvent,
  operating: Operating,
): IncidentsState {
  const next = apply(state, event);
  return next.incidents.length === 0 ? next : observe(next, event, operating);
}

function apply(state: IncidentsState, event: DomainEvent): IncidentsState {
  switch (event.type) {
    case 'incident.opened':
      return opened(state, event);
    case 'incident.acknowledged':
      return reach(state, event, 'acknowledged', () => ({
        acknowledged: { ...stamp(event), via: event.data.via },
      }));
    case 'incident.state_changed':
      // Only what has no event of its own.
      return event.data.to === 'mitigating'
        ? reach(state, event, 'mitigating', () => ({ mitigating: stamp(event) }))
        : state;
    case 'incident.resolved': {
      const { rootCause, resolution, books } = event.data;
      return reach(state, event, 'resolved', (one) => ({
        ...{ rootCause, resolution, booksAtResolve: books, resolved: stamp(event) },
        stoppedMs: one.stoppedMs + (one.stoppedSince === null ? 0 : event.ts - one.stoppedSince),
        stoppedSince: null,
      }));
    }
    case 'incident.closed':
      return shelve(reach(state, event, 'closed', () => ({ closed: stamp(event) })));
    case 'incident.escalated': {
      const { step, contact } = event.data;
      return change(state, event.data.incident, (one) => ({
        ...one,
        escalation: one.escalation.map((due) =>
          due.step === step && due.firedAt === null ? { ...due, firedAt: event.ts, contact } : due,
        ),
      }));
    }
    case 'incident.severity_changed': {
      const { to: severity, responseDueAt, escalation } = event.data;
      return change(state, event.data.incident, (one) => ({
        ...one,
        severity,
        responseDueAt,
        escalation: [
          ...one.escalation.filter(({ firedAt }) => firedAt !== null),
          ...escalation.map((due) => ({ ...due, firedAt: null, contact: null })),
        ],
      }));
    }
    case 'incident.noted': {
      const { incident, kind, text } = event.data;
      const entry = { ...stamp(event), kind, text };
      return change(state, incident, (one) => ({
        ...one,
        entries: [...one.entries, entry].slice(-KEPT.entries),
      }));
    }
    case 'incident.message_sent': {
      const { incident, ...message } = event.data;
      return change(state, incident, (one) => ({
        ...one,
        messages: [...one.messages, { ...stamp(event), ...message }].slice(-KEPT.messages),
      }));
    }
    case 'incident.step_done': {
      const { incident, step, done, outcome } = event.data;
      const tick = { ...stamp(event), done, outcome };
      return change(state, incident, (one) => ({ ...one, steps: { ...one.steps, [step]: tick } }));
    }
    case 'incident.commander_set': {
      const { incident, commander } = event.data;
      return change(state, incident, (one) => ({ ...one, commander }));
    }
    case 'incident.alert_linked': {
      const { incident, alert } = event.data;
      return change(state, incident, (one) => ({ ...one, alerts: added(one.alerts, alert) }));
    }
    case 'incident.correlated': {
      const { incident, correlation, events } = event.data;
      return change(state, incident, (one) => {
        const correlations = added(one.correlations, correlation).slice(-KEPT.correlations);
        return events.reduce(withRef, { ...one, correlations });
      });
    }
    case 'postmortem.saved': {
      const { incident, language, markdown } = event.data;
      const saved = stamp(event);
      const next = change(state, incident, (one) => ({
        ...one,
        postMortem: { language, markdown, saved, published: one.postMortem?.published ?? null },
      }));
      return trimMarkdowns(next);
    }
    case 'postmortem.published': {
      const next = change(state, event.data.incident, (one) =>
        one.postMortem
          ? { ...one, postMortem: { ...one.postMortem, published: stamp(event) } }
          : one,
      );
      return shelve(next);
    }
    case 'action_item.set': {
      const { item: id, before: _, ...data } = event.data;
      const item = { id, ...data, set: stamp(event), remindedAt: null };
      const others = state.actionItems.filter((one) => one.id !== id);
      return { ...state, actionItems: [item, ...others].slice(0, KEPT.actionItems) };
    }
    case 'action_item.reminded':
      return {
        ...state,
        actionItems: state.actionItems.map((one) =>
          one.id === event.data.item ? { ...one, remindedAt: event.ts } : one,
        ),
      };
    case 'drill.started':
    case 'drill.finished':
      return { ...state, drills: foldDrills(state.drills, event) };
    case 'deployment.started':
    case 'deployment.incomplete':
    case 'deployment.completed':
      return { ...state, changes: foldChanges(state.changes, event) };
    default:
      return state;
  }
}

function opened(state: IncidentsState, event: EventOf<'incident.opened'>): IncidentsState {
  const { incident: id, events, books, escalation, said, ...data } = event.data;
  if (state.incidents.some((one) => one.id === id)) return state;
  const incident: Incident = {
    id,
    ...data,
    said: said ?? null,
    stage: 'open',
    reason: event.reason,
    commander: null,
    steps: {},
    opened: stamp(event),
    acknowledged: null,
    mitigating: null,
    resolved: null,
    closed: null,
    rootCause: null,
    resolution: null,
    escalation: escalation.map((due) => ({ ...due, firedAt: null, contact: null })),
    timeline: events,
    timelineOmitted: 0,
    entries: [],
    messages: [],
    booksAtOpen: books,
    booksAtResolve: null,
    stoppedMs: 0,
    stoppedSince: null,
    postMortem: null,
  };
  const count = Math.max(state.count, event.data.number);
  return { ...state, count, incidents: [incident, ...state.incidents] };
}

/** Moves an incident on by one stage. An event that would leave one out changes nothing. */
function reach(
  state: IncidentsState,
  event: DomainEvent & { readonly data: { readonly incident: string } },
  stage: IncidentStage,
  changed: (one: Incident) => Partial<Incident>,
): IncidentsState {
  return change(state, event.data.incident, (one) =>
    nextStage(one.stage) === stage ? { ...one, ...changed(one), stage } : one,
  );
}

/**
 * Closed incidents beyond the latest keep only what the history shows. One whose post-mortem is not
 * published stays whole: somebody has to write it, and to be told when it is late.
 */
function shelve(state: IncidentsState): IncidentsState {
  const closed = { written: 0, unwritten: 0 };
  const kept: Incident[] = [];
  const over: Incident[] = [];
  for (const one of state.incidents) {
    const written = one.severity > 'P1' || Boolean(one.postMortem?.published);
    const [what, most] = written
      ? (['written', KEPT.closed] as const)
      : (['unwritten', KEPT.unwritten] as const);
    if (one.closed !== null) closed[what] += 1;
    (one.closed !== null && closed[what] > most ? over : kept).push(one);
  }
  if (over.length === 0) return state;
  const past = [...over.map(summary), ...state.past];
  past.sort((a, b) => b.number - a.number);
  return { ...state, incidents: kept, past: past.slice(0, KEPT.past) };
}

function summary(incident: Incident): IncidentsState['past'][number] {
  const { id, number, severity, title, said, cause, stage, correlations, commander } = incident;
  const { detectedFrom, opened, acknowledged, resolved, closed, stoppedMs } = incident;
  return {
    ...{ id, number, severity, title, said, cause, stage, correlations, commander },
    ...{ detectedFrom, opened, acknowledged, resolved, closed, stoppedMs },
  };
}

function trimMarkdowns(state: IncidentsState): IncidentsState {
  let seen = 0;
  return {
    ...state,
    incidents: state.incidents.map((one) => {
      if (!one.postMortem?.markdown) return one;
      seen += 1;
      return seen > KEPT.markdowns
        ? { ...one, postMortem: { ...one.postMortem, markdown: null } }
        : one;
    }),
  };
}

function foldDrills(
  drills: IncidentsState['drills'],
  event: EventOf<'drill.started' | 'drill.finished'>,
): IncidentsState['drills'] {
  if (event.type === 'drill.started') {
    const { drill: id, ...data } = event.data;
    const one = { id, ...data, reason: event.reason, started: stamp(event), finished: null };
    return [one, ...drills].slice(0, KEPT.drills);
  }
  const { drill, ...result } = event.data;
  return drills.map((one) =>
    one.id === drill && one.finished === null
      ? { ...one, finished: { ...stamp(event), ...result } }
      : one,
  );
}

function foldChanges(
  changes: readonly Change[],
  event: EventOf<'deployment.started' | 'deployment.incomplete' | 'deployment.completed'>,
): readonly Change[] {
  const { deployment } = event.data;
  if (event.type === 'deployment.started') {
    const { kind, model, previous } = event.data;
    const times = { seq: event.seq, at: event.ts, completedAt: null, incompleteAt: null };
    const begun = { deployment, kind, model, previous, ...times };
    return [begun, ...changes].slice(0, KEPT.changes);
  }
  return changes.map((one) => {
    if (one.deployment !== deployment) return one;
    return event.type === 'deployment.completed'
      ? { ...one, completedAt: one.completedAt ?? event.ts }
      : { ...one, incompleteAt: one.incompleteAt ?? event.ts };
  });
}

/** Takes the event into the timelines it belongs to, and counts the time that anything is stopped. */
function observe(state: IncidentsState, event: DomainEvent, operating: Operating): IncidentsState {
  const modes = /^(kill\.requested|ops\.|incident\.opened)/.test(event.type);
  const stopped = modes && isStopped(operating);
  let changed = false;
  const incidents = state.incidents.map((one) => {
    let next = belongs(one, event) ? withRef(one, ref(event)) : one;
    if (modes && one.resolved === null && (one.stoppedSince !== null) !== stopped) {
      const ran = one.stoppedSince === null ? 0 : event.ts - one.stoppedSince;
      next = {
        ...next,
        stoppedMs: next.stoppedMs + ran,
        stoppedSince: stopped ? event.ts : null,
      };
    }
    changed ||= next !== one;
    return next;
  });
  return changed ? { ...state, incidents } : state;
}

function belongs(incident: Incident, event: DomainEvent): boolean {
  const data = event.data as { incident?: unknown; alert?: unknown };
  if (data.incident === incident.id) return true;
  if (incident.closed !== null) return false;
  if (event.commandId !== null && incident.correlations.includes(event.commandId)) return true;
  return event.type.startsWith('alert.') && incident.alerts.includes(String(data.alert));
}

/** Whether the desk or any engine opens nothing by order. */
function isStopped({ desk, engines }: Operating): boolean {
  const halts = (mode: string) => mode === 'killed' || mode === 'paused';
  return halts(desk.mode) || Object.values(engines).some(({ own }) => halts(own.mode));
}

function withRef(incident: Incident, event: EventRef): Incident {
  if (incident.timeline.some(({ seq }) => seq === event.seq)) return incident;
  const timeline = [...incident.timeline, event];
  if (timeline.length <= KEPT.timeline) return { ...incident, timeline };
  timeline.splice(KEPT.timelineHead, 1);
  return { ...incident, timeline, timelineOmitted: incident.timelineOmitted + 1 };
}

function ref({ seq, ts, type }: DomainEvent): EventRef {
  return { seq, ts, type };
}

function stamp({ ts: at, seq, actor: by }: DomainEvent): Stamp {
  return { at, seq, by };
}

function added(list: readonly string[], one: string): readonly string[] {
  return list.includes(one) ? list : [...list, one];
}

function change(
  state: IncidentsState,
  id: string,
  changed: (incident: Incident) => Incident,
): IncidentsState {
  return {
    ...state,
    incidents: state.incidents.map((one) => (one.id === id ? changed(one) : one)),
  };
}
