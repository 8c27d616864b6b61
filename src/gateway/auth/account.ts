import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { roleSchema } from '../../shared/protocol/terminal';

/** `scrypt$<salt>$<hash>`, base64. */
const tokenHash = z.string().regex(/^scrypt\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+$/);

const tokenSchema = z.strictObject({
  /** What the token is called, so that one can be revoked without knowing it. */
  id: z.string().regex(/^[a-z0-9]{1,16}$/),
  hash: tokenHash,
  createdAt: z.iso.datetime().nullable(),
  /** Null for one that never expires. */
  expiresAt: z.iso.datetime().nullable(),
});
export type AccountToken = z.infer<typeof tokenSchema>;

const accountFields = {
  id: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, - and _'),
  displayName: z.string().min(1).max(128),
  roles: z.array(z.union([roleSchema, z.literal('engine')])).min(1),
};
export const accountSchema = z.union([
  z.strictObject({ ...accountFields, tokens: z.array(tokenSchema).max(16) }),
  /** As the first version wrote it: one token that never expires. */
  z.strictObject({ ...accountFields, tokenHash }).transform(({ tokenHash: hash, ...account }) => ({
    ...account,
    tokens: [{ id: 't0', hash, createdAt: null, expiresAt: null }],
  })),
]);
export type Account = z.output<typeof accountSchema>;

const fileSchema = z.strictObject({ operators: z.array(accountSchema) });

/** The operators' file cannot be used; the message says where and why. */
export class OperatorsFileError extends Error {
  override readonly name = 'OperatorsFileError';
}

/** Reads an operators' file. A missing one holds nobody. @throws {OperatorsFileError} */
export function readOperators(path: string): readonly Account[] {
  if (!existsSync(path)) return [];
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new OperatorsFileError(`${path} is not YAML: ${(error as Error).message}`);
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    throw new OperatorsFileError(`${path}: ${firstIssue(parsed.error)}`);
  }
  const ids = parsed.data.operators.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new OperatorsFileError(`${path}: ${twice} is in it twice`);
  return parsed.data.operators;
}

/** Where and what the first fault of a document is. */
export function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.map(String).join('.')}: ${issue?.message}`;
}
