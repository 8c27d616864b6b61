import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { capture } from './run.mjs';
import { ROOT } from './setup.mjs';

/** `nobody`, on every Linux. */
const UNPRIVILEGED = 65534;

/**
 * The environment in which the end-to-end programs drive the terminal. Started by root, they run it
 * as an unprivileged user, since Chromium's sandbox is off for root and what ships has it on.
 *
 * @returns the whole environment; says on standard output when the sandbox stays off
 */
export function driveEnvironment(runtime, display) {
  const env = {
    ...process.env,
    DISPLAY: display.name,
    VIGIA_APP: ROOT,
    VIGIA_ELECTRON: runtime.path,
    VIGIA_ELECTRON_OFFICIAL: runtime.official ? '1' : '',
    VIGIA_TEST_UID: '',
  };
  if (process.getuid?.() !== 0) return env;
  const hindrance = hindranceFor(runtime);
  if (hindrance === null) return { ...env, VIGIA_TEST_UID: String(UNPRIVILEGED) };
  process.stdout.write(
    `vigia: end to end as root, without the Chromium sandbox, because ${hindrance}.\n`,
  );
  return env;
}

/** Why the runtime cannot run as the unprivileged user; null when it can. */
function hindranceFor(runtime) {
  const helper = statSync(join(dirname(runtime.path), 'chrome-sandbox'), { throwIfNoEntry: false });
  if (helper?.uid !== 0 || (helper.mode & 0o4755) !== 0o4755) {
    return 'chrome-sandbox is not owned by root with mode 4755';
  }
  const user = String(UNPRIVILEGED);
  const needed = JSON.stringify([join(ROOT, 'package.json'), join(ROOT, 'out/main/index.js')]);
  const probe = `for (const path of ${needed}) require('node:fs').readFileSync(path)`;
  const { status } = capture(
    'setpriv',
    ['--reuid', user, '--regid', user, '--clear-groups', runtime.path, '-e', probe],
    { cwd: '/', env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } },
  );
  return status === 0 ? null : `an unprivileged user cannot run the runtime or read ${ROOT}`;
}

/** Why the packages cannot be installed on this machine for a test; null when they can. */
export function packagingHindrance() {
  if (process.platform !== 'linux' || capture('dpkg', ['--version']).status !== 0) {
    return 'this is not a Debian system';
  }
  if (process.getuid?.() !== 0) return 'only root can install them';
  for (const name of ['vigia', 'vigia-gateway']) {
    if (/^Status: .* installed$/m.test(capture('dpkg', ['-s', name]).stdout)) {
      return `${name} is installed already, and the test would replace it`;
    }
  }
  return existsSync('/etc/vigia')
    ? '/etc/vigia is there already, and the test would change it'
    : null;
}
