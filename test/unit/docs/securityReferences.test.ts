import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../support/root';

const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
const linesOf = (file: string) => readFileSync(join(ROOT, file), 'utf8').split('\n');

/** `file:line` `what stands there` */
const LINE = /`([\w./-]+\.\w+):(\d+)`\s`([^`\n]+)`/g;
/** `file`: “a test of it” */
const TEST = /`([\w.-]+\.(?:spec|test)\.ts)`: “([^”]+)”/g;

it('every line that docs/security.md names holds what it says', () => {
  const found = [...page.matchAll(LINE)].map(([, file = '', line = '', what = '']) => {
    const lines = linesOf(file);
    const at = lines.findIndex((text) => text.includes(what)) + 1;
    return { file, what, line: Number(line), holds: lines[Number(line) - 1]?.includes(what), at };
  });
  expect(found.filter(({ holds }) => !holds)).toEqual([]);
  expect(found).toHaveLength(page.match(/`[\w./-]+\.\w+:\d+`/g)?.length ?? 0);
});

it('every item of the checklist names lines and a test', () => {
  const rows = page.match(/^\| \d+ \| .*$/gm) ?? [];
  expect(rows).toHaveLength(20);
  for (const row of rows) {
    expect([row, row.match(LINE)?.length ?? 0]).not.toEqual([row, 0]);
    expect([row, row.match(TEST)?.length ?? 0]).not.toEqual([row, 0]);
  }
});

it('every test that docs/security.md names is there', () => {
  const files = readdirSync(join(ROOT, 'test'), { recursive: true }).map(String);
  const missing = [...page.matchAll(TEST)].filter(([, file, name = '']) => {
    const path = files.find((one) => basename(one) === file);
    return !path || !readFileSync(join(ROOT, 'test', path), 'utf8').includes(`'${name}'`);
  });
  expect(missing.map(([text]) => text)).toEqual([]);
  for (const [, file] of page.matchAll(/`([\w.-]+\.(?:spec|test)\.ts)`/g)) {
    expect(files.map((one) => basename(one))).toContain(file);
  }
});
