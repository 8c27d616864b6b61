import type { z } from 'zod';
import type { Failure, Result } from '../result';
import { fail, ok } from '../result';
import type { ErrorCode } from './wire';
import { MAX_FRAME_BYTES } from './wire';

/**
 * Reads one text frame against a union of message schemas told apart by `type`.
 *
 * Total: whatever the text, it returns; nothing is thrown and nothing of the sender's text is
 * echoed beyond a short, printable excerpt.
 *
 * @param text the frame's text.
 * @param schemas message schemas by their `type`.
 */
export function parseFrame<Schemas extends Readonly<Record<string, z.ZodType>>>(
  text: string,
  schemas: Schemas,
): Result<z.infer<Schemas[keyof Schemas]>, ErrorCode> {
  // A UTF-16 unit is at least one UTF-8 byte, so this refuses only what is surely too large; the
  // socket's own `maxPayload` counts the bytes.
  if (text.length > MAX_FRAME_BYTES) {
    return fail('too_large', `a frame may have ${MAX_FRAME_BYTES} bytes, this one has more`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail('not_json', 'the frame is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail('bad_shape', 'a frame is a JSON object with a "type"');
  }
  const type = (value as { type?: unknown }).type;
  if (typeof type !== 'string') return fail('bad_shape', 'the frame has no "type"');
  const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined;
  if (!schema) return fail('unknown_type', `unknown message type ${excerpt(type)}`);
  try {
    const parsed = schema.safeParse(value);
    if (!parsed.success) return { ok: false, error: shapeFailure(type, parsed.error) };
    return ok(parsed.data as z.infer<Schemas[keyof Schemas]>);
  } catch {
    // A stack has an end, however a schema recurses.
    return fail('bad_shape', `${type}: nested too deep`);
  }
}

function shapeFailure(type: string, error: z.ZodError): Failure<ErrorCode> {
  const [first] = error.issues;
  const where = first && first.path.length > 0 ? first.path.map(String).join('.') : type;
  return {
    code: 'bad_shape',
    message: `${type}: ${excerpt(where)}: ${excerpt(first?.message ?? 'wrong shape')}`,
  };
}

/** A short printable piece of text that came from outside, quoted. */
export function excerpt(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  return JSON.stringify(printable.length > 80 ? `${printable.slice(0, 80)}…` : printable);
}
