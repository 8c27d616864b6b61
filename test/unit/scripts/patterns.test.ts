import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../support/root';

interface Pattern {
  readonly file: string;
  readonly source: string;
}

/** Every regular expression of the program, as its parser sees it, not as text looks. */
function patternsIn(file: string): Pattern[] {
  const found: Pattern[] = [];
  const lang = file.endsWith('x') ? 'tsx' : 'ts';
  const text = readFileSync(join(ROOT, 'src', file), 'utf8');
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, regex, callee } = node as {
      type?: string;
      regex?: { pattern: string };
      callee?: { name?: string };
    };
    if (type === 'Literal' && regex) found.push({ file, source: regex.pattern });
    if (callee?.name === 'RegExp') found.push({ file, source: 'new RegExp' });
    for (const part of Object.values(node)) walk(part);
  };
  walk(parseSync(file, text, { lang }).program);
  return found;
}

/** One element, then `+`, `*` or `{n,}`: the only things that take as much as there is. */
const ATOM = String.raw`(?:\\[pP]\{\w+\}|\\.|\[(?:\\.|[^\]\\])*\]|[^\\[\](){}|*+?^$])`;
const WITHOUT_END = String.raw`(?:[*+]|\{\d+,\})`;
const beginsWithoutEnd = new RegExp(`^${ATOM}${WITHOUT_END}.`);

/** Whether a group that is repeated without end holds what is repeated without end. */
function nests(source: string): boolean {
  const plain = source.replace(/\\.|\[(?:\\.|[^\]\\])*\]/g, 'x');
  const starts: number[] = [];
  for (const [at, character] of [...plain].entries()) {
    if (character === '(') starts.push(at);
    if (character !== ')') continue;
    const body = plain.slice((starts.pop() ?? 0) + 1, at);
    const repeated = new RegExp(`^${WITHOUT_END}`).test(plain.slice(at + 1));
    if (repeated && new RegExp(WITHOUT_END).test(body)) return true;
  }
  return false;
}

const patterns = readdirSync(join(ROOT, 'src'), { recursive: true })
  .map(String)
  .filter((name) => /\.tsx?$/.test(name))
  .flatMap(patternsIn);
const of = (is: (source: string) => boolean) =>
  patterns.filter(({ source }) => is(source)).map(({ file, source }) => `${file} ${source}`);

describe('the regular expressions of the program', () => {
  it('are all written out: none is made of text that came from somewhere', () => {
    expect(patterns.length).toBeGreaterThan(100);
    expect(of((source) => source === 'new RegExp')).toEqual([]);
  });

  it('look neither back nor at what they matched before', () => {
    expect(of((source) => /\(\?<[=!]|\\[1-9]|\\k</.test(source))).toEqual([]);
  });

  it('repeat no repetition, but where a character parts one turn from the next', () => {
    expect(of(nests)).toEqual([String.raw`main/pages.ts ^\/(?:[\w-]+\/)*[\w-][\w.-]*$`]);
  });

  it('begin with no repetition that would be tried again from every place', () => {
    expect(of((source) => beginsWithoutEnd.test(source))).toEqual([]);
  });

  it('are told apart by this test', () => {
    for (const source of ['(a+)+', '(?:x*y?)*', String.raw`(\d+,?){2,}`]) {
      expect(nests(source)).toBe(true);
    }
    for (const source of ['(a|b)+', String.raw`(\d{1,3})+`, '[(a+)]+', String.raw`\(a+\)+`]) {
      expect(nests(source)).toBe(false);
    }
    expect(beginsWithoutEnd.test(String.raw`\s+$`)).toBe(true);
    expect(beginsWithoutEnd.test(String.raw`^\s+$`)).toBe(false);
  });
});
