import { spawnSync } from 'node:child_process';

/** Runs a program and returns its status and all it printed. Never throws. */
export function capture(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    ...options,
  });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`;
  return { status: result.status ?? 1, output, stdout: result.stdout ?? '' };
}
