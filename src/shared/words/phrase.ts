import type { Language } from '../notify/message';
import { timestamp } from '../time';
import { SPANISH } from './spanish';
import { WORDS, type Word } from './words';

/**
 * Something said to people, so that each reads it in his language. Its code is the English sentence
 * with names for what differs, and stands on the record with their values: whoever does not know the
 * code still has the sentence.
 */
export interface Phrase {
  readonly code: string;
  readonly values?: Readonly<Record<string, PhraseValue>> | undefined;
}

export type PhraseValue =
  | string
  | number
  | null
  /** An instant, Unix ms, written in COT. */
  | { readonly at: number }
  /** A fraction, written in per cent. */
  | { readonly share: number }
  /** Names of our own; see {@link WORDS}. One that is not there stands as it is. */
  | { readonly words: readonly string[] }
  | { readonly all: readonly Phrase[] };

/** Every sentence that is said in both languages. */
export type Sentence = keyof typeof SPANISH;

type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;
type Values<Text extends string> = Readonly<Record<Names<Text>, PhraseValue>>;

/** A sentence that stands on the record as text, and is said in both languages all the same. */
export const sentence = (code: Sentence): Sentence => code;

/** Said with every value it names. */
export type Said<Code extends Sentence> =
  Names<Code> extends never ? readonly [] : readonly [values: Values<Code>];

/** Longest text of a value. */
export const VALUE_MAX = 2_000;

export function phrase<Code extends Sentence>(code: Code, ...[values]: Said<Code>): Phrase {
  if (values === undefined) return { code };
  // Ids of fifty engines in a row are cut here, once, and not by whoever names them.
  const cut = Object.entries<PhraseValue>(values).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.slice(0, VALUE_MAX).toWellFormed() : value,
  ]);
  return { code, values: Object.fromEntries(cut) };
}

/** Names of our own, known or not by this version. */
export const word = (...names: readonly string[]): PhraseValue => ({ words: names });

/** A phrase in a language, as plain text that was not escaped. */
export function say({ code, values = {} }: Phrase, language: Language): string {
  const text = language === 'es' && isSentence(code) ? SPANISH[code] : code;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? written(values[name] ?? null, language) : whole,
  );
}

const DETAIL_MAX = 2_000;

export const sayAll = (phrases: readonly Phrase[], language: Language): string =>
  phrases.map((one) => say(one, language)).join('; ');

/** What an event of an alert holds of its detail: the English text, cut, and its phrases. */
export function detailOf(said: readonly Phrase[]): { detail: string; said?: Phrase[] } {
  const detail = sayAll(said, 'en').slice(0, DETAIL_MAX).toWellFormed();
  return said.length === 0 ? { detail } : { detail, said: [...said] };
}

/** What was recorded as phrases; as the text beside them where there are none, as of earlier versions. */
export function sayEither(
  said: readonly Phrase[] | null | undefined,
  text: string,
  language: Language,
): string {
  return said ? sayAll(said, language) : say({ code: text }, language);
}

/** One of our own names in a language; itself where it is none. */
export function sayWord(name: string, language: Language): string {
  return Object.hasOwn(WORDS, name) ? WORDS[name as Word][language] : bare(name);
}

function written(value: PhraseValue, language: Language): string {
  if (value === null) return WORDS['word.nothing'][language];
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return figure(value, language);
  if ('at' in value) return `${timestamp(value.at).slice(0, 19)} COT`;
  if ('share' in value) return `${figure(value.share * 100, language)} %`;
  if ('all' in value) return sayAll(value.all, language);
  return value.words.map((name) => sayWord(name, language)).join(', ');
}

/** With four digits at most, and the language's own decimal sign. */
function figure(value: number, language: Language): string {
  const text = String(Number(value.toPrecision(4)));
  return language === 'es' ? text.replace('.', ',') : text;
}

/** A name without what says of which kind it is. */
const bare = (name: string): string => name.slice(name.indexOf('.') + 1);

const isSentence = (code: string): code is Sentence => Object.hasOwn(SPANISH, code);
