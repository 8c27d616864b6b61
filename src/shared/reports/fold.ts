import type { DomainEvent } from '../ops/events';
import { REPORTS_KEPT, type ReportsState } from './state';

/** Folds what an event says of reports. */
export function foldReports(state: ReportsState, event: DomainEvent): ReportsState {
  switch (event.type) {
    case 'report.made': {
      const { report: id, ...about } = event.data;
      if (state.made.some((one) => one.id === id)) return state;
      const { seq, ts: at, actor } = event;
      const one = { id, ...about, seq, at, actor, delivered: null };
      const { schedule, dueAt, toSeq, period } = about;
      return {
        made: [one, ...state.made].slice(0, REPORTS_KEPT),
        latest:
          schedule === null || dueAt === null
            ? state.latest
            : { ...state.latest, [schedule]: { dueAt, to: period.to, toSeq } },
      };
    }
    case 'report.delivered': {
      const { report: id, ...delivered } = event.data;
      const made = state.made.map((one) => (one.id === id ? { ...one, delivered } : one));
      return { ...state, made };
    }
    default:
      return state;
  }
}
