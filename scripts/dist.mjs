// `npm run dist [-- --release] [targets…]`: installers, as far as this machine can make them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gatewayDeb, terminalDeb } from './lib/deb.mjs';
import { readDistOptions } from './lib/distOptions.mjs';
import { endWith, SetupProblem } from './lib/problem.mjs';
import { writeSbom } from './lib/sbom.mjs';
import { ensureBuild, ensureSystemPackages, nodePath, ROOT, setUp } from './lib/setup.mjs';
import { writeUpdateManifest } from './lib/updateManifest.mjs';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const output = join(ROOT, 'dist');
const made = [];

function say(text) {
  process.stdout.write(`vigia: ${text}\n`);
}

function builder(platform, targets, options) {
  const cli = join(ROOT, 'node_modules/electron-builder/cli.js');
  const zip = ['/usr/bin/7za', '/usr/bin/7z'].find(existsSync);
  const { status } = spawnSync(
    nodePath(),
    [cli, platform, ...targets, '--publish', 'never', ...options],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, ...(zip ? { ELECTRON_BUILDER_7ZIP_PATH: zip } : {}) },
    },
  );
  if (status !== 0) {
    throw new SetupProblem(
      'electron-builder could not make the installers',
      'Its own words are above. `npm run dist -- dir` makes the unpacked program alone.',
    );
  }
}

/** With the official runtime: what electron-builder.yml names, or the targets asked for. */
function release(platform, targets) {
  const own = ['-c.extraMetadata.release=true'];
  if (platform !== '--linux') {
    builder(platform, targets, own);
    made.push(output);
    return;
  }
  const wants = (target) => targets.length === 0 || targets.includes(target);
  builder(platform, ['dir', ...['AppImage', 'tar.gz'].filter(wants)], own);
  const unpacked = join(output, 'linux-unpacked');
  const files = readdirSync(output).map((name) => join(output, name));
  // Only what was asked for now: what lies there from before is another build.
  const fresh = (target, end) =>
    wants(target) ? files.filter((name) => name.includes(version) && name.endsWith(end)) : [];
  const image = fresh('AppImage', '.AppImage');
  made.push(unpacked, ...image, ...fresh('tar.gz', '.tar.gz'));
  const deb = wants('deb') ? [terminalDeb(unpacked, version, output)] : [];
  made.push(...deb);
  const packages = [...image, ...deb];
  if (packages.length > 0) made.push(writeUpdateManifest(output, version, packages));
}

/** With the development fallback: what can be made of it, marked as not for release. */
function trial(runtime, targets) {
  const debian = `${version}~notforrelease`;
  const wants = (target) => targets.length === 0 || targets.includes(target);
  const archive = wants('tar.gz') ? ['tar.gz'] : [];
  builder(
    '--linux',
    ['dir', ...archive],
    [
      `-c.electronDist=${dirname(runtime.path)}`,
      `-c.electronVersion=${runtime.version}`,
      '-c.extraMetadata.release=false',
      '-c.compression=store',
      `-c.artifactName=vigia-${version}-not-for-release-\${os}-\${arch}.\${ext}`,
    ],
  );
  const unpacked = join(output, 'linux-unpacked');
  made.push(unpacked);
  if (archive.length > 0)
    made.push(join(output, `vigia-${version}-not-for-release-linux-x64.tar.gz`));
  if (wants('deb')) {
    const deb = terminalDeb(unpacked, debian, output);
    made.push(deb, writeUpdateManifest(output, version, [deb]));
  }
}

try {
  const options = readDistOptions(process.argv.slice(2));
  const runtime = await setUp();
  if (!runtime.official && options.release) {
    throw new SetupProblem(
      `Electron ${runtime.version} is here for development and tests only; no release is made of it`,
      'Set ELECTRON_MIRROR to a mirror of the Electron releases, remove node_modules and run the command again; without --release installers to try come out, marked as not for release.',
    );
  }
  const { targets } = options;
  const linux = process.platform === 'linux';
  if (linux && (targets.length === 0 || targets.includes('tar.gz'))) {
    ensureSystemPackages(
      ['7za', '7z'].some((one) => existsSync(`/usr/bin/${one}`)) ? [] : ['p7zip-full'],
    );
  }
  ensureBuild();
  mkdirSync(output, { recursive: true });
  if (runtime.official) {
    release({ linux: '--linux', darwin: '--mac', win32: '--win' }[process.platform], targets);
  } else {
    say(`Electron ${runtime.version} is the development fallback: all of this is NOT FOR RELEASE.`);
    trial(runtime, targets);
  }
  if (
    linux &&
    existsSync('/usr/bin/dpkg-deb') &&
    (targets.length === 0 || targets.includes('deb'))
  ) {
    const gateway = gatewayDeb(runtime.official ? version : `${version}~notforrelease`, output);
    if (gateway) made.push(gateway);
    else say('no gateway package: there is no Node for this architecture among the dependencies.');
  }
  const bill = join(output, `vigia-${version}.cdx.json`);
  say(`bill of materials: ${writeSbom(bill, runtime)} components`);
  made.push(bill);
  writeFileSync(
    join(output, '.made'),
    JSON.stringify({ version, release: runtime.official, made }),
  );
  for (const file of made) say(`made ${file}`);
} catch (error) {
  endWith(error);
}
