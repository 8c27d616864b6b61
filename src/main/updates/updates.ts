import { sha512File } from '../../node/sha512File';
import { publicKeyFromBase64 } from '../../node/signedNote';
import type { CommandParams } from '../../shared/protocol/commands';
import type { Failure, Result } from '../../shared/result';
import { fail, ok } from '../../shared/result';
import type { Settings } from '../../shared/settings';
import type { UpdateHindrance } from '../../shared/update/hindrance';
import { isNewer, type UpdateManifest } from '../../shared/update/manifest';
import type {
  FormerVersion,
  UpdateProblem,
  UpdateStage,
  UpdatesView,
} from '../../shared/view/update';
import type { KeptReleases } from './kept';
import { type FetchText, readUpdate, type SignedUpdate, serverReader } from './source';

type ReportKind = Extract<CommandParams<'terminal.report'>['kind'], `update_${string}`>;

/** What exchanges the program: electron-updater. */
export interface Installer {
  /**
   * Fetches the package that fits this machine and checks it against the manifest.
   *
   * @param base where the manifest's files are
   * @param back whether an older version is wanted
   * @returns the package's path
   */
  fetch(
    manifest: UpdateManifest,
    base: string,
    back: boolean,
    onPercent: (percent: number) => void,
  ): Promise<Result<string, UpdateProblem>>;
  /**
   * Installs what was fetched last and ends the program, which starts again by itself where it can.
   *
   * @param failed called before the program ends when the system refused
   */
  install(failed: (detail: string) => void): void;
}

/** A package that lies here, and what it was checked against. */
interface Ready {
  readonly installer: Installer;
  readonly manifest: UpdateManifest;
  readonly path: string;
  /** By which it was vouched for: one that the desk has withdrawn vouches for nothing. */
  readonly key: string;
}

/** The program's own versions. Nothing is fetched or installed that nobody asked for. */
export interface Updates {
  view(): UpdatesView;
  /** The windows are up: tells what became of an installation, and looks at the server. */
  started(): void;
  /** Looks whether the server has a newer version. */
  check(): Promise<void>;
  /** The desk's server or key is another: what was found by the former counts no more. */
  rekeyed(): Promise<void>;
  /** Fetches and checks the version found, or the kept one that ran before. */
  prepare(version: string): Promise<void>;
  /** Installs what is ready and ends the program. @returns why not, where something stands against it */
  install(version: string): Promise<Failure | null>;
}

