import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { OperationsPolicy } from '../shared/policy/operations';
import { operationsPolicySchema } from '../shared/policy/operations';
import type { Result } from '../shared/result';
import { fail, ok } from '../shared/result';

/** Reads the policy file; a terminal without its policy does not start. */
export function readPolicy(path: string): Result<OperationsPolicy, 'bad_policy'> {
  try {
    const parsed = operationsPolicySchema.safeParse(parse(readFileSync(path, 'utf8')));
    if (parsed.success) return ok(parsed.data);
    const lines = parsed.error.issues.map(
      (issue) => `${path}: ${issue.path.map(String).join('.')}: ${issue.message}`,
    );
    return fail('bad_policy', lines.join('\n'));
  } catch (error) {
    return fail('bad_policy', `${path}: ${(error as Error).message}`);
  }
}
