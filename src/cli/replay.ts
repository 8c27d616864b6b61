import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { sha256 } from '../node/sha256';
import { replay } from '../shared/monitor/windowFile';

/**
 * Judges a window that the monitor kept anew, and says whether it is the one its name says.
 *
 * @returns the exit code: 0 it is, 1 it was altered, 2 it could not be read.
 */
export function replayFile(path: string, print: (line: string) => void): 0 | 1 | 2 {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    print(`${path}: ${(error as Error).message}`);
    return 2;
  }
  const judged = replay(text, sha256);
  if (!judged.ok) {
    print(`${path}: ${judged.error.message}`);
    return 2;
  }
  const { evaluation, digest } = judged.value;
  print(`${evaluation.model ?? 'no model'} at ${new Date(evaluation.at).toISOString()}`);
  for (const check of Object.values(evaluation.checks)) {
    const { trigger, outcome, value, limit, samples, breaching, literal, confident } = check;
    const figures = `${value ?? 'no figure'} (limit ${limit}), ${breaching} of ${samples} bad`;
    print(`${trigger}: ${outcome}; ${figures}; literal ${literal}, confident ${confident}`);
  }
  print(`sha256 ${digest}`);
  const named = /^([0-9a-f]{64})\.json$/.exec(basename(path))?.[1];
  if (named === undefined || named === digest) return 0;
  print('altered: the file is not the window that its name says');
  return 1;
}
