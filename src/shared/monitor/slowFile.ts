import { z } from 'zod';
import type { Health } from './health';
import type { Watch } from './watch';

const ts = z.number();
const figure = z.number().nullable();
const count = z.int().nonnegative();

export const closedTradeSchema = z.object({ id: z.string(), closedAt: ts, pnl: figure });
export const slowSamplesSchema = z.object({
  days: z
    .array(
      z.object({
        day: z.string(),
        models: z.array(z.string().nullable()),
        engines: z.record(
          z.string(),
          z.object({ start: figure, end: figure, currency: z.string().nullable() }),
        ),
        trades: count,
        wins: count,
        pnl: z.number(),
      }),
    )
    .max(64),
  features: z.array(z.tuple([z.number(), z.array(z.array(count))])).max(10_000),
  trades: z.array(closedTradeSchema).max(10_000),
});

/** What the slow half remembers over a restart of its host, and of which model. */
export const slowFileSchema = slowSamplesSchema.extend({
  format: z.literal('vigia.slow.v1'),
  model: z.string().nullable(),
  since: ts,
});
export type SlowFile = z.infer<typeof slowFileSchema>;

export interface SlowMemory {
  /** Puts back what was kept, as soon as what is watched is what it was kept of. */
  recall(watch: Watch): void;
  remember(watch: Watch): void;
}

/** Keeps the slow half over restarts: days, features and trades are gathered over weeks. */
export function createSlowMemory(
  health: Health,
  file: { slow(file: SlowFile): boolean; readSlow(): SlowFile | null },
): SlowMemory {
  let kept = file.readSlow();
  if (kept) health.restoreDays(kept);
  return {
    recall({ model, since }) {
      if (kept === null || kept.model !== model || kept.since !== since) return;
      health.restoreSlow(kept);
      kept = null;
    },
    remember({ model, since }) {
      // Until the log has told which model is live, what was kept is not written over.
      if (kept !== null && model === null) return;
      kept = null;
      const samples = health.freezeSlow() as Omit<SlowFile, 'format' | 'model' | 'since'>;
      file.slow({ ...samples, format: 'vigia.slow.v1', model, since });
    },
  };
}
