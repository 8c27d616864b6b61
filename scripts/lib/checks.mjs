import { join } from 'node:path';
import { capture } from './run.mjs';
import { nodePath, ROOT } from './setup.mjs';

const bin = (path) => join(ROOT, 'node_modules', path);
const types = (runtime) => ({
  name: `types: ${runtime}`,
  args: [bin('typescript/bin/tsc'), '-p', `tsconfig.${runtime}.json`],
});

/** The static checks, one test each. */
export const CHECKS = [
  types('shared'),
  types('gateway'),
  types('main'),
  types('preload'),
  types('renderer'),
  types('test'),
  {
    name: 'lint, boundaries and formatting',
    args: [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'],
  },
  { name: 'dead code', args: [bin('knip/bin/knip.js'), '--no-progress'] },
];

/** Runs one check. @returns `{ok, output}` */
export function runCheck(check) {
  const { status, output } = capture(nodePath(), check.args, { cwd: ROOT });
  return { ok: status === 0, output };
}
