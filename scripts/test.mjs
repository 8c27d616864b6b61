// `npm test`: the set-up, then every suite, then one line over all of them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKS, runCheck } from './lib/checks.mjs';
import { openDisplay } from './lib/display.mjs';
import { endWith } from './lib/problem.mjs';
import { ensureBuild, nodePath, ROOT, setUp } from './lib/setup.mjs';

const total = { passed: 0, failed: 0, skipped: 0 };
const only = process.argv.slice(2);
const wanted = (suite) => only.length === 0 || only.includes(suite);
const work = mkdtempSync(join(tmpdir(), 'vigia-test-'));

function staticChecks() {
  for (const check of CHECKS) {
    const { ok, output } = runCheck(check);
    process.stdout.write(`${ok ? '✓' : '✗'} ${check.name}\n${ok ? '' : `${output}\n`}`);
    total[ok ? 'passed' : 'failed'] += 1;
  }
}

/** Runs a runner that writes a JSON report; one that leaves no report has failed. */
function suite(name, args, report, env, count) {
  process.stdout.write(`\n── ${name}\n`);
  const result = spawnSync(nodePath(), args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (!existsSync(report)) {
    process.stdout.write(`✗ ${name} left no report\n`);
    total.failed += 1;
    return;
  }
  const counted = count(JSON.parse(readFileSync(report, 'utf8')));
  for (const key of Object.keys(total)) total[key] += counted[key];
  if (result.status !== 0 && counted.failed === 0) total.failed += 1;
}

function vitest() {
  const report = join(work, 'vitest.json');
  const runner = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = [
    runner,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  suite('unit and integration', args, report, {}, (json) => ({
    passed: json.numPassedTests,
    failed: json.numFailedTests,
    skipped: json.numPendingTests + (json.numTodoTests ?? 0),
  }));
}

async function endToEnd(runtime) {
  ensureBuild();
  const display = await openDisplay({ forceVirtual: true });
  try {
    const report = join(work, 'playwright.json');
    const runner = join(ROOT, 'node_modules/@playwright/test/cli.js');
    const env = {
      DISPLAY: display.name,
      VIGIA_APP: ROOT,
      VIGIA_ELECTRON: runtime.path,
      VIGIA_ELECTRON_OFFICIAL: runtime.official ? '1' : '',
      PLAYWRIGHT_JSON_OUTPUT_NAME: report,
    };
    suite('end to end', [runner, 'test', '--reporter=list,json'], report, env, ({ stats }) => ({
      passed: stats.expected + stats.flaky,
      failed: stats.unexpected,
      skipped: stats.skipped,
    }));
  } finally {
    display.close();
  }
}

try {
  const runtime = await setUp();
  if (wanted('check')) staticChecks();
  if (wanted('unit')) vitest();
  if (wanted('e2e') && existsSync(join(ROOT, 'test/e2e'))) await endToEnd(runtime);
  rmSync(work, { recursive: true, force: true });
  process.stdout.write(
    `\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`,
  );
  process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
} catch (error) {
  endWith(error);
}
