import type { Clock } from '../shared/time';
import { OperatorsFileError, readOperators } from './auth/account';
import { addOperator, revokeTokens, rotateToken, TOKEN_DAYS } from './auth/operators';

export interface OperatorOptions {
  readonly file?: string | undefined;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly roles?: string | undefined;
  readonly days?: string | undefined;
  readonly forever?: boolean | undefined;
  readonly overlap?: string | undefined;
  readonly token?: string | undefined;
}

const SHOWN_ONCE = 'This token is shown once and kept nowhere.';
/** Minutes for which the tokens before a rotation stay good. */
const OVERLAP_MINUTES = 60;

/**
 * `vigia-gateway operator add | rotate | revoke | list`. A running gateway follows the file within
 * seconds.
 *
 * @returns what to print, and a note for the person; null where an option is missing.
 * @throws {OperatorsFileError}
 */
export async function operatorCommand(
  verb: string | undefined,
  options: OperatorOptions,
  clock: Clock,
): Promise<{ readonly out: string; readonly note?: string } | null> {
  const { file, id } = options;
  if (!file) return null;
  if (verb === 'list') return { out: list(file) };
  if (!id) return null;
  const days = options.forever ? null : number('--days', options.days, TOKEN_DAYS);
  const life = { days, clock };
  switch (verb) {
    case 'add': {
      const { name, roles } = options;
      if (!name || !roles) return null;
      const account = { id, displayName: name, roles: roles.split(',') as never };
      return { out: await addOperator(file, account, life), note: SHOWN_ONCE };
    }
    case 'rotate': {
      const minutes = number('--overlap', options.overlap, OVERLAP_MINUTES);
      return { out: await rotateToken(file, id, minutes * 60_000, life), note: SHOWN_ONCE };
    }
    case 'revoke': {
      const count = revokeTokens(file, id, options.token ?? null);
      return { out: `${count} revoked; open sockets close within seconds` };
    }
    default:
      return null;
  }
}

function list(file: string): string {
  return readOperators(file)
    .map(({ id, displayName, roles, tokens }) => {
      const lines = tokens.map(
        (one) => `  token ${one.id}  until ${one.expiresAt ?? 'it is revoked'}`,
      );
      return [`${id}  ${displayName}  ${roles.join(', ')}`, ...lines].join('\n');
    })
    .join('\n');
}

function number(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new OperatorsFileError(`${name}: ${text} is not a number`);
}
