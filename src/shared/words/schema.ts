import { z } from 'zod';
import { type Phrase, VALUE_MAX } from './phrase';

const PLAIN = [
  z.string().max(VALUE_MAX),
  z.number(),
  z.null(),
  z.object({ at: z.number() }),
  z.object({ share: z.number() }),
  z.object({ words: z.array(z.string().max(128)).max(64) }),
] as const;

/** @param depth of phrases within phrases; without an end, a few kilobytes would exhaust the stack. */
function phraseOf(depth: number): z.ZodType<Phrase> {
  const value =
    depth === 0
      ? z.union(PLAIN)
      : z.union([...PLAIN, z.object({ all: z.array(phraseOf(depth - 1)).max(64) })]);
  return z.object({
    code: z.string().min(1).max(512),
    values: z.record(z.string().max(64), value).optional(),
  });
}

const saidOf = (depth: number) => z.array(phraseOf(depth)).min(1).max(64).optional();

/** Phrases said one after the other, on the record. Earlier versions recorded a text alone. */
export const saidSchema = saidOf(6);

/** The same as it comes from an engine or a terminal: what is made of it wraps it again. */
export const saidFromOutside = saidOf(3);
