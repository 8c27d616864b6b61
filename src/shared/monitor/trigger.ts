import { z } from 'zod';
import { type PhraseValue, word } from '../words/phrase';

/** What can fire, the gravest first. */
export const triggerSchema = z.enum([
  'dailyDrawdown',
  'errorRate',
  'latencyP99',
  'consecutiveLosses',
]);
export type Trigger = z.infer<typeof triggerSchema>;
export const TRIGGERS = triggerSchema.options;

/** A trigger's figure in the unit in which people read it. */
export function figureOf(trigger: Trigger, value: number | null): PhraseValue {
  if (value === null) return word('word.noFigure');
  if (trigger === 'latencyP99') return `${Math.round(value)} ms`;
  return trigger === 'consecutiveLosses' ? value : { share: value };
}
