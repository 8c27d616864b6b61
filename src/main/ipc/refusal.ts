import type { Failure } from '../../shared/result';

/** Thrown by a handler to refuse with a code; anything else that is thrown is a defect. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}