export function createUpdates(deps: {
  readonly version: string;
  readonly manifestName: string;
  readonly settings: () => Pick<Settings, 'updateServer' | 'updateKey'>;
  readonly kept: KeptReleases;
  readonly fetch: FetchText;
  readonly loadInstaller: () => Promise<Installer>;
  /** Serves a folder to this machine alone while `use` runs. */
  readonly serve: <Value>(folder: string, use: (base: string) => Promise<Value>) => Promise<Value>;
  readonly hindrance: () => UpdateHindrance | null;
  /** Ends everything in order, then calls back in place of ending the program. */
  readonly leave: (then: () => void) => void;
  readonly report: (kind: ReportKind, detail: string) => void;
  readonly changed: () => void;
}): Updates {
  const { version, manifestName, kept } = deps;
  let stage: UpdateStage = { kind: 'idle' };
  let former: FormerVersion | null = null;
  let found: { readonly update: SignedUpdate; readonly key: string } | null = null;
  let installer: Installer | null = null;
  let ready: Ready | null = null;

  function show(next: UpdateStage): void {
    stage = next;
    deps.changed();
  }

  function failed({ code, message }: Failure<UpdateProblem>): void {
    if (code === 'bad_signature') deps.report('update_bad_signature', message);
    if (code === 'altered') deps.report('update_altered', message);
    show({ kind: 'failed', problem: code, detail: message });
  }

  function missing(): UpdatesView['missing'] {
    const { updateServer, updateKey } = deps.settings();
    if (updateServer === '') return 'server';
    return updateKey === '' ? 'key' : null;
  }

  const busy = (): boolean => stage.kind === 'checking' || stage.kind === 'preparing';

  const withdrawn = (key: string): boolean => key !== deps.settings().updateKey;

  async function rekeyed(): Promise<void> {
    found = null;
    ready = null;
    show({ kind: 'idle' });
    await check();
  }

  async function check(): Promise<void> {
    if (busy() || missing() !== null) return;
    show({ kind: 'checking' });
    const { updateServer, updateKey } = deps.settings();
    const reader = serverReader(updateServer, deps.fetch);
    const update = await readUpdate(manifestName, publicKeyFromBase64(updateKey), reader);
    if (withdrawn(updateKey)) return rekeyed();
    if (!update.ok) return failed(update.error);
    const { version: newest } = update.value.manifest;
    found = isNewer(newest, version) ? { update: update.value, key: updateKey } : null;
    show(found ? { kind: 'available', version: newest } : { kind: 'current' });
  }

  /** Fetches a release's package, from the server or from this disk, and sees that it is that one. */
  async function fetchChecked(
    update: SignedUpdate,
    from: 'server' | 'kept',
    onPercent: (percent: number) => void,
  ): Promise<Result<Ready, UpdateProblem>> {
    const { manifest } = update;
    const { updateKey } = deps.settings();
    const back = isNewer(version, manifest.version);
    try {
      const found = installer ?? (await deps.loadInstaller());
      installer = found;
      const get = (base: string) => found.fetch(manifest, base, back, onPercent);
      const path =
        from === 'server'
          ? await get(deps.settings().updateServer)
          : await deps.serve(kept.folderOf(manifest.version), get);
      if (!path.ok) return path;
      const name = await describedName(manifest, path.value);
      if (name === null) return notDescribed(path.value);
      if (from === 'server') await kept.keep(update, path.value, name);
      return ok({ installer: found, manifest, path: path.value, key: updateKey });
    } catch (error) {
      return fail('system', (error as Error).message);
    }
  }

  /** Reads the kept release's signature anew: what lies on a disk is no better than a server. */
  async function readKept(one: string): Promise<Result<SignedUpdate, UpdateProblem>> {
    const { updateKey } = deps.settings();
    if (updateKey === '') return fail('bad_signature', 'no key is set');
    return readUpdate(manifestName, publicKeyFromBase64(updateKey), kept.reader(one));
  }

  /** Why the system did not take a version, for the next start. */
  function remember(wanted: string, detail: string): void {
    try {
      kept.installing(wanted, detail);
    } catch {
      // Without the words the next start still says that it was not installed.
    }
  }

  return {
    view: () => ({ missing: missing(), server: deps.settings().updateServer, stage, former }),
    started() {
      const change = kept.started();
      former = kept.former();
      if (change.kind === 'changed') {
        const how = change.byTerminal ? 'by the terminal' : 'from outside the terminal';
        deps.report('update_installed', `${change.from} → ${version}, ${how}`);
      }
      if (change.kind === 'not_installed') {
        deps.report('update_not_installed', `${change.to}: ${change.detail}`);
        failed({ code: 'not_installed', message: `${change.to}: ${change.detail}` });
        return;
      }
      deps.changed();
      void check();
    },
    check,
    // Work that is under way looks at the key again when it ends.
    rekeyed: async () => (busy() ? undefined : rekeyed()),
    async prepare(wanted) {
      const isFound = stage.kind === 'available' && found?.update.manifest.version === wanted;
      if (busy() || (!isFound && former?.version !== wanted)) return;
      ready = null;
      const onPercent = (percent: number): void =>
        show({ kind: 'preparing', version: wanted, percent });
      onPercent(0);
      const { updateKey } = deps.settings();
      if (isFound && found && withdrawn(found.key)) return rekeyed();
      const update = isFound && found ? ok(found.update) : await readKept(wanted);
      if (!update.ok) return failed(update.error);
      const fetched = await fetchChecked(update.value, isFound ? 'server' : 'kept', onPercent);
      if (withdrawn(updateKey)) return rekeyed();
      if (!fetched.ok) return failed(fetched.error);
      ready = fetched.value;
      show({ kind: 'ready', version: wanted });
    },
    async install(wanted) {
      if (ready?.manifest.version !== wanted || withdrawn(ready.key)) {
        return { code: 'not_ready', message: `${wanted} is not ready to be installed` };
      }
      const { manifest, path } = ready;
      const { install } = ready.installer;
      // It may have lain here for days.
      if ((await describedName(manifest, path)) === null) {
        ready = null;
        const { error } = notDescribed(path);
        failed(error);
        return error;
      }
      // The last thing before it happens: what held when the button was pressed may not hold now.
      const hindrance = deps.hindrance();
      if (hindrance !== null) {
        deps.report('update_refused', `${wanted}: ${hindrance}`);
        return { code: 'update_refused', message: hindrance };
      }
      try {
        kept.installing(wanted, null);
      } catch (error) {
        return { code: 'system', message: (error as Error).message };
      }
      deps.leave(() => install((detail) => remember(wanted, detail)));
      return null;
    },
  };
}

/** The name under which a manifest describes just that file; null when it describes no such one. */
async function describedName(manifest: UpdateManifest, path: string): Promise<string | null> {
  const hash = await sha512File(path).catch(() => null);
  return manifest.files.find(({ sha512 }) => sha512 === hash)?.url ?? null;
}

function notDescribed(path: string): { ok: false; error: Failure<'altered'> } {
  return fail('altered', `${path} is not what the manifest describes`);
}
