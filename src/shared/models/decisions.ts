import { z } from 'zod';

/** What people say when they decide about a model. */

export const retirementCauseSchema = z.enum([
  'replaced',
  'strategy_change',
  'regulatory',
  'underperformance',
]);
export type RetirementCause = z.infer<typeof retirementCauseSchema>;

export const checklistSchema = z.strictObject({
  backtestReviewed: z.literal(true),
  metricsAcceptable: z.literal(true),
  teamNotified: z.literal(true),
});

/** In whose name an approval is asked for and given. */
export const capacitySchema = z.enum(['model-owner', 'engineering-lead', 'cto']);
export type Capacity = z.infer<typeof capacitySchema>;
