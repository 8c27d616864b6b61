import { z } from 'zod';

/** What a promotion is measured by; `docs/model-governance.md` says each in words. */
export const gateIdSchema = z.enum([
  'sharpe',
  'win_rate',
  'max_drawdown',
  'trades',
  'staging_time',
  'shadow_agreement',
  'out_of_sample',
  'artifacts',
  'no_critical_alerts',
  'owner',
  'backup_owner',
  'rollback_plan',
  'on_every_engine',
]);
export type GateId = z.infer<typeof gateIdSchema>;
