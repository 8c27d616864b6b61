import { app } from 'electron';
import type { Logger } from '../node/logFile';
import type { Settings } from '../shared/settings';
import { startAtLogin } from './autostart';
import { keptArguments } from './config';
import { programFile } from './ending';
import type { SettingsStore } from './settings';

/** How often the desk's own file of settings is looked at. */
const REREAD_MS = 2_000;

export interface SettingsInUse {
  /** Has what was set take effect. */
  take(after: Settings, before: Settings): void;
  stop(): void;
}

/** Has settings take effect, given here or in the desk's file, and says what cannot be read of them. */
export function applySettings(deps: {
  readonly settings: SettingsStore;
  readonly journal: Logger;
  /** Looked at with the desk's file. */
  readonly reread: () => void;
  readonly onAccelerator: (accelerator: string) => void;
  readonly onLanguage: (language: Settings['language']) => void;
  readonly onUpdateServer: () => void;
  readonly onTaken: (settings: Settings) => void;
}): SettingsInUse {
  const { settings, journal } = deps;

  function take(after: Settings, before: Settings): void {
    if (after.accelerator !== before.accelerator) deps.onAccelerator(after.accelerator);
    if (after.language !== before.language) deps.onLanguage(after.language);
    if (after.startAtLogin !== before.startAtLogin) setAutostart(after.startAtLogin);
    const { updateServer, updateKey } = before;
    if (after.updateServer !== updateServer || after.updateKey !== updateKey) deps.onUpdateServer();
    deps.onTaken(after);
  }

  function setAutostart(on: boolean): void {
    const { platform } = process;
    const args = keptArguments(process.argv.slice(1));
    try {
      startAtLogin(on, {
        ...{ platform, program: programFile(), args, app, configDir: app.getPath('appData') },
      });
    } catch (error) {
      journal.error('autostart', { error });
    }
  }

  function sayProblems(): void {
    for (const { file, problem } of settings.status().problems) {
      journal.error('settings.broken', { file, problem });
    }
  }

  sayProblems();
  const rereading = setInterval(() => {
    deps.reread();
    const before = settings.get();
    if (!settings.reread()) return;
    sayProblems();
    take(settings.get(), before);
  }, REREAD_MS);
  return { take, stop: () => clearInterval(rereading) };
}
