import type { MonitorItem } from '../../shared/monitor/report';
import { nextRetrainingAt, openRetraining } from '../../shared/monitor/retraining';
import type { OpsState } from '../../shared/ops/state';
import type { MonitorPolicy } from '../../shared/policy/monitor';
import type { CommandParams } from '../../shared/protocol/commands';
import type { Operator } from '../commands';
import type { Fact } from '../facts';
import { allow, Refusal } from './refusal';

/** What a decision about retraining is made of. */
export interface RetrainingContext {
  readonly state: Pick<OpsState, 'monitor' | 'models'>;
  readonly policy: MonitorPolicy;
  /** Unix ms. */
  readonly now: number;
  /** The command's id, which names what it begins. */
  readonly id: string;
}

/** @throws {Refusal} */
export function requestRetraining(
  { state, policy, now, id }: RetrainingContext,
  { model, reason }: CommandParams<'retraining.request'>,
  operator: Operator,
): Fact[] {
  allow(operator, policy.permissions.retrain, 'ask for a retraining');
  if (!state.models.models[model]) {
    throw new Refusal('unknown_model', 'no model {model} is registered', { model });
  }
  if (openRetraining(state.monitor, model)) {
    throw new Refusal('superseded', 'a retraining of {model} waits already', { model });
  }
  const from = nextRetrainingAt(state.monitor, 'manual', policy.retraining);
  if (now < from) {
    const hours = policy.retraining.manualEveryMs / 3_600_000;
    throw new Refusal('too_soon', '{hours} h between two asked for by people', { hours });
  }
  return [
    {
      type: 'retraining.proposed',
      data: { retraining: id, model, cause: 'manual', detail: reason.slice(0, 2_000) },
    },
  ];
}

/** @throws {Refusal} */
export function closeRetraining(
  { state, policy }: RetrainingContext,
  { retraining, outcome }: CommandParams<'retraining.close'>,
  operator: Operator,
): Fact[] {
  allow(operator, policy.permissions.retrain, 'close a retraining');
  const open = state.monitor.retrainings.some((one) => one.id === retraining && !one.outcome);
  if (!open) throw new Refusal('unknown_request', 'no retraining of that id is open');
  return [{ type: 'retraining.closed', data: { retraining, outcome } }];
}

/**
 * Whether what a monitor reports may go on the record: a day closes once, and retraining is proposed
 * within its limits, whoever watches.
 */
export function isNews(
  entry: MonitorItem,
  { state, policy, now }: Omit<RetrainingContext, 'id'>,
): boolean {
  if (entry.item === 'day') return entry.data.day > (state.monitor.days.at(-1)?.day ?? '');
  if (entry.item !== 'retraining') return true;
  const { cause, model } = entry.data;
  return (
    cause !== 'manual' &&
    !openRetraining(state.monitor, model) &&
    now >= nextRetrainingAt(state.monitor, 'automatic', policy.retraining)
  );
}
