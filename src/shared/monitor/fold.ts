import type { DomainEvent } from '../ops/events';
import { tradingDay } from '../time';
import { DAYS_KEPT, FIRINGS_KEPT, type MonitorRecord, RETRAININGS_KEPT } from './record';

/** Folds what an event says of the monitor. */
export function foldMonitor(state: MonitorRecord, event: DomainEvent): MonitorRecord {
  switch (event.type) {
    case 'monitor.lease_changed':
      return { ...state, holder: event.data.holder, token: event.data.token };
    case 'monitor.trigger_changed': {
      const { trigger, outcome, since } = event.data.check;
      const found = { outcome, at: event.ts, since: since ?? null };
      const triggers = { ...state.triggers, [trigger]: found };
      return { ...state, triggers };
    }
    case 'monitor.fired': {
      const firing = { ...event.data, seq: event.seq, at: event.ts };
      return { ...state, firings: [firing, ...state.firings].slice(0, FIRINGS_KEPT) };
    }
    case 'monitor.state_changed':
      return { ...state, machine: event.data.machine, machineSeq: event.seq };
    case 'monitor.dry_run_set':
      return { ...state, dryRunUntil: event.data.until };
    case 'monitor.blind_paused':
      return { ...state, blindPause: { ...event.data, at: event.ts } };
    case 'monitor.suspended':
      return { ...state, suspended: { ...event.data, at: event.ts } };
    case 'monitor.day_closed': {
      // A day closes once: what comes after it for the same day, or an earlier one, changes nothing.
      if (event.data.day <= (state.days.at(-1)?.day ?? '')) return state;
      const day = { ...event.data, seq: event.seq, at: event.ts };
      return { ...state, days: [...state.days, day].slice(-DAYS_KEPT) };
    }
    case 'alert.raised': {
      const { alert, kind } = event.data;
      if (kind !== 'drawdown_step') return state;
      const day = tradingDay(event.ts);
      const before = state.steps.day === day ? state.steps.alerts : [];
      if (before.includes(alert)) return state;
      return { ...state, steps: { day, alerts: [...before, alert] } };
    }
    case 'retraining.proposed': {
      const { retraining: id, ...about } = event.data;
      const { ts: at, actor: by, reason } = event;
      const one = { id, ...about, at, by, reason, outcome: null, closedAt: null };
      return { ...state, retrainings: [one, ...state.retrainings].slice(0, RETRAININGS_KEPT) };
    }
    case 'retraining.closed':
      return {
        ...state,
        retrainings: state.retrainings.map((one) =>
          one.id === event.data.retraining && one.outcome === null
            ? { ...one, outcome: event.data.outcome, closedAt: event.ts }
            : one,
        ),
      };
    default:
      return state;
  }
}
