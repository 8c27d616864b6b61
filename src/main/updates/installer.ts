import { spawn } from 'node:child_process';
import { app, BrowserWindow, session } from 'electron';
import type { ResolvedUpdateFileInfo, UpdateInfo } from 'electron-updater';
import type { ProviderRuntimeOptions } from 'electron-updater/out/providers/Provider';
import type { Logger } from '../../node/logFile';
import { fail, ok } from '../../shared/result';
import type { UpdateProblem } from '../../shared/view/update';
import { type FetchText, withSlash } from './source';
import type { Installer } from './updates';

/** The session that electron-updater fetches with: the system's proxy and certificates, no page. */
const SESSION = 'electron-updater';

export const fetchText: FetchText = (url, init) =>
  session.fromPartition(SESSION, { cache: false }).fetch(url, init);

/**
 * electron-updater, told what to fetch: it never reads a manifest of its own, so that the one whose
 * signature was checked is the one that is used. Loaded only when somebody wants a version.
 */
export async function loadInstaller(log: Logger): Promise<Installer> {
  const { autoUpdater, Provider } = await import('electron-updater');
  const say = (message: unknown): string => String(message).slice(0, 2_000);
  autoUpdater.logger = {
    info: (message) => log.info('updater', { message: say(message) }),
    warn: (message) => log.warn('updater', { message: say(message) }),
    error: (message) => log.error('updater', { message: say(message) }),
  };
  autoUpdater.autoDownload = false;
  autoUpdater.autoInstallOnAppQuit = false;
  autoUpdater.disableDifferentialDownload = true;
  autoUpdater.disableWebInstaller = true;
  autoUpdater.forceDevUpdateConfig = !app.isPackaged;
  // Somebody asks for this one: no part of a rollout.
  autoUpdater.isUserWithinRollout = () => true;
  let appImage = process.env.APPIMAGE;
  autoUpdater.on('appimage-filename-updated', (path) => {
    appImage = path;
  });
  let onPercent: (percent: number) => void = () => undefined;
  autoUpdater.on('download-progress', ({ percent }) => onPercent(Math.floor(percent)));

  return {
    async fetch(manifest, base, back, progress) {
      const { version, files, minimumSystemVersion } = manifest;
      const [first] = files;
      const info = {
        ...{ version, files, releaseDate: '', path: first?.url, sha512: first?.sha512 },
        ...(minimumSystemVersion === undefined ? {} : { minimumSystemVersion }),
      } as UpdateInfo;
      class CheckedProvider extends Provider<UpdateInfo> {
        constructor(_options: unknown, _updater: unknown, runtime: ProviderRuntimeOptions) {
          super(runtime);
        }
        getLatestVersion(): Promise<UpdateInfo> {
          return Promise.resolve(info);
        }
        resolveFiles(): ResolvedUpdateFileInfo[] {
          return info.files.map((file) => ({
            url: new URL(file.url, withSlash(base)),
            info: file,
          }));
        }
      }
      onPercent = progress;
      try {
        autoUpdater.setFeedURL({ provider: 'custom', updateProvider: CheckedProvider });
        autoUpdater.allowDowngrade = back;
        const checked = await autoUpdater.checkForUpdates();
        if (checked === null) {
          return fail(
            'not_updatable',
            'no package that can be exchanged brought this program here',
          );
        }
        if (!checked.isUpdateAvailable) {
          return fail(
            'old_system',
            `${version} asks for ${minimumSystemVersion ?? 'another system'}`,
          );
        }
        const [path] = await autoUpdater.downloadUpdate();
        return path === undefined ? fail('system', 'nothing was fetched') : ok(path);
      } catch (error) {
        return fail(problemOf(error as Error), (error as Error).message.slice(0, 500));
      }
    },
    install(failed) {
      // Waiting for a password freezes this process, and a frozen window would show what is no more.
      for (const window of BrowserWindow.getAllWindows()) window.destroy();
      const own = process.argv.slice(1);
      const linux = process.platform === 'linux';
      // Elsewhere the installer starts the program, without what it was told on its command line.
      autoUpdater.autoRunAppAfterInstall = !linux && own.length === 0;
      let refused = false;
      autoUpdater.once('error', (error) => {
        refused = true;
        failed(error.message.slice(0, 500));
      });
      autoUpdater.quitAndInstall();
      if (!linux && !refused) return;
      if (appImage === undefined) app.relaunch();
      else {
        app.releaseSingleInstanceLock();
        const again = spawn(appImage, own, { detached: true, stdio: 'ignore' });
        // A program that cannot be started is not there to be told of.
        again.on('error', () => undefined);
        again.unref();
      }
      app.quit();
    },
  };
}

/** What electron-updater's error means. */
function problemOf(error: Error & { code?: string; statusCode?: number }): UpdateProblem {
  if (error.code === 'ERR_CHECKSUM_MISMATCH') return 'altered';
  if (error.code === 'ERR_UPDATER_INVALID_SIGNATURE') return 'bad_signature';
  if (error.code === 'ERR_UPDATER_OLD_FILE_NOT_FOUND') return 'not_updatable';
  return error.statusCode !== undefined || error.message.startsWith('net::')
    ? 'unreachable'
    : 'system';
}
