import { z } from 'zod';
import { type LogEvent, logEventSchema } from '../log/event';
import { FACETS, type Facet, marksOf, readableText } from './facets';

const value = z.string().min(1).max(256).nullable().default(null);
const ts = z.int().nonnegative().nullable().default(null);

/** What the audit view asks for; everything given must hold. */
export const auditFilterSchema = z.strictObject({
  /** Any of them; none given means every type. */
  types: z.array(z.string().max(64)).max(64).default([]),
  actor: value,
  role: value,
  model: value,
  engine: value,
  incident: value,
  /** Every event of one command, its whole story. */
  command: z.string().min(1).max(64).nullable().default(null),
  /** UTC, milliseconds; from this one on, and before that one. */
  from: ts,
  to: ts,
  /** Words, each found from its beginning, without regard to case or accents. */
  text: z.string().max(256).nullable().default(null),
});
export type AuditFilter = z.output<typeof auditFilterSchema>;
export type AuditFilterInput = z.input<typeof auditFilterSchema>;

export const NO_FILTER: AuditFilter = auditFilterSchema.parse({});

/** `own` is this terminal's mirror; `imported` what was opened from elsewhere. */
export const auditSourceSchema = z.enum(['own', 'imported']);
export type AuditSource = z.infer<typeof auditSourceSchema>;

export const auditPageSchema = z.object({
  /** Which question of this record it answers, as `audit.counted` names it; 0 without a filter. */
  question: z.int().nonnegative(),
  /** Rows that match, as far as they were counted. */
  total: z.int().nonnegative(),
  /** False while the rest is still being counted; `audit.counted` tells more. */
  counted: z.boolean(),
  events: z.array(logEventSchema),
  /** Time from the question to the rows, ms. */
  tookMs: z.number(),
  /** Events from here on are not in the index yet and are not among the rows of a filter. */
  indexedTo: z.int().nonnegative(),
  headSeq: z.int().nonnegative(),
});
export type AuditPage = z.infer<typeof auditPageSchema>;

/** The values there are to filter by, the most frequent first. */
export const facetValuesSchema = z.object(
  Object.fromEntries(FACETS.map((facet) => [facet, z.array(z.string())])) as Record<
    Facet,
    z.ZodArray<z.ZodString>
  >,
);
export type FacetValues = z.infer<typeof facetValuesSchema>;

const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const PHRASES_MAX = 16;

/**
 * What a text asks for: phrases, each a run of words. White space parts phrases; what stands between
 * two words without it, as in `paper-1`, keeps them together.
 */
export function phrasesOf(text: string): readonly (readonly string[])[] {
  const runs = text.split(/\s+/u).map((run) => run.match(WORD) ?? []);
  return runs.filter((words) => words.length > 0).slice(0, PHRASES_MAX);
}

/** Lower case, with the accents taken off. */
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
}

/**
 * Whether an event fits, decided from the event alone. The index answers the same for events that
 * are in it; this serves the few that no disk has taken yet, and tests.
 */
export function matches(filter: AuditFilter, event: LogEvent): boolean {
  const { from, to, command, text } = filter;
  if (from !== null && event.ts < from) return false;
  if (to !== null && event.ts >= to) return false;
  if (command !== null && event.commandId !== command) return false;
  const marks = marksOf(event);
  const has = (facet: Facet, wanted: string): boolean =>
    marks.some(([one, its]) => one === facet && its === wanted);
  if (filter.types.length > 0 && !filter.types.some((type) => has('type', type))) return false;
  for (const facet of ['actor', 'role', 'model', 'engine', 'incident'] as const) {
    const wanted = filter[facet];
    if (wanted !== null && !has(facet, wanted)) return false;
  }
  if (text === null) return true;
  const words = (readableText(event).match(WORD) ?? []).map(fold);
  return phrasesOf(text).every((phrase) => holds(words, phrase.map(fold)));
}

/** Whether the words of a phrase stand there one after another, the last one perhaps only begun. */
function holds(words: readonly string[], phrase: readonly string[]): boolean {
  const last = phrase.length - 1;
  return words.some((_, at) =>
    phrase.every((word, index) => {
      const found = words[at + index];
      return index === last ? found?.startsWith(word) === true : found === word;
    }),
  );
}

/** Whether nothing is filtered: then a page follows from sequences alone. */
export function isUnfiltered(filter: AuditFilter): boolean {
  const { types, actor, role, model, engine, incident, command, from, to, text } = filter;
  const nothing = [actor, role, model, engine, incident, command, from, to].every(
    (one) => one === null,
  );
  return nothing && types.length === 0 && (text === null || phrasesOf(text).length === 0);
}
