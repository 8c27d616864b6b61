import type { RejectionCode, Role } from '../../shared/protocol/terminal';
import type { Operator } from '../commands';

/** A command that is not carried out: a code for programs, a sentence for people. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly code: RejectionCode,
    message: string,
  ) {
    super(message);
  }
}

/** @throws {Refusal} where none of the operator's roles is among those that may. */
export function allow(operator: Operator, roles: readonly Role[], what: string): void {
  if (!operator.roles.some((role) => roles.includes(role))) {
    throw new Refusal('forbidden', `your roles may not ${what}`);
  }
}
