import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { writeFileDurably } from '../../node/latchFile';
import type { Result } from '../../shared/result';
import { fail, ok } from '../../shared/result';
import type { IdentityView } from '../../shared/view/identity';

/** The part of Electron's `safeStorage` that is used. */
export interface SecretStorage {
  isEncryptionAvailable(): boolean;
  encryptString(text: string): Buffer;
  decryptString(encrypted: Buffer): string;
  /** Linux only; the other systems have one way each. */
  getSelectedStorageBackend?(): string;
}

export interface Credentials {
  token(): string | null;
  view(): IdentityView;
  /**
   * Takes a token. `remember` keeps it over a restart; where the system would keep it as plain text,
   * that must be said yes to (`plainAccepted`).
   */
  signIn(
    token: string,
    remember: boolean,
    plainAccepted: boolean,
  ): Result<null, 'would_be_plain' | 'not_kept'>;
  /** Another token in place of the one that was given: from there, and not stored either. */
  renew(token: string): void;
  /** Forgets the token here and on disk. */
  signOut(): void;
}

const fileSchema = z.object({
  /** What encrypted it: another backend cannot read it, and says so instead of guessing. */
  backend: z.string(),
  encrypted: z.string(),
});

/** Backends that only look like encryption (Electron's `safeStorage` documentation). */
const PLAIN = new Set(['basic_text', 'unknown', 'none']);

/**
 * The terminal's token. One named at start-up is used and never stored; else what was stored, if the
 * system's keyring can still read it.
 */
export function createCredentials(deps: {
  readonly path: string;
  readonly storage: SecretStorage;
  readonly platform: NodeJS.Platform;
  readonly given: { readonly token: string; readonly source: 'embedded' | 'config' } | null;
}): Credentials {
  const { path, storage, given } = deps;
  let source: IdentityView['source'] = given?.source ?? 'none';
  let token = given?.token ?? null;
  let problem: string | null = null;
  if (!given) recall();

  function backendName(): string {
    if (!storage.isEncryptionAvailable()) return 'none';
    if (deps.platform !== 'linux') return deps.platform === 'darwin' ? 'keychain' : 'dpapi';
    return storage.getSelectedStorageBackend?.() ?? 'unknown';
  }

  function recall(): void {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      return;
    }
    try {
      const { backend, encrypted } = fileSchema.parse(JSON.parse(text));
      const now = backendName();
      if (backend !== now) {
        problem = `the token was stored with ${backend} and the system now offers ${now}`;
        return;
      }
      token = decode(backend, encrypted);
      source = 'stored';
    } catch (error) {
      problem = `the stored token cannot be read: ${(error as Error).message.split('\n')[0]}`;
    }
  }

  function decode(backend: string, encrypted: string): string {
    const bytes = Buffer.from(encrypted, 'base64');
    return backend === 'none' ? bytes.toString('utf8') : storage.decryptString(bytes);
  }

  return {
    token: () => token,
    view() {
      const backend = given ? null : backendName();
      return { source, backend, plain: backend !== null && PLAIN.has(backend), problem };
    },
    signIn(next, remember, plainAccepted) {
      const backend = backendName();
      if (remember && PLAIN.has(backend) && !plainAccepted) {
        return fail('would_be_plain', `${backend} keeps the token as plain text on this disk`);
      }
      token = next;
      source = 'session';
      problem = null;
      if (!remember) return ok(null);
      try {
        const bytes = backend === 'none' ? Buffer.from(next, 'utf8') : storage.encryptString(next);
        writeFileDurably(path, JSON.stringify({ backend, encrypted: bytes.toString('base64') }));
        source = 'stored';
        return ok(null);
      } catch (error) {
        return fail('not_kept', `good until the terminal ends: ${(error as Error).message}`);
      }
    },
    renew(next) {
      token = next;
    },
    signOut() {
      token = null;
      source = 'none';
      rmSync(path, { force: true });
    },
  };
}
