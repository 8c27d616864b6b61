import type { DomainEvent } from '../ops/events';
import { FIRINGS_KEPT, type MonitorRecord } from './record';

/** Folds what an event says of the monitor. */
export function foldMonitor(state: MonitorRecord, event: DomainEvent): MonitorRecord {
  switch (event.type) {
    case 'monitor.lease_changed':
      return { ...state, holder: event.data.holder, token: event.data.token };
    case 'monitor.trigger_changed': {
      const { trigger, outcome } = event.data.check;
      const triggers = { ...state.triggers, [trigger]: { outcome, at: event.ts } };
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
    default:
      return state;
  }
}
