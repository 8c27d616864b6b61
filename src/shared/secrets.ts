import { z } from 'zod';
import type { OpsState } from './ops/state';

/**
 * Names one secret, once and for ever: it is put away under this name, and what the log then says of
 * it makes it the one in use. It tells nothing of the secret. Before the dash stands the turn in which
 * it was put away.
 */
export const secretVersionSchema = z.string().regex(/^\d{1,16}-[0-9a-f-]{36}$/);

/** Whose a secret is, and which of theirs. */
export interface SecretName {
  readonly of: 'channel' | 'bridge';
  readonly id: string;
  /** Null for one that was put away before versions were told apart. */
  readonly version: string | null;
}

/** Those that the log says are in use. */
export function secretsInUse({
  notify,
  bridges,
}: Pick<OpsState, 'notify' | 'bridges'>): readonly SecretName[] {
  const channels = Object.entries(notify.channels).flatMap(([id, record]) =>
    record.secretSet ? [{ of: 'channel' as const, id, version: record.secretVersion }] : [],
  );
  const own = Object.values(bridges.bridges).flatMap(({ id, source, secrets, secretVersion }) =>
    source === 'console' && secrets.length > 0
      ? [{ of: 'bridge' as const, id, version: secretVersion ?? null }]
      : [],
  );
  return [...channels, ...own];
}

/** The turn in which a secret was put away; that of a gateway alone is 0. */
export function turnOf({ version }: SecretName): number {
  return version === null ? -1 : Number.parseInt(version, 10);
}

/** A name as one word, by which it is kept. */
export function secretWord({ of, id, version }: SecretName): string {
  return [of, id, ...(version === null ? [] : [version])].join('.');
}

/** Null for a word that {@link secretWord} has not made. */
export function secretNamed(word: string): SecretName | null {
  const [of, id, version = null, ...more] = word.split('.');
  if ((of !== 'channel' && of !== 'bridge') || !id || more.length > 0) return null;
  if (version !== null && !secretVersionSchema.safeParse(version).success) return null;
  return { of, id, version };
}
