/** The envelope in which results cross a process boundary: a refusal carries a code, never `undefined`. */
export type Result<T, Code extends string = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: Failure<Code> };

/** A refusal: a stable code for programs, a sentence for people. */
export interface Failure<Code extends string = string> {
  readonly code: Code;
  readonly message: string;
}

export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

export function fail<Code extends string>(
  code: Code,
  message: string,
): { ok: false; error: Failure<Code> } {
  return { ok: false, error: { code, message } };
}
