import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { VERSION } from '../../src/shared/version';
import { ROOT } from '../support/root';

export const PROGRAM = '/usr/lib/vigia';

/** What `npm run dist` made last, as it says itself. */
export function made(pattern: RegExp): string {
  const { made: files } = JSON.parse(readFileSync(join(ROOT, 'dist/.made'), 'utf8')) as {
    made: string[];
  };
  const found = files.find((file) => pattern.test(file));
  if (!found) throw new Error(`dist holds nothing like ${pattern}`);
  return found;
}

/** Runs a program; throws with all it said when it fails. */
export function run(command: string, ...args: string[]): string {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 120_000 });
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(' ')}: ${result.stdout}${result.stderr}`);
  }
  return result.stdout;
}

/** The terminal's package under another version: dpkg knows an upgrade by the number. */
export async function packageAs(
  version: string,
  unpacked = join(ROOT, 'dist/linux-unpacked'),
): Promise<string> {
  const { terminalDeb } = (await import(join(ROOT, 'scripts/lib/deb.mjs'))) as {
    terminalDeb(unpacked: string, version: string, output: string): string;
  };
  const output = mkdtempSync(join(tmpdir(), 'vigia-deb-'));
  return terminalDeb(unpacked, version, output);
}

/** The package of a terminal that takes itself for another version of the same length. */
export async function programAs(version: string): Promise<Buffer> {
  const work = mkdtempSync(join(tmpdir(), 'vigia-other-'));
  cpSync(join(ROOT, 'dist/linux-unpacked'), work, { recursive: true });
  const archive = join(work, 'resources/app.asar');
  // Byte for byte: an archive finds its files by their places.
  const told = new RegExp(`((?:VERSION = |"version": ?)")${VERSION.replaceAll('.', '\\.')}"`, 'g');
  const text = readFileSync(archive, 'latin1').replace(told, `$1${version}"`);
  writeFileSync(archive, text, 'latin1');
  const file = await packageAs(version, work);
  const content = readFileSync(file);
  for (const folder of [work, dirname(file)]) rmSync(folder, { recursive: true });
  return content;
}

/** The files of an installed package that are there; folders that others use too are left out. */
export function filesOf(name: string): readonly string[] {
  return run('dpkg', '-L', name)
    .trim()
    .split('\n')
    .filter((path) => path.includes('vigia') && existsSync(path));
}
