import { z } from 'zod';

/** What can fire, the gravest first. */
export const triggerSchema = z.enum([
  'dailyDrawdown',
  'errorRate',
  'latencyP99',
  'consecutiveLosses',
]);
export type Trigger = z.infer<typeof triggerSchema>;
export const TRIGGERS = triggerSchema.options;
