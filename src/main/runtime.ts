import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { app } from 'electron';
import { VERSION } from '../shared/version';
import type { RuntimeView } from '../shared/view/desk';

/**
 * What the program runs on. Unpacked, the official runtime is the Electron its package names; packed,
 * the build says whether it was made for release.
 */
export function runtimeView(): RuntimeView {
  const electron = process.versions.electron ?? '';
  const manifest = readManifest();
  return {
    version: VERSION,
    electron,
    chrome: process.versions.chrome ?? '',
    node: process.versions.node,
    official: app.isPackaged
      ? manifest.release === true
      : electron === manifest.devDependencies?.electron,
    // Chromium's own switches are what can take the sandbox away.
    sandboxed: !app.commandLine.hasSwitch('no-sandbox'),
    platform: `${process.platform} ${process.arch}`,
  };
}

interface Manifest {
  readonly release?: boolean;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function readManifest(): Manifest {
  try {
    return JSON.parse(readFileSync(join(app.getAppPath(), 'package.json'), 'utf8')) as Manifest;
  } catch {
    return {};
  }
}
