import { z } from 'zod';
import { retrainingOutcomeSchema } from './events';

const id = z.string().min(1).max(128);
const reason = z.string().trim().min(1, 'a reason is required').max(4_000);

/** Parameters of the commands about retraining. */
export const retrainingCommandParams = {
  /** Asks that retraining a model be evaluated. It changes no model. */
  'retraining.request': z.strictObject({ model: id, reason }),
  /** What the evaluation came to; a better model is registered and promoted like any other. */
  'retraining.close': z.strictObject({
    retraining: id,
    outcome: retrainingOutcomeSchema,
    reason,
  }),
} as const;
