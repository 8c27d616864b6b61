// `npm run package [-- targets…]`: installers for this platform, or with `dir` the unpacked program.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { endWith, SetupProblem } from './lib/problem.mjs';
import { ensureBuild, nodePath, ROOT, setUp } from './lib/setup.mjs';

try {
  const targets = process.argv.slice(2);
  const runtime = await setUp();
  if (!runtime.official && targets.join() !== 'dir') {
    throw new SetupProblem(
      `Electron ${runtime.version} is here for development and tests only; it makes no installers`,
      'Set ELECTRON_MIRROR to a mirror of the Electron releases, remove node_modules and run the command again; `npm run package -- dir` makes the unpacked program to try.',
    );
  }
  ensureBuild();
  const builder = join(ROOT, 'node_modules/electron-builder/cli.js');
  const fallback = runtime.official
    ? []
    : [`-c.electronDist=${dirname(runtime.path)}`, `-c.electronVersion=${runtime.version}`];
  const platform = { linux: '--linux', darwin: '--mac', win32: '--win' }[process.platform];
  const { status } = spawnSync(nodePath(), [builder, platform, ...targets, ...fallback], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
} catch (error) {
  endWith(error);
}
