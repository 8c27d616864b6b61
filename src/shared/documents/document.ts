import type { Chart } from './chart';

/** What a document that leaves the terminal is made of: text in blocks, and nothing else. */

export type Language = 'es' | 'en';

export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  /** Names and what is said of each. */
  | { readonly kind: 'facts'; readonly rows: readonly (readonly [name: string, text: string])[] }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | {
      readonly kind: 'table';
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  /** A chart, drawn from its numbers; `text` says in words what it shows. */
  | {
      readonly kind: 'figure';
      readonly title: string;
      readonly text: string;
      readonly chart: Chart;
    };

/**
 * A document as every rendering of it takes it. All of its text is plain: whatever came from outside
 * is put in as it is, and each rendering escapes all of it.
 */
export interface TextDocument {
  readonly language: Language;
  readonly title: string;
  readonly subtitle: string;
  /** What it is a snapshot of; stands at the foot of every page. */
  readonly footer: string;
  readonly blocks: readonly Block[];
}

/** Characters that are not seen but act: controls, and those that turn the direction of writing. */
const UNSEEN = /(?![\n\t])[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/**
 * Makes characters seen that would only act, as `⟨U+202E⟩`, and lone surrogates `U+FFFD`. Line breaks
 * and tabs stay.
 */
export function visible(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(UNSEEN, (c) => {
      const code = (c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      return `⟨U+${code}⟩`;
    });
}
