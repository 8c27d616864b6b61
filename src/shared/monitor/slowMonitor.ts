import type { OpsState } from '../ops/state';
import type { MonitorPolicy } from '../policy/monitor';
import { tradingDay } from '../time';
import { detailOf } from '../words/phrase';
import { daysToClose, sharpeCheck } from './dayClose';
import type { Evaluation } from './health';
import type { MonitorItem } from './report';
import { dueRetraining } from './retraining';
import { alertChanges, type Standing, slowFindings, standingOf } from './slowAlerts';

/** The slow half of the monitor that acts: it tells, and does nothing. */
export interface SlowMonitor {
  takeUp(ops: OpsState): void;
  check(evaluation: Evaluation, ops: OpsState): readonly MonitorItem[];
}

export function createSlowMonitor(deps: {
  readonly policy: () => MonitorPolicy;
  readonly newId: () => string;
}): SlowMonitor {
  /** What was told and may not be in the log yet, so that it is not told twice. */
  let standing: Map<string, Standing> | null = null;
  let steps: { day: string; alerts: readonly string[] } = { day: '', alerts: [] };
  let closed = '';
  let proposedAt = -Infinity;

  function takeUp(ops: OpsState): void {
    standing = standingOf(ops.alerts.active);
    steps = ops.monitor.steps;
    closed = ops.monitor.days.at(-1)?.day ?? '';
    proposedAt = -Infinity;
  }

  function alerts(evaluation: Evaluation, ops: OpsState, today: string): MonitorItem[] {
    const known = standing ?? new Map<string, Standing>();
    const sharpe = sharpeCheck(ops.monitor.days, evaluation.model, deps.policy().alerts.sharpe);
    const findings = slowFindings(evaluation, sharpe, deps.policy());
    const raised = steps.day === today ? steps.alerts : [];
    return alertChanges(findings, known, evaluation.model, raised).map((one): MonitorItem => {
      if (one.change === 'clear') {
        known.delete(one.alert);
        return { item: 'clear', data: { alert: one.alert, cause: one.cause } };
      }
      const { alert, kind, about, said } = one.finding;
      const { severity } = one;
      const { model } = evaluation;
      known.set(alert, { kind, severity, model, about });
      if (kind === 'drawdown_step') {
        const before = steps.day === today ? steps.alerts : [];
        steps = { day: today, alerts: [...before, alert] };
      }
      return { item: 'alert', data: { alert, severity, kind, model, ...detailOf(said) } };
    });
  }

  return {
    takeUp,
    check(evaluation, ops) {
      if (standing === null) takeUp(ops);
      const { at: now, slow, model } = evaluation;
      const today = tradingDay(now);
      const items = alerts(evaluation, ops, today);
      const { session, retraining } = deps.policy();
      for (const day of daysToClose(slow.days, ops.monitor, slow.features, session, today)) {
        if (day.day <= closed) continue;
        closed = day.day;
        items.push({ item: 'day', data: { ...day, drifted: [...day.drifted] } });
      }
      const due = dueRetraining(model, slow, ops.monitor, ops.models, deps.policy(), now);
      if (due && now - proposedAt >= retraining.automaticEveryMs) {
        proposedAt = now;
        items.push({ item: 'retraining', data: { retraining: deps.newId(), ...due } });
      }
      return items;
    },
  };
}
