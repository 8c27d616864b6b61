import { timestamp } from '../time';
import type { Figure, LogRange } from './figure';
import type { SuccessMetric } from './report';
import type { ReportVocabulary } from './words';

/** A number as a language writes it. */
export function decimal(value: number, digits: number, { language }: ReportVocabulary): string {
  const text = Math.abs(value).toLocaleString(language === 'en' ? 'en-US' : 'es-CO', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

/** `340 ms`, `7,25 s`, `3 min 05 s`, `2 h 05 min`; what is whole without a rest. */
export function timeText(ms: number, vocabulary: ReportVocabulary): string {
  if (ms < 1_000) return `${decimal(ms, 0, vocabulary)} ms`;
  if (ms < 60_000) return `${decimal(ms / 1_000, ms % 1_000 === 0 ? 0 : 2, vocabulary)} s`;
  const seconds = Math.floor(ms / 1_000);
  const pad = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 3_600 && ms % 60_000 === 0) return `${seconds / 60} min`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  return `${Math.floor(seconds / 3_600)} h ${pad(Math.floor((seconds % 3_600) / 60))} min`;
}

/** A number of a figure's unit, with the unit. */
export function valueText(
  value: number,
  { unit, currency }: Pick<Figure, 'unit' | 'currency'>,
  vocabulary: ReportVocabulary,
): string {
  switch (unit) {
    case 'ms':
      return timeText(value, vocabulary);
    case 'fraction':
      return `${decimal(value * 100, 2, vocabulary)} %`;
    case 'per_week':
      return `${decimal(value, 2, vocabulary)} ${vocabulary.language === 'en' ? 'per week' : 'por semana'}`;
    case 'count':
      return decimal(value, 0, vocabulary);
    case 'ratio':
      return decimal(value, 2, vocabulary);
    case 'money':
      return `${decimal(value, 2, vocabulary)} ${currency ?? '¤'}`;
  }
}

/** A figure, or that it is not there and why. */
export function figureText(figure: Figure, vocabulary: ReportVocabulary): string {
  const { value, absent } = figure;
  if (value !== null) return valueText(value, figure, vocabulary);
  const why = absent === null ? vocabulary.word('unknown') : vocabulary.name(absent);
  return `${vocabulary.word('na')} (${why})`;
}

/** The events a figure stands on. */
export function rangeText({ fromSeq, toSeq }: LogRange): string {
  if (toSeq < fromSeq) return '—';
  return fromSeq === toSeq ? String(fromSeq) : `${fromSeq}–${toSeq}`;
}

export function targetText(
  { target, measured }: Pick<SuccessMetric, 'target' | 'measured'>,
  vocabulary: ReportVocabulary,
): string {
  const sign = target.bound === 'below' ? '<' : '≥';
  return `${sign} ${valueText(target.value, measured, vocabulary)}`;
}

/** `YYYY-MM-DD HH:MM:SS` in COT. */
export function cot(ts: number): string {
  return timestamp(ts).slice(0, 19);
}
