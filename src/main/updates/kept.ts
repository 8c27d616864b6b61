import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileDurably } from '../../node/latchFile';
import { fail, ok } from '../../shared/result';
import { releaseVersionSchema } from '../../shared/update/manifest';
import type { FormerVersion } from '../../shared/view/update';
import type { ReadFile, SignedUpdate } from './source';

const stateSchema = z.object({
  /** The version that ran last, and the one that ran before it. */
  ran: z.string(),
  former: z.string().nullable(),
  /** A version handed to the system; `problem` is what that said against it. */
  installing: z.object({ to: z.string(), problem: z.string().nullable() }).nullable(),
  /** The form of mirror that each version here reads. */
  forms: z.record(z.string(), z.int()),
});
type State = z.infer<typeof stateSchema>;

/** What became of versions since the program ran last. */
export type Change =
  | { readonly kind: 'none' }
  | { readonly kind: 'changed'; readonly from: string; readonly byTerminal: boolean }
  | { readonly kind: 'not_installed'; readonly to: string; readonly detail: string };

/** The releases kept on this machine: this version's and the one's before, each with its signature. */
export interface KeptReleases {
  /** Notes that this version runs and lets older releases go. Once a start. */
  started(): Change;
  former(): FormerVersion | null;
  folderOf(version: string): string;
  reader(version: string): ReadFile;
  /** Keeps a release, with its package under the manifest's name for it. @throws when the disk refuses */
  keep(update: SignedUpdate, packageFile: string, name: string): Promise<void>;
  /** On disk before the program ends for it. @throws when the disk refuses */
  installing(to: string, problem: string | null): void;
}

/**
 * @param version this program's
 * @param form the form of mirror it reads and writes
 * @param manifestName of this platform
 */
export function openKept(
  folder: string,
  version: string,
  form: number,
  manifestName: string,
): KeptReleases {
  const path = join(folder, 'state.json');
  const folderOf = (one: string): string => join(folder, releaseVersionSchema.parse(one));
  let state: State = { ran: version, former: null, installing: null, forms: {} };

  function write(next: State): void {
    if (JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileDurably(path, JSON.stringify(state, null, 2));
  }

  return {
    folderOf,
    started() {
      const before = readState(path);
      if (before) state = before;
      const { ran, former, installing } = state;
      const now = ran === version ? former : ran;
      const stay = (one: string): boolean => one === version || one === now;
      for (const entry of namesIn(folder)) {
        if (releaseVersionSchema.safeParse(entry).success && !stay(entry)) {
          rmSync(join(folder, entry), { recursive: true, force: true });
        }
      }
      const forms = Object.entries({ ...state.forms, [version]: form });
      const kept = Object.fromEntries(forms.filter(([one]) => stay(one)));
      try {
        write({ ran: version, former: now, installing: null, forms: kept });
      } catch {
        // A full disk costs the memory of what ran here, nothing else.
      }
      if (ran !== version) {
        return { kind: 'changed', from: ran, byTerminal: installing?.to === version };
      }
      if (installing === null) return { kind: 'none' };
      const detail = installing.problem ?? `${version} runs still`;
      return { kind: 'not_installed', to: installing.to, detail };
    },
    former() {
      const { former, forms } = state;
      if (former === null || !namesIn(folder).includes(former)) return null;
      const found = forms[former];
      return { version: former, readsMirror: found === undefined ? null : found >= form };
    },
    reader: (one) => async (name) => {
      try {
        return ok(readFileSync(join(folderOf(one), name), 'utf8'));
      } catch (error) {
        return fail('unreachable', (error as Error).message);
      }
    },
    async keep({ manifest, text, signature }, packageFile, name) {
      const to = folderOf(manifest.version);
      rmSync(to, { recursive: true, force: true });
      mkdirSync(to, { recursive: true, mode: 0o700 });
      await copyFile(packageFile, join(to, name));
      writeFileSync(join(to, `${manifestName}.sig`), signature);
      writeFileSync(join(to, manifestName), text);
    },
    installing: (to, problem) => write({ ...state, installing: { to, problem } }),
  };
}

function readState(path: string): State | null {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
