// `npm test`: the set-up, then every suite, then one line over all of them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKS, runCheck } from './lib/checks.mjs';
import { openDisplay } from './lib/display.mjs';
import { driveEnvironment, packagingHindrance } from './lib/drive.mjs';
import { tell } from './lib/problem.mjs';
import { ensureBuild, ensureTestPackages, nodePath, ROOT, setUp } from './lib/setup.mjs';
import { CRASHED, lastLine, NONE, sum, tallyOf } from './lib/tally.mjs';

const only = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'vigia-test-'));

function staticChecks() {
  let total = NONE;
  for (const check of CHECKS) {
    const { ok, output } = runCheck(check);
    process.stdout.write(`${ok ? '✓' : '✗'} ${check.name}\n${ok ? '' : `${output}\n`}`);
    total = sum(total, { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 });
  }
  return total;
}

/** Runs a runner that writes a JSON report. */
function suite(name, args, report, env, count) {
  process.stdout.write(`\n── ${name}\n`);
  const { status } = spawnSync(nodePath(), args, { cwd: ROOT, stdio: 'inherit', env });
  return tallyOf(report, status, count);
}

function vitest() {
  const report = join(work, 'vitest.json');
  const runner = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return suite(
    'unit and integration',
    [runner, 'run', ...reporters],
    report,
    process.env,
    (json) => ({
      passed: json.numPassedTests,
      failed: json.numFailedTests,
      skipped: json.numPendingTests + (json.numTodoTests ?? 0),
    }),
  );
}

const playwrightCount = ({ stats }) => ({
  passed: stats.expected + stats.flaky,
  failed: stats.unexpected,
  skipped: stats.skipped,
});

async function endToEnd(runtime) {
  ensureBuild();
  const display = await openDisplay({ forceVirtual: true });
  try {
    const report = join(work, 'playwright.json');
    const runner = join(ROOT, 'node_modules/@playwright/test/cli.js');
    const env = {
      ...driveEnvironment(runtime, display),
      PLAYWRIGHT_JSON_OUTPUT_NAME: report,
    };
    const args = [runner, 'test', '--reporter=list,json'];
    return suite('end to end', args, report, env, playwrightCount);
  } finally {
    display.close();
  }
}

/** Makes the packages, installs them for real, and drives what is installed. */
async function packaging(runtime) {
  process.stdout.write('\n── packaging\n');
  const hindrance = packagingHindrance();
  if (hindrance !== null) {
    process.stdout.write(`vigia: the packages are not installed here, because ${hindrance}.\n`);
    return { ...NONE, skipped: 1 };
  }
  const dist = spawnSync(nodePath(), [join(ROOT, 'scripts/dist.mjs'), 'dir', 'deb'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (dist.status !== 0) return CRASHED;
  const display = await openDisplay({ forceVirtual: true });
  try {
    const report = join(work, 'packaging.json');
    const runner = join(ROOT, 'node_modules/@playwright/test/cli.js');
    const config = join(ROOT, 'test/packaging/playwright.config.ts');
    const env = {
      ...driveEnvironment(runtime, display),
      VIGIA_PACKAGED: '1',
      VIGIA_ELECTRON: '/usr/lib/vigia/vigia',
      VIGIA_ELECTRON_OFFICIAL: '',
      PLAYWRIGHT_JSON_OUTPUT_NAME: report,
    };
    const args = [runner, 'test', '--config', config, '--reporter=list,json'];
    return suite('packaging, installed', args, report, env, playwrightCount);
  } finally {
    display.close();
    spawnSync('dpkg', ['-r', 'vigia', 'vigia-gateway'], { stdio: 'ignore' });
  }
}

const SUITES = { check: staticChecks, unit: vitest, e2e: endToEnd, packaging };

let total = NONE;
try {
  const runtime = await setUp();
  ensureTestPackages();
  for (const [name, run] of Object.entries(SUITES)) {
    if (only.length > 0 && !only.includes(name)) continue;
    try {
      total = sum(total, await run(runtime));
    } catch (error) {
      tell(error);
      total = sum(total, CRASHED);
    }
  }
} catch (error) {
  tell(error);
  total = sum(total, CRASHED);
}
rmSync(work, { recursive: true, force: true });
process.stdout.write(`\n${lastLine(total)}\n`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
