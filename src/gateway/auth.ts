import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { writeFileDurably } from '../node/latchFile';
import { roleSchema } from '../shared/protocol/terminal';
import type { Operator } from './commands';

/** Whose token it is, or null. Engines' tokens name the engine they speak for. */
export type Authenticate = (
  token: string,
) => Promise<
  { kind: 'operator'; operator: Operator } | { kind: 'engine'; engine: string | null } | null
>;

/** Cost of a token's hash: scrypt N, r, p as OWASP's password storage sheet lists them. */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 128 * 2 ** 20 };

const accountSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, - and _'),
  displayName: z.string().min(1).max(128),
  roles: z.array(z.union([roleSchema, z.literal('engine')])).min(1),
  /** `scrypt$<salt>$<hash>`, base64. */
  tokenHash: z.string().regex(/^scrypt\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+$/),
});
const fileSchema = z.strictObject({ operators: z.array(accountSchema) });
export type Account = z.infer<typeof accountSchema>;

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
  if (parsed.success) return parsed.data.operators;
  const issue = parsed.error.issues[0];
  throw new OperatorsFileError(`${path}: ${issue?.path.join('.')}: ${issue?.message}`);
}

/**
 * Adds an operator, or an engine's account (role `engine`).
 *
 * @returns the token, which is kept nowhere: only its hash is in the file.
 * @throws {OperatorsFileError} when the id is taken or a field does not fit.
 */
export async function addOperator(
  path: string,
  account: Omit<Account, 'tokenHash'>,
): Promise<string> {
  const operators = readOperators(path);
  if (operators.some(({ id }) => id === account.id)) {
    throw new OperatorsFileError(`${account.id} is in ${path} already`);
  }
  const secret = randomBytes(32).toString('base64url');
  const salt = randomBytes(16);
  const tokenHash = `scrypt$${salt.toString('base64')}$${(await hash(secret, salt)).toString('base64')}`;
  const parsed = accountSchema.safeParse({ ...account, tokenHash });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new OperatorsFileError(`${issue?.path.join('.')}: ${issue?.message}`);
  }
  writeFileDurably(path, stringify({ operators: [...operators, parsed.data] }));
  return `${account.id}.${secret}`;
}

/** Checks tokens against an operators' file, read again whenever it changes. */
export function fileAuthentication(path: string): Authenticate {
  let readAt = '';
  let accounts: readonly Account[] = [];
  // A kill over HTTP must not wait for a slow hash twice: good tokens are known by their SHA-256.
  const good = new Map<string, Account>();

  return async (token) => {
    const stats = existsSync(path) ? statSync(path) : null;
    const version = stats ? `${stats.mtimeMs}:${stats.size}` : 'none';
    if (version !== readAt) {
      accounts = readOperators(path);
      readAt = version;
      good.clear();
    }
    const digest = createHash('sha256').update(token).digest('hex');
    const account = good.get(digest) ?? (await check(token));
    if (!account) return null;
    good.set(digest, account);
    if (account.roles.includes('engine')) return { kind: 'engine', engine: account.id };
    const roles = account.roles.filter((role) => role !== 'engine');
    return { kind: 'operator', operator: { id: account.id, name: account.displayName, roles } };
  };

  async function check(token: string): Promise<Account | null> {
    const dot = token.indexOf('.');
    const account = accounts.find(({ id }) => id === token.slice(0, Math.max(0, dot)));
    if (!account) return null;
    const [, salt = '', expected = ''] = account.tokenHash.split('$');
    const found = await hash(token.slice(dot + 1), Buffer.from(salt, 'base64'));
    const wanted = Buffer.from(expected, 'base64');
    return wanted.length === found.length && timingSafeEqual(wanted, found) ? account : null;
  }
}

/** Tokens made for this run and given to the embedded gateway by its terminal. */
export function fixedAuthentication(tokens: {
  readonly operatorToken: string;
  readonly engineToken: string;
  readonly operator: Extract<Awaited<ReturnType<Authenticate>>, { kind: 'operator' }>['operator'];
}): Authenticate {
  return async (token) => {
    if (same(token, tokens.operatorToken)) return { kind: 'operator', operator: tokens.operator };
    return same(token, tokens.engineToken) ? { kind: 'engine', engine: null } : null;
  };
}

function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function hash(secret: string, salt: Buffer): Promise<Buffer> {
  return new Promise((done, failed) => {
    scrypt(secret, salt, 32, COST, (error, key) => (error ? failed(error) : done(key)));
  });
}
