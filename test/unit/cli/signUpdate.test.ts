import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/vigia';
import { publicKeyFromBase64 } from '../../../src/node/signedNote';
import { isSigned } from '../../../src/node/updateSignature';
import { MANIFEST, openUpdateServer, type UpdateServer } from '../../support/updates';

let folder: string;
let server: UpdateServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-sign-'));
  server = await openUpdateServer(folder);
  await server.publish('0.2.0', { 'vigia_0.2.0_amd64.deb': 'package' });
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function sign(from = server.folder, key = join(folder, 'new.pem')) {
  const lines: string[] = [];
  const code = await run(['sign-update', from, '--key', key], (line) => lines.push(line));
  return { code, said: lines.join('\n'), key };
}

describe('vigia sign-update', () => {
  it('makes a key on the first call, signs every manifest, and prints the key for the settings', async () => {
    const { code, said, key } = await sign();
    expect(code).toBe(0);
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const printed = /^updateKey: (\S+)$/m.exec(said)?.[1] ?? '';
    const manifest = readFileSync(join(server.folder, MANIFEST), 'utf8');
    const note = readFileSync(join(server.folder, `${MANIFEST}.sig`), 'utf8');
    expect(isSigned(MANIFEST, manifest, note, publicKeyFromBase64(printed))).toBe(true);
    expect((await sign()).said).toContain(printed);
  });

  it.each([
    [
      'another package',
      () => writeFileSync(join(server.folder, 'vigia_0.2.0_amd64.deb'), 'PACKAGE'),
    ],
    [
      'a longer package',
      () => writeFileSync(join(server.folder, 'vigia_0.2.0_amd64.deb'), 'long'.repeat(9)),
    ],
    ['no package', () => rmSync(join(server.folder, 'vigia_0.2.0_amd64.deb'))],
    [
      'a version that is none',
      () => writeFileSync(join(server.folder, MANIFEST), 'version: new\n'),
    ],
  ])('signs nothing where there is %s', async (_what, spoil) => {
    spoil();
    const before = readFileSync(join(server.folder, `${MANIFEST}.sig`), 'utf8');
    expect((await sign()).code).toBe(1);
    expect(readFileSync(join(server.folder, `${MANIFEST}.sig`), 'utf8')).toBe(before);
  });

  it('says so where there is no manifest', async () => {
    expect(await sign(folder)).toMatchObject({
      code: 2,
      said: `${folder}: there is no latest*.yml`,
    });
  });
});
