// `npm run chaos -- [group…] [--seed N] [--rounds N] [--soak 2h]`: breaks things and checks what must hold.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { bundle } from './lib/bundle.mjs';
import { endWith } from './lib/problem.mjs';
import { nodePath, ROOT, setUp } from './lib/setup.mjs';

try {
  await setUp();
  const program = bundle(join(ROOT, 'test/chaos/main.ts'), 'chaos-main');
  const result = spawnSync(nodePath(), [program, ...process.argv.slice(2)], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, VIGIA_APP: ROOT },
  });
  process.exit(result.status ?? 1);
} catch (error) {
  endWith(error);
}
