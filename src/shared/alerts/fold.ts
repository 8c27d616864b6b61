import type { DomainEvent, EventOf } from '../ops/events';
import { type AlertsState, CHANGES_KEPT, CLEARED_KEPT } from './state';

/** Folds what an event says of alerts. Events about other things change nothing. */
export function foldAlerts(state: AlertsState, event: DomainEvent): AlertsState {
  switch (event.type) {
    case 'alert.raised':
      return raised(state, event);
    case 'alert.cleared':
      return cleared(state, event);
    case 'alert.acknowledged': {
      const alert = state.active[event.data.alert];
      if (!alert) return state;
      const acknowledged = alert.acknowledged ?? { by: event.actor, at: event.ts };
      return { ...state, active: { ...state.active, [alert.id]: { ...alert, acknowledged } } };
    }
    default:
      return state;
  }
}

function raised(state: AlertsState, event: EventOf<'alert.raised'>): AlertsState {
  const { alert: id, severity, kind, model, engine, detail } = event.data;
  const known = state.active[id];
  const before = known ?? state.cleared.find((one) => one.id === id);
  const changes = before?.changes ?? [];
  const alert = {
    ...{ id, severity, kind, model, engine, detail },
    said: event.data.said ?? null,
    source: event.data.source ?? 'policy',
    outside: event.data.outside ?? null,
    seq: known?.seq ?? event.seq,
    since: known?.since ?? Math.min(event.data.since ?? event.ts, event.ts),
    raisedAt: known?.raisedAt ?? event.ts,
    lastAt: event.ts,
    count: (known?.count ?? 0) + (event.data.count ?? 1),
    acknowledged: known?.acknowledged ?? null,
    changes: known ? changes : [...changes, event.ts].slice(-CHANGES_KEPT),
  };
  const critical = model !== null && (severity === 'P0' || severity === 'P1');
  return {
    active: { ...state.active, [id]: alert },
    cleared: known ? state.cleared : state.cleared.filter((one) => one.id !== id),
    criticalAt: critical ? { ...state.criticalAt, [model]: event.ts } : state.criticalAt,
  };
}

function cleared(state: AlertsState, event: EventOf<'alert.cleared'>): AlertsState {
  const { [event.data.alert]: alert, ...active } = state.active;
  if (!alert) return state;
  const over = {
    ...alert,
    changes: [...alert.changes, event.ts].slice(-CHANGES_KEPT),
    clearedAt: event.ts,
    clearedBecause: event.data.cause,
  };
  return { ...state, active, cleared: [over, ...state.cleared].slice(0, CLEARED_KEPT) };
}
