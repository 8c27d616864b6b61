import { existsSync, statSync } from 'node:fs';
import type { Clock } from '../../shared/time';
import type { Operator } from '../commands';
import { type Account, type AccountToken, OperatorsFileError, readOperators } from './account';
import { digest, isSecret, sameText } from './secret';

/** Whose token it is. An engine's token names the engine it speaks for; null speaks for any. */
export type Identity =
  | {
      readonly kind: 'operator';
      readonly operator: Operator;
      /** Unix ms; null for a token that never expires. */
      readonly expiresAt: number | null;
    }
  | { readonly kind: 'engine'; readonly engine: string | null; readonly expiresAt: number | null };

/** Checks a token. Null for one that is nobody's, has expired or was revoked. */
export interface Authenticate {
  (token: string): Promise<Identity | null>;
  /** Whether the token was found good before, so that checking it costs nothing. */
  readonly knows?: (token: string) => boolean;
}

/**
 * Checks tokens against an operators' file, read again whenever it changes. A file that cannot be
 * read any more changes nothing: those who could stop trading still can.
 *
 * @param onProblem told of such a file, once each time it changes.
 */
export function fileAuthentication(
  path: string,
  clock: Clock = Date.now,
  onProblem: (message: string) => void = () => undefined,
): Authenticate {
  let readAt = '';
  let accounts: readonly Account[] = [];
  // A kill over HTTP must not wait for a slow hash twice: good tokens are known by their SHA-256.
  const good = new Map<string, { readonly account: string; readonly hash: string }>();

  function refresh(): void {
    const stats = existsSync(path) ? statSync(path) : null;
    const version = stats ? `${stats.mtimeMs}:${stats.size}:${stats.ino}` : 'none';
    if (version === readAt) return;
    const first = readAt === '';
    readAt = version;
    try {
      accounts = readOperators(path);
    } catch (error) {
      if (first || !(error instanceof OperatorsFileError)) throw error;
      onProblem(error.message);
    }
  }

  /** The account and the token of it that a known digest stands for, as the file has them now. */
  function standing(known: { readonly account: string; readonly hash: string }) {
    const account = accounts.find(({ id }) => id === known.account);
    const token = account?.tokens.find(({ hash }) => hash === known.hash);
    return account && token && !isOver(token, clock()) ? { account, token } : null;
  }

  async function check(token: string) {
    const dot = token.indexOf('.');
    const account = accounts.find(({ id }) => id === token.slice(0, Math.max(0, dot)));
    for (const one of account?.tokens ?? []) {
      if (isOver(one, clock())) continue;
      if (account && (await isSecret(token.slice(dot + 1), one.hash)))
        return { account, token: one };
    }
    return null;
  }

  async function authenticate(token: string): Promise<Identity | null> {
    refresh();
    const name = digest(token).toString('hex');
    const known = good.get(name);
    const found = known ? standing(known) : await check(token);
    if (!found) {
      good.delete(name);
      return null;
    }
    good.set(name, { account: found.account.id, hash: found.token.hash });
    return identityOf(found.account, found.token);
  }

  return Object.assign(authenticate, {
    knows: (token: string) => good.has(digest(token).toString('hex')),
  });
}

/** Tokens made for this run and given to the embedded gateway by its terminal. */
export function fixedAuthentication(tokens: {
  readonly operatorToken: string;
  readonly engineToken: string;
  readonly operator: Operator;
}): Authenticate {
  return async (token) => {
    if (sameText(token, tokens.operatorToken)) {
      return { kind: 'operator', operator: tokens.operator, expiresAt: null };
    }
    if (!sameText(token, tokens.engineToken)) return null;
    return { kind: 'engine', engine: null, expiresAt: null };
  };
}

function isOver({ expiresAt }: AccountToken, now: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= now;
}

function identityOf(account: Account, token: AccountToken): Identity {
  const expiresAt = token.expiresAt === null ? null : Date.parse(token.expiresAt);
  if (account.roles.includes('engine')) return { kind: 'engine', engine: account.id, expiresAt };
  const roles = account.roles.filter((role) => role !== 'engine');
  const operator = { id: account.id, name: account.displayName, roles };
  return { kind: 'operator', operator, expiresAt };
}
