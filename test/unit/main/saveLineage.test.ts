import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { saveLineage } from '../../../src/main/lineage/saveFile';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-lineage-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const choose = async (name: string): Promise<string> => join(folder, name);
const never = async (): Promise<string> => {
  throw new Error('was not asked for');
};

it('each format is written whole under its name', async () => {
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47]).toString('base64');
  expect(await saveLineage({ format: 'png', data: png, at: null }, choose, never)).toBe(
    join(folder, 'linaje.png'),
  );
  await saveLineage({ format: 'svg', data: '<svg/>', at: null }, choose, never);
  await saveLineage({ format: 'json', data: '{}', at: null }, choose, never);
  await saveLineage({ format: 'openlineage', data: '', at: null }, choose, async () => '[1]');
  expect(readdirSync(folder).sort()).toEqual([
    'linaje.json',
    'linaje.openlineage.json',
    'linaje.png',
    'linaje.svg',
  ]);
  expect(readFileSync(join(folder, 'linaje.png'))).toEqual(Buffer.from(png, 'base64'));
  expect(readFileSync(join(folder, 'linaje.openlineage.json'), 'utf8')).toBe('[1]');
  expect(
    await saveLineage({ format: 'svg', data: 'x', at: null }, async () => null, never),
  ).toBeNull();
});

it('a disk that fills leaves what was there, and nothing beside it', async () => {
  // A device that is always full, where the system has one.
  if (!existsSync('/dev/full')) return;
  const path = join(folder, 'linaje.svg');
  writeFileSync(path, 'what was there');
  symlinkSync('/dev/full', join(folder, `.linaje.svg.${process.pid}.new`));
  await expect(
    saveLineage({ format: 'svg', data: '<svg/>', at: null }, choose, never),
  ).rejects.toThrow(/ENOSPC/);
  expect(readFileSync(path, 'utf8')).toBe('what was there');
  expect(readdirSync(folder)).toEqual(['linaje.svg']);
});
