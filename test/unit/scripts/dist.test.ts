import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FUSES } from '../../../scripts/lib/fuses';
import { ROOT } from '../../support/root';

const dist = (...args: string[]) =>
  spawnSync(process.execPath, [join(ROOT, 'scripts/dist.mjs'), ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });

describe('npm run dist', () => {
  it('refuses a target nobody knows before anything else is done', () => {
    const { status, stderr, stdout } = dist('rpm');
    expect(status).toBe(1);
    expect(stderr).toContain('there is no target rpm');
    expect(stdout).toBe('');
  });

  it('makes no release of the development fallback', ({ skip }) => {
    const known = readFileSync(join(ROOT, 'node_modules/.vigia/electron.json'), 'utf8');
    if (JSON.parse(known).official) skip('the official Electron is here');
    const { status, stderr } = dist('--release');
    expect(status).toBe(1);
    expect(stderr).toContain('no release is made of it');
    // It looks for the official release first, which takes as long as the network lets it.
  }, 120_000);

  it('leaves no fuse open by which another program could use ours', () => {
    expect(FUSES).toMatchObject({
      RunAsNode: false,
      EnableNodeOptionsEnvironmentVariable: false,
      EnableNodeCliInspectArguments: false,
      EnableCookieEncryption: true,
      EnableEmbeddedAsarIntegrityValidation: true,
      OnlyLoadAppFromAsar: true,
      GrantFileProtocolExtraPrivileges: false,
    });
  });
});
