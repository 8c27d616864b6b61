// `npm run check`: types, lint with the runtime boundaries as errors, formatting.
import { CHECKS, runCheck } from './lib/checks.mjs';

let failed = 0;
for (const check of CHECKS) {
  const { ok, output } = runCheck(check);
  process.stdout.write(`${ok ? '✓' : '✗'} ${check.name}\n${ok ? '' : `${output}\n`}`);
  if (!ok) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
