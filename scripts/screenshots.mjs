// `npm run screenshots`: the pictures of docs/images, taken anew from the running app.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDisplay } from './lib/display.mjs';
import { driveEnvironment } from './lib/drive.mjs';
import { endWith } from './lib/problem.mjs';
import { ensureBuild, nodePath, ROOT, setUp } from './lib/setup.mjs';

try {
  const runtime = await setUp();
  ensureBuild();
  mkdirSync(join(ROOT, 'docs/images'), { recursive: true });
  const display = await openDisplay({ forceVirtual: true });
  const runner = join(ROOT, 'node_modules/@playwright/test/cli.js');
  const config = join(ROOT, 'test/screenshots/playwright.config.ts');
  const { status } = spawnSync(nodePath(), [runner, 'test', '--config', config], {
    cwd: ROOT,
    stdio: 'inherit',
    env: driveEnvironment(runtime, display),
  });
  display.close();
  process.exit(status ?? 1);
} catch (error) {
  endWith(error);
}
