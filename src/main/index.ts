import { join, resolve } from 'node:path';
import { app, crashReporter, protocol } from 'electron';
import { type PolicyFiles, readPolicies } from '../node/policyFiles';
import { readConfig } from './config';
import { keepCrashDumps } from './journal';
import { announceScheme } from './pages';
import { secureApp } from './security';
import { startTerminal } from './terminal';

// electron-updater starts a new AppImage once, to see that it runs; the program starts afterwards.
if (process.env.APPIMAGE_EXIT_AFTER_INSTALL === 'true') process.exit(0);

// Phase 1: what we were told. A mistake there ends the program before a window shows.
const config = readConfig(process.argv.slice(1));
if (!config.ok) giveUp(config.error.message);
const resources = app.isPackaged
  ? join(process.resourcesPath, 'resources')
  : join(app.getAppPath(), 'resources');
const policyDir = join(resources, 'policy');
const policies = usablePolicies();
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
const told = { config: config.value, policies };
app
  .whenReady()
  .then(() =>
    startTerminal({
      ...told,
      policyDir,
      resources,
      mainDir: import.meta.dirname,
      outDir: resolve(import.meta.dirname, '..'),
      userData: app.getPath('userData'),
    }),
  )
  // A terminal that did not come up whole is worse than none: it would look as if it were there.
  .catch((error: unknown) => giveUp(`could not start: ${(error as Error).stack}`));

/** A terminal without its policies does not start. */
function usablePolicies(): PolicyFiles {
  try {
    return readPolicies(policyDir);
  } catch (error) {
    return giveUp((error as Error).message);
  }
}

function giveUp(message: string, code = 1): never {
  process.stderr.write(`vigia: ${message}\n`);
  // `app.exit` takes a turn of the event loop; nothing of this program may run in it.
  process.exit(code);
}
