import { randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import { writeFileDurably } from '../../node/latchFile';
import type { Clock } from '../../shared/time';
import {
  type Account,
  type AccountToken,
  accountSchema,
  firstIssue,
  OperatorsFileError,
  readOperators,
} from './account';
import { newSecret } from './secret';

/** Days that a token lasts unless it is said otherwise. */
export const TOKEN_DAYS = 90;
const DAY_MS = 86_400_000;
const TOKENS_MAX = 16;

export interface TokenLife {
  /** Null for a token that never expires. */
  readonly days: number | null;
  readonly clock: Clock;
}

/**
 * Adds an operator, or an engine's account (role `engine`).
 *
 * @returns the token, which is kept nowhere: only its hash is in the file.
 * @throws {OperatorsFileError} when the id is taken or a field does not fit.
 */
export async function addOperator(
  path: string,
  account: Omit<Account, 'tokens'>,
  life: TokenLife = { days: TOKEN_DAYS, clock: Date.now },
): Promise<string> {
  const operators = readOperators(path);
  if (operators.some(({ id }) => id === account.id)) {
    throw new OperatorsFileError(`${account.id} is in ${path} already`);
  }
  const made = await makeToken(account.id, life);
  const parsed = accountSchema.safeParse({ ...account, tokens: [made.kept] });
  if (!parsed.success) throw new OperatorsFileError(firstIssue(parsed.error));
  write(path, [...operators, parsed.data]);
  return made.token;
}

/**
 * Gives an account a further token; those it has stay good until `overlapMs` from now, so that what
 * uses them can be changed without a break.
 *
 * @throws {OperatorsFileError} where there is no such account.
 */
export async function rotateToken(
  path: string,
  id: string,
  overlapMs: number,
  life: TokenLife = { days: TOKEN_DAYS, clock: Date.now },
): Promise<string> {
  const made = await makeToken(id, life);
  const now = life.clock();
  const until = new Date(now + overlapMs).toISOString();
  change(path, id, (account) => {
    const before = account.tokens
      .filter(({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) > now)
      .map((one) => ({
        ...one,
        expiresAt: one.expiresAt !== null && one.expiresAt < until ? one.expiresAt : until,
      }));
    return { ...account, tokens: [...before, made.kept].slice(-TOKENS_MAX) };
  });
  return made.token;
}

/**
 * Takes tokens back: the one named, or all of an account's.
 *
 * @returns how many.
 * @throws {OperatorsFileError} where there is no such account, or no such token.
 */
export function revokeTokens(path: string, id: string, token: string | null): number {
  let count = 0;
  change(path, id, (account) => {
    const left = account.tokens.filter((one) => token !== null && one.id !== token);
    count = account.tokens.length - left.length;
    if (count === 0) throw new OperatorsFileError(`${id} has no token ${token ?? ''}`.trim());
    return { ...account, tokens: left };
  });
  return count;
}

function change(path: string, id: string, make: (account: Account) => Account): void {
  const operators = readOperators(path);
  if (!operators.some((one) => one.id === id)) {
    throw new OperatorsFileError(`${id} is not in ${path}`);
  }
  write(
    path,
    operators.map((one) => (one.id === id ? make(one) : one)),
  );
}

async function makeToken(
  account: string,
  { days, clock }: TokenLife,
): Promise<{ token: string; kept: AccountToken }> {
  const { secret, hash } = await newSecret();
  const now = clock();
  const kept = {
    id: randomBytes(4).toString('hex'),
    hash,
    createdAt: new Date(now).toISOString(),
    expiresAt: days === null ? null : new Date(now + days * DAY_MS).toISOString(),
  };
  return { token: `${account}.${secret}`, kept };
}

function write(path: string, operators: readonly Account[]): void {
  writeFileDurably(path, stringify({ operators }));
}
