import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replayFile } from '../../../src/cli/replay';
import { sha256 } from '../../../src/node/sha256';
import { keepWindow } from '../../../src/shared/monitor/windowFile';
import { healthOf, MONDAY_9, monitorPolicy } from '../../support/monitor';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-replay-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Keeps a window of a failing model as the monitor does. @returns its path. */
function keep(): string {
  const health = healthOf();
  for (let n = 0; n < 20; n += 1) {
    health.inference(MONDAY_9, MONDAY_9 + n, n > 8, 2_500, 'm1');
  }
  let path = '';
  const watch = { model: 'm1', since: 0, enhanced: false, policy: monitorPolicy };
  keepWindow(health.freeze()(), watch, MONDAY_9 + 30, sha256, (digest, file) => {
    path = join(folder, `${digest}.json`);
    writeFileSync(path, JSON.stringify(file));
    return true;
  });
  return path;
}

function replay(path: string): { code: number; lines: string[] } {
  const lines: string[] = [];
  const code = replayFile(path, (line) => lines.push(line));
  return { code, lines };
}

describe('vigia monitor replay', () => {
  it('gives the verdict that was given', () => {
    const { code, lines } = replay(keep());
    expect(code).toBe(0);
    expect(lines.join('\n')).toContain('errorRate: breach; 0.45 (limit 0.05), 9 of 20 bad');
    expect(lines.join('\n')).toContain('latencyP99: breach; 2500 (limit 2000), 20 of 20 bad');
  });

  it('tells a window that was altered', () => {
    const path = keep();
    const altered = join(folder, `${'a'.repeat(64)}.json`);
    writeFileSync(
      altered,
      JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), at: MONDAY_9 + 31 }),
    );
    const { code, lines } = replay(altered);
    expect(code).toBe(1);
    expect(lines.at(-1)).toContain('altered');
  });

  it.each([
    ['not JSON', '{'],
    ['another file', '{"format":"vigia.window.v0"}'],
  ])('says what is wrong with a file that is %s', (_, text) => {
    const path = join(folder, 'x.json');
    writeFileSync(path, text);
    expect(replay(path)).toMatchObject({ code: 2, lines: [expect.stringContaining(path)] });
  });

  it('and with one that is not there', () => {
    expect(replay(join(folder, 'none.json')).code).toBe(2);
  });
});
