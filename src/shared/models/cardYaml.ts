import { stringify } from 'yaml';
import type { CardDocument } from './cardDocument';

/** Characters that a reader of older YAML takes for a line's end, or that act without being seen. */
const UNSEEN = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * A card as YAML. What the log does not know is left out of the template's fields, so that the card
 * can be registered as it is (`readCard`). Every text is in double quotes: no reader, of whichever
 * YAML, takes one for a number, a day or a yes.
 */
export function cardYaml(card: CardDocument): string {
  const { record, training, performance, ...template } = card;
  const document = {
    ...known(template),
    training: known(training),
    performance: known(performance),
    record,
  };
  const text = stringify(document, {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
  return text.replace(UNSEEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function known(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
