/** A value that JSON can carry. `undefined` members are not JSON and are refused. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** Thrown by {@link canonicalJson} for a value which has no canonical form. */
export class NotCanonicalError extends Error {
  override readonly name = 'NotCanonicalError';
}

/**
 * The canonical JSON of a value (RFC 8785, JCS): members sorted by UTF-16 code units, numbers as
 * ECMAScript prints them, no white space. Two equal values have the same text, so its hash
 * identifies the value.
 *
 * @throws {NotCanonicalError} for NaN, infinities, lone surrogates, `undefined` and anything that
 * is not JSON: a hash over them would not mean the same to every reader.
 */
export function canonicalJson(value: unknown): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return canonicalString(value);
    case 'number':
      if (!Number.isFinite(value)) throw new NotCanonicalError(`${value} has no JSON form`);
      return value === 0 ? '0' : String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return Array.isArray(value)
        ? canonicalArray(value)
        : canonicalObject(value as Record<string, unknown>);
    default:
      throw new NotCanonicalError(`a ${typeof value} has no JSON form`);
  }
}

function canonicalString(text: string): string {
  if (!text.isWellFormed()) throw new NotCanonicalError('the text has a lone surrogate');
  return JSON.stringify(text);
}

function canonicalArray(items: readonly unknown[]): string {
  let text = '[';
  for (let index = 0; index < items.length; index += 1) {
    if (index > 0) text += ',';
    text += canonicalJson(items[index]);
  }
  return `${text}]`;
}

function canonicalObject(object: Record<string, unknown>): string {
  const prototype = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new NotCanonicalError('only plain objects have a JSON form');
  }
  // The default sort compares UTF-16 code units, which is the order RFC 8785 §3.2.3 asks for.
  const keys = Object.keys(object).sort();
  let text = '{';
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    if (index > 0) text += ',';
    text += `${canonicalKey(key)}:${canonicalJson(object[key])}`;
  }
  return `${text}}`;
}

/** Names of members are few and come again with each event. */
const KEYS_MAX = 4_096;
const KEY_LENGTH_MAX = 64;
const keys = new Map<string, string>();

function canonicalKey(key: string): string {
  const known = keys.get(key);
  if (known !== undefined) return known;
  const text = canonicalString(key);
  if (keys.size < KEYS_MAX && key.length <= KEY_LENGTH_MAX) keys.set(key, text);
  return text;
}
