import { existsSync, readFileSync } from 'node:fs';

/** Nothing counted yet. */
export const NONE = { passed: 0, failed: 0, skipped: 0 };

/** One suite that could not be counted. */
export const CRASHED = { passed: 0, failed: 1, skipped: 0 };

/** Adds two tallies. */
export function sum(one, other) {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  };
}

/**
 * Counts a runner's JSON report. A runner that left none, left half of one, or ended badly without a
 * failed test in it has crashed, which is one failure.
 *
 * @param {(json: object) => {passed: number, failed: number, skipped: number}} count
 */
export function tallyOf(report, status, count) {
  if (!existsSync(report)) return CRASHED;
  let counted;
  try {
    counted = count(JSON.parse(readFileSync(report, 'utf8')));
  } catch {
    return CRASHED;
  }
  return status !== 0 && counted.failed === 0 ? sum(counted, CRASHED) : counted;
}

/** The last line of a test run. */
export function lastLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
