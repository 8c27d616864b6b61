import { z } from 'zod';
import { canonicalJson, type Json } from '../log/canonical';
import type { Sha256 } from '../log/chain';
import { monitorPolicySchema } from '../policy/monitor';
import type { Result } from '../result';
import { fail, ok } from '../result';
import { createHealth, type Evaluation } from './health';

const ts = z.number();

/** The window behind a firing: the samples, the policy and the instant, so that it can be judged anew. */
export const windowFileSchema = z.object({
  format: z.literal('vigia.window.v1'),
  at: ts,
  model: z.string().nullable(),
  enhanced: z.boolean(),
  policy: monitorPolicySchema,
  samples: z.object({
    errors: z.array(z.tuple([ts, z.number()])),
    latencies: z.array(z.tuple([ts, z.number()])),
    trades: z.array(z.object({ id: z.string(), closedAt: ts, pnl: z.number().nullable() })),
    equity: z
      .object({ day: z.string(), peak: z.number(), current: z.number(), lastAt: ts })
      .nullable(),
  }),
});
export type WindowFile = z.infer<typeof windowFileSchema>;

/** What a firing is named by in the log: SHA-256 of the window's canonical JSON. */
export function windowDigest(file: WindowFile, sha256: Sha256): string {
  return sha256(canonicalJson(file as unknown as Json));
}

/** Judges a stored window anew. The same window gives the same verdict. */
export function replay(
  text: string,
  sha256: Sha256,
): Result<{ evaluation: Evaluation; digest: string }, 'bad_window'> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail('bad_window', `not JSON: ${(error as Error).message}`);
  }
  const parsed = windowFileSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return fail('bad_window', `${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
  }
  const file = parsed.data;
  const health = createHealth(file.policy, file.enhanced);
  health.reset(file.model, -Infinity);
  health.restore(file.samples);
  return ok({ evaluation: health.evaluate(file.at), digest: windowDigest(file, sha256) });
}
