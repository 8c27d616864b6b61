import type { RejectionCode, Role } from '../../shared/protocol/terminal';
import { type Phrase, phrase, type Said, type Sentence, say } from '../../shared/words/phrase';
import type { Operator } from '../commands';

/** A command that is not carried out: a code for programs, a sentence for people in their language. */
export class Refusal<Code extends Sentence = Sentence> extends Error {
  override readonly name = 'Refusal';
  /** What is said; null for the words of what found the fault, which are as they are. */
  readonly said: Phrase | null;

  constructor(
    readonly code: RejectionCode,
    sentence: Code | Verbatim,
    ...values: Code extends Sentence ? Said<Code> : readonly []
  ) {
    const said = typeof sentence === 'string' ? phrase(sentence, ...(values as never)) : null;
    super(typeof sentence === 'string' ? say(said as Phrase, 'en') : sentence.text);
    this.said = said;
  }
}

/** A fault in the words of a validator or of another program. */
export interface Verbatim {
  readonly text: string;
}

/** @throws {Refusal} where none of the operator's roles is among those that may. */
export function allow(operator: Operator, roles: readonly Role[], what: Sentence): void {
  if (!operator.roles.some((role) => roles.includes(role))) {
    throw new Refusal('forbidden', 'your roles may not {what}', {
      what: { all: [{ code: what }] },
    });
  }
}
