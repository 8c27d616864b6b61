import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../support/root';

const builder = parse(readFileSync(join(ROOT, 'electron-builder.yml'), 'utf8'));

it('each system has its installers, with our icon and what the program reads', () => {
  expect(builder.linux.target).toEqual(['AppImage', 'tar.gz']);
  expect(builder.win.target).toEqual(['nsis']);
  expect(builder.mac.target).toContain('dmg');
  expect(existsSync(join(ROOT, builder.icon))).toBe(true);
  const { filter } = builder.extraResources[0];
  for (const pattern of filter) {
    expect(existsSync(join(ROOT, 'resources', pattern.replace('/**', '')))).toBe(true);
  }
  expect(filter).toEqual(expect.arrayContaining(['policy/**', 'playbooks/**', 'calendar/**']));
});

it('Windows: for the machine or for one user, as is chosen; what the user made is left', () => {
  // Silent and per machine or user by /S, /allusers and /currentuser: an assisted installer has them.
  expect(builder.nsis).toMatchObject({
    oneClick: false,
    perMachine: false,
    allowElevation: true,
    deleteAppDataOnUninstall: false,
  });
});

it('macOS: a hardened runtime with entitlements of its own', () => {
  expect(builder.mac.hardenedRuntime).toBe(true);
  expect(existsSync(join(ROOT, builder.mac.entitlements))).toBe(true);
});
