import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { app } from 'electron';
import { VERSION } from '../shared/version';
import type { RuntimeView } from '../shared/view/desk';

/** What the program runs on. The official runtime is the Electron its package names. */
export function runtimeView(): RuntimeView {
  const electron = process.versions.electron ?? '';
  return {
    version: VERSION,
    electron,
    chrome: process.versions.chrome ?? '',
    node: process.versions.node,
    official: app.isPackaged || electron === lockedElectron(),
    // Chromium's own switches are what can take the sandbox away.
    sandboxed: !app.commandLine.hasSwitch('no-sandbox'),
    platform: `${process.platform} ${process.arch}`,
  };
}

function lockedElectron(): string | null {
  try {
    const manifest = JSON.parse(readFileSync(join(app.getAppPath(), 'package.json'), 'utf8')) as {
      devDependencies?: Record<string, string>;
    };
    return manifest.devDependencies?.electron ?? null;
  } catch {
    return null;
  }
}
