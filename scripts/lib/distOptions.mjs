import { SetupProblem } from './problem.mjs';

const TARGETS = ['dir', 'tar.gz', 'deb', 'AppImage', 'nsis', 'dmg', 'zip'];

/**
 * Reads the arguments of `npm run dist`.
 *
 * @returns `{release, targets}`; no targets means all that can be made
 * @throws SetupProblem for a target nobody knows
 */
export function readDistOptions(argv) {
  const targets = argv.filter((one) => one !== '--release');
  const unknown = targets.find((one) => !TARGETS.includes(one));
  if (unknown !== undefined) {
    throw new SetupProblem(`there is no target ${unknown}`, `Targets: ${TARGETS.join(', ')}.`);
  }
  return { release: argv.includes('--release'), targets };
}
