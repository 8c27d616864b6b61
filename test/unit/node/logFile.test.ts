import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mask, openLogFile } from '../../../src/node/logFile';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = () => join(folder, 'logs/terminal.log');
const open = (maxBytes?: number, secrets: readonly string[] = []) =>
  openLogFile({
    ...{ path: path(), program: 'terminal', secrets: () => secrets, keep: 3 },
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
const lines = (file = path()) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the log file', () => {
  it('writes one JSON object a line, at once, for its owner alone', () => {
    const log = open();
    log.info('kill.sent', { correlationId: 'k-1', address: 'ws://x' });
    log.error('defect', { error: new Error('line\nbreak') });
    const [first, second] = lines();
    expect(first).toMatchObject({
      level: 'info',
      program: 'terminal',
      event: 'kill.sent',
      correlationId: 'k-1',
    });
    expect(new Date(String(first?.time)).toISOString()).toBe(first?.time);
    expect(String(second?.error)).toContain('line\nbreak');
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  it('rotates by size, keeps so many, loses no line that is kept', () => {
    const log = open(2_000);
    for (let index = 0; index < 200; index += 1) log.info('line', { index });
    const files = readdirSync(join(folder, 'logs')).sort();
    expect(files).toEqual(['terminal.log', 'terminal.log.1', 'terminal.log.2', 'terminal.log.3']);
    for (const file of files) {
      expect(statSync(join(folder, 'logs', file)).size).toBeLessThanOrEqual(2_000);
    }
    const kept = [...files].reverse().flatMap((file) => lines(join(folder, 'logs', file)));
    const indexes = kept.map(({ index }) => index as number);
    expect(indexes).toEqual(
      Array.from({ length: indexes.length }, (_, at) => 200 - indexes.length + at),
    );
  });

  it('goes on from the size a former run left', () => {
    open(1_000).info('first', { text: 'x'.repeat(700) });
    open(1_000).info('second', { text: 'y'.repeat(700) });
    expect(readdirSync(join(folder, 'logs')).sort()).toEqual(['terminal.log', 'terminal.log.1']);
  });

  it('holds no secret, in whatever form a message brings it', () => {
    const secret = 'ana."quoted"/token+1';
    open(undefined, [secret]).warn('x', {
      plain: secret,
      nested: { url: `https://x/?t=${encodeURIComponent(secret)}` },
      error: new Error(`refused: ${secret}`),
    });
    const text = readFileSync(path(), 'utf8');
    expect(text).not.toContain('quoted');
    expect(text.match(/\[secret\]/g)).toHaveLength(3);
  });

  it('clips a text that would fill the disk, and never throws when it cannot be written', () => {
    const log = open();
    log.info('long', { text: 'z'.repeat(1_000_000) });
    expect(statSync(path()).size).toBeLessThan(20_000);
    rmSync(join(folder, 'logs'), { recursive: true });
    chmodSync(folder, 0o500);
    expect(() => log.info('lost')).not.toThrow();
    chmodSync(folder, 0o700);
  });

  it('masks nothing for a secret that is too short to be one', () => {
    expect(mask('a b c', ['a'])).toBe('a b c');
  });
});
