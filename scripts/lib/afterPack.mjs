// Called by electron-builder when a program is laid out and not yet signed.
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FuseV1Options, FuseVersion, flipFuses, getCurrentFuseWire } from '@electron/fuses';
import { FUSES } from './fuses.ts';

export default async function afterPack({ appOutDir, electronPlatformName, packager, arch }) {
  const name = packager.appInfo.productFilename;
  const executable = {
    linux: () => join(appOutDir, packager.executableName),
    win32: () => join(appOutDir, `${name}.exe`),
    darwin: () => join(appOutDir, `${name}.app`),
  }[electronPlatformName]();
  if (electronPlatformName === 'linux') {
    // The development runtime's loader, and native bindings of other systems.
    rmSync(join(appOutDir, 'resources/app'), { recursive: true, force: true });
    const module = join(appOutDir, 'resources/app.asar.unpacked/node_modules/better-sqlite3');
    for (const file of readdirSync(join(module, 'prebuilds'))) {
      if (!file.startsWith('linux-')) rmSync(join(module, 'prebuilds', file));
    }
    chmodSync(join(appOutDir, 'chrome-sandbox'), 0o4755);
  }
  // An older runtime has fewer fuses; one it has and we do not name is refused below.
  const wire = await getCurrentFuseWire(executable);
  const byNumber = Object.fromEntries(
    Object.entries(FUSES)
      .map(([fuse, on]) => [FuseV1Options[fuse], on])
      .filter(([fuse]) => wire[fuse] !== undefined),
  );
  await flipFuses(executable, {
    version: FuseVersion.V1,
    strictlyRequireAllFuses: true,
    // An arm64 Mac runs nothing unsigned: what was changed is signed ad hoc until the real signature.
    resetAdHocDarwinSignature: electronPlatformName === 'darwin' && arch === 3,
    ...byNumber,
  });
}
