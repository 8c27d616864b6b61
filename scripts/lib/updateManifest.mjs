import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stringify } from 'yaml';

/**
 * Writes the manifest by which terminals update themselves, as electron-builder writes it beside its own
 * installers. It is nothing until `vigia sign-update` has signed it.
 *
 * @param {string} version three numbers
 * @param {readonly string[]} packages paths of files that lie in `output`
 * @returns the manifest's path
 */
export function writeUpdateManifest(output, version, packages) {
  const files = packages.map((path) => {
    const content = readFileSync(path);
    const sha512 = createHash('sha512').update(content).digest('base64');
    return { url: basename(path), sha512, size: content.length };
  });
  const [first] = files;
  const arch = process.arch === 'x64' ? '' : `-${process.arch}`;
  const path = join(output, `latest-linux${arch}.yml`);
  const releaseDate = new Date().toISOString();
  writeFileSync(
    path,
    stringify(
      { version, files, path: first.url, sha512: first.sha512, releaseDate },
      { lineWidth: 0 },
    ),
  );
  return path;
}
