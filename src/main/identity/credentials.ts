import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { writeFileDurably } from '../../node/latchFile';
import { tokenSchema } from '../../shared/connection';
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
  /** Keeps a token for the next start alone, or has none kept for it; this run's stays as it is. */
  keepForNext(
    token: string | null,
    plainAccepted: boolean,
  ): Result<null, 'would_be_plain' | 'not_kept'>;
  /** What a token would be kept by. */
  keptBy(): { readonly backend: string; readonly plain: boolean };
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
      token = tokenSchema.parse(decode(backend, encrypted));
      source = 'stored';
    } catch (error) {
      problem = `the stored token cannot be read: ${(error as Error).message.split('\n')[0]}`;
    }
  }

  function decode(backend: string, encrypted: string): string {
    const bytes = Buffer.from(encrypted, 'base64');
    return backend === 'none' ? bytes.toString('utf8') : storage.decryptString(bytes);
  }

  function keptBy(): { backend: string; plain: boolean } {
    const backend = backendName();
    return { backend, plain: PLAIN.has(backend) };
  }

  function keep(next: string, plainAccepted: boolean): Result<null, 'would_be_plain' | 'not_kept'> {
    const { backend, plain } = keptBy();
    if (plain && !plainAccepted) {
      return fail('would_be_plain', `${backend} keeps the token as plain text on this disk`);
    }
    try {
      const bytes = backend === 'none' ? Buffer.from(next, 'utf8') : storage.encryptString(next);
      writeFileDurably(path, JSON.stringify({ backend, encrypted: bytes.toString('base64') }));
      return ok(null);
    } catch (error) {
      return fail('not_kept', `good until the terminal ends: ${(error as Error).message}`);
    }
  }

  return {
    token: () => token,
    view() {
      const by = given ? { backend: null, plain: false } : keptBy();
      return { source, ...by, problem };
    },
    signIn(next, remember, plainAccepted) {
      const kept = remember ? keep(next, plainAccepted) : ok(null);
      if (!kept.ok && kept.error.code === 'would_be_plain') return kept;
      token = next;
      source = remember && kept.ok ? 'stored' : 'session';
      problem = null;
      return kept;
    },
    renew(next) {
      token = next;
    },
    keepForNext(next, plainAccepted) {
      if (next !== null) return keep(next, plainAccepted);
      rmSync(path, { force: true });
      return ok(null);
    },
    keptBy,
    signOut() {
      token = null;
      source = 'none';
      rmSync(path, { force: true });
    },
  };
}
