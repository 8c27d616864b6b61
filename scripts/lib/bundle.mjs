import { join } from 'node:path';
import { capture } from './run.mjs';
import { nodePath, ROOT } from './setup.mjs';

/**
 * Bundles one TypeScript program so that a plain Node runs it. It lies inside node_modules, where
 * the native module is found and nothing is committed.
 *
 * @returns the bundle's path
 */
export function bundle(entry, name) {
  const output = join(ROOT, 'node_modules/.vigia/bundles', `${name}.mjs`);
  const rolldown = join(ROOT, 'node_modules/rolldown/bin/cli.mjs');
  const args = [
    rolldown,
    entry,
    '--file',
    output,
    '--format',
    'esm',
    '--platform',
    'node',
    '--no-codeSplitting',
  ];
  const result = capture(
    nodePath(),
    [...args, '--external', 'better-sqlite3', '--external', 'electron'],
    {
      cwd: ROOT,
    },
  );
  if (result.status !== 0) throw new Error(`${entry} does not build:\n${result.output}`);
  return output;
}
