import { expect, test } from 'vitest';
import { RESUME_WORD } from '../../../src/renderer/desk/resume.state';
import { en } from '../../../src/renderer/i18n/en';
import { es } from '../../../src/renderer/i18n/es';
import { RESUME_CONFIRMATION } from '../../../src/shared/protocol/commands';

test('both languages have the same texts with the same blanks', () => {
  expect(Object.keys(en).sort()).toEqual(Object.keys(es).sort());
  const blanks = (text: string) => [...text.matchAll(/\{\{\w+\}\}/g)].map(String).sort();
  for (const key of Object.keys(es) as (keyof typeof es)[]) {
    expect(blanks(en[key]), key).toEqual(blanks(es[key]));
  }
});

test('what the dialog asks to type is what the protocol wants', () => {
  expect(RESUME_WORD).toBe(RESUME_CONFIRMATION);
});
