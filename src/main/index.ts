import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { app, crashReporter, protocol, session } from 'electron';
import { type Config, configFile, readConfig } from './config';
import { keepCrashDumps } from './crashDumps';
import { announceScheme, servePages } from './pages';
import { secureApp, secureSession } from './security';
import { createSettings, deskSettingsFile } from './settings';
import { createWindows } from './windows';

// electron-updater starts a new AppImage once, to see that it runs; the program starts afterwards.
if (process.env.APPIMAGE_EXIT_AFTER_INSTALL === 'true') process.exit(0);

// Phase 1: what we were told. A mistake there ends the program before a window shows.
const config = await readConfig(process.argv.slice(1));
if (!config.ok) giveUp(config.error.message);
const resources = app.isPackaged
  ? join(process.resourcesPath, 'resources')
  : join(app.getAppPath(), 'resources');
if (config.value.userDataDir !== null) app.setPath('userData', config.value.userDataDir);

// Phase 2: one terminal a folder. Two would fight over the hotkey and the mirror.
if (!app.requestSingleInstanceLock()) giveUp('Vigía is running already in this folder', 0);
keepCrashDumps(app, crashReporter);

// Phase 3: the rules for every window, before there is one.
// Only root starts it with this switch (`npm start` says so); the two together keep every child from
// starting. What ships never has the switch.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
announceScheme(protocol);
secureApp(app);

// Phase 4: run.
// Not awaited at the top: Electron holds `ready` back until this module has loaded.
const told = config.value;
app
  .whenReady()
  .then(() => run(told))
  // A terminal that did not come up whole is worse than none: it would look as if it were there.
  .catch(({ name, message, stack }: Error) =>
    // What a policy's author did wrong is said as it is.
    giveUp(name === 'PolicyFileError' ? message : `could not start: ${stack}`),
  );

/**
 * The panel comes first: its page is fetched and laid out by a process of its own while the rest of
 * the program is loaded here.
 */
async function run(config: Config): Promise<void> {
  const userData = app.getPath('userData');
  const outDir = resolve(import.meta.dirname, '..');
  // What ships takes the desk's file from its one place; only a build to try may be told another.
  const { PROGRAMDATA } = process.env;
  const deskFile = deskSettingsFile(
    process.platform,
    app.isPackaged ? { PROGRAMDATA } : process.env,
  );
  const settings = createSettings(join(userData, 'settings.json'), deskFile);
  let answers = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    answers = resolve;
  });
  secureSession(session.defaultSession);
  const newNonce = (): string => randomBytes(18).toString('base64');
  servePages(session.defaultSession, join(outDir, 'renderer'), newNonce, answered);
  const icon = join(resources, 'icons/icon.png');
  const windows = createWindows({ outDir, icon, settings });
  const { startTerminal } = await import('./terminal');
  startTerminal({
    ...{ config, resources, userData, settings, deskFile, windows },
    mainDir: import.meta.dirname,
    readToken: tokenReader(process.argv.slice(1)),
  });
  answers();
}

/** Reads the configuration's token, where its file is another than it was; null otherwise. */
function tokenReader(argv: readonly string[]): () => Promise<string | null> {
  const file = configFile(argv);
  let seen: number | null = null;
  return async () => {
    const found = file === null ? null : await stat(file).catch(() => null);
    if (found === null || found.mtimeMs === seen) return null;
    const read = await readConfig(argv);
    // One that cannot be read is looked at again.
    if (!read.ok) return null;
    seen = found.mtimeMs;
    return read.value.token;
  };
}

function giveUp(message: string, code = 1): never {
  process.stderr.write(`vigia: ${message}\n`);
  // `app.exit` takes a turn of the event loop; nothing of this program may run in it.
  process.exit(code);
}
