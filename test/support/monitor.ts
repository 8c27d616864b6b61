import { join } from 'node:path';
import { readPolicies } from '../../src/node/policyFiles';
import { createHealth, type Health } from '../../src/shared/monitor/health';
import type { SlowFigures } from '../../src/shared/monitor/slow';
import type { MonitorPolicy } from '../../src/shared/policy/monitor';
import { ROOT } from './root';

export const monitorPolicy: MonitorPolicy = readPolicies(join(ROOT, 'resources/policy')).monitor
  .document;
export const literal: MonitorPolicy = { ...monitorPolicy, mode: 'literal' };

/** 9:00 in Bogota on a Monday. */
export const MONDAY_9 = Date.UTC(2026, 0, 5, 14);

/** Slow figures of a model of which nothing slow is known. */
export const NOTHING_SLOW: SlowFigures = {
  featuresAt: null,
  features: [],
  concept: { state: 'insufficient', trades: 0, losing: null, least: null, foundAt: null },
  days: [],
};

export function healthOf(policy: MonitorPolicy = monitorPolicy, model = 'm1'): Health {
  const health = createHealth(policy);
  health.reset(model, -Infinity);
  return health;
}
