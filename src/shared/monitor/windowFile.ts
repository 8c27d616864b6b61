import { z } from 'zod';
import { canonicalJson, type Json } from '../log/canonical';
import type { Sha256 } from '../log/chain';
import { monitorPolicySchema } from '../policy/monitor';
import type { Result } from '../result';
import { fail, ok } from '../result';
import { createHealth, type Evaluation, type WindowSamples } from './health';
import type { Watch } from './watch';

const ts = z.number();

/** The window behind a firing: the samples, the policy and the instant, so that it can be judged anew. */
export const windowFileSchema = z.object({
  format: z.literal('vigia.window.v1'),
  at: ts,
  model: z.string().nullable(),
  /** Since when the model was live: its first samples may not count yet. */
  since: ts.optional(),
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

/** Samples in a window beyond which it is not kept: a file nobody could open proves nothing. */
const SAMPLES_KEPT = 500_000;

/**
 * Keeps the window behind a firing.
 *
 * @param window the samples as they were when it fired: what is done about it may change the model.
 * @param write stores it under its digest; false when it could not.
 * @returns the digest; null when the window is too large or was not stored.
 */
export function keepWindow(
  window: WindowSamples,
  { model, since, enhanced, policy }: Pick<Watch, 'model' | 'since' | 'enhanced' | 'policy'>,
  at: number,
  sha256: Sha256,
  write: (digest: string, file: WindowFile) => boolean,
): string | null {
  const samples = window as WindowFile['samples'];
  if (samples.errors.length + samples.latencies.length > SAMPLES_KEPT) return null;
  const about = { at, model, since, enhanced, policy };
  const file: WindowFile = { format: 'vigia.window.v1', ...about, samples };
  const digest = windowDigest(file, sha256);
  return write(digest, file) ? digest : null;
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
  health.reset(file.model, file.since ?? -Infinity);
  health.restore(file.samples);
  return ok({ evaluation: health.evaluate(file.at), digest: windowDigest(file, sha256) });
}
