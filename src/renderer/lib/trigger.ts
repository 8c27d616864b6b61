import type { Trigger } from '@shared/monitor/trigger';
import { amount, NO_FIGURE, percent } from './format';

/** How a trigger's figures are written. */
const UNIT: Readonly<Record<Trigger, 'percent' | 'ms' | 'count'>> = {
  dailyDrawdown: 'percent',
  errorRate: 'percent',
  latencyP99: 'ms',
  consecutiveLosses: 'count',
};

/** A trigger's figure as it is read. */
export function triggerFigure(trigger: Trigger, value: number | null): string {
  if (value === null) return NO_FIGURE;
  const unit = UNIT[trigger];
  if (unit === 'percent') return percent(value, 2);
  return unit === 'ms' ? `${amount(value, 0)} ms` : amount(value, 0);
}
