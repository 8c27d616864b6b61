import { z } from 'zod';
import type { Phrase, PhraseValue } from './phrase';

const valueSchema: z.ZodType<PhraseValue> = z.union([
  z.string().max(2_000),
  z.number(),
  z.null(),
  z.object({ at: z.number() }),
  z.object({ share: z.number() }),
  z.object({ words: z.array(z.string().max(128)).max(64) }),
  z.object({ all: z.array(z.lazy(() => phraseSchema)).max(64) }),
]);

/** A phrase as it stands on the record. */
export const phraseSchema: z.ZodType<Phrase> = z.object({
  code: z.string().min(1).max(512),
  values: z.record(z.string().max(64), valueSchema).optional(),
});

/** Phrases said one after the other. Earlier versions recorded a text alone. */
export const saidSchema = z.array(phraseSchema).min(1).max(64).optional();
