import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const lib = resolve(import.meta.dirname, '../../../scripts/lib');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a piece of the set-up in a process of its own, as `npm start` does. */
function run(code: string) {
  const script = `
    const { endWith, explain, SetupProblem } = await import(${JSON.stringify(join(lib, 'problem.mjs'))});
    const setup = await import(${JSON.stringify(join(lib, 'setup.mjs'))});
    try { ${code} } catch (error) { endWith(error); }`;
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  return { code: result.status, error: result.stderr, said: result.stdout };
}

describe('set-up problems say what is wrong and what to do, and end with a non-zero code', () => {
  it('an unsupported platform', () => {
    const { code, error } = run(`setup.checkPlatform('sunos', 'x64', '24.0.0');`);
    expect(code).toBe(1);
    expect(error).toContain('sunos/x64 is not supported');
    expect(error).toContain('Linux, macOS and Windows');
  });

  it('a Node that is too old', () => {
    const { code, error } = run(`setup.checkPlatform('linux', 'x64', '18.20.0');`);
    expect(code).toBe(1);
    expect(error).toContain('Install Node 20 or newer');
  });

  it('not root and a system package missing: the one command to run', () => {
    const { code, error } = run(`
      process.env.PATH = ${JSON.stringify(folder)};
      setup.ensureSystemPackages(['libnss3', 'xvfb'], false);`);
    expect(code).toBe(1);
    expect(error).toContain("sudo sh -c 'apt-get update && apt-get install -y libnss3 xvfb'");
  });

  it('a program that only tests need is said to be missing and stops nothing', () => {
    const { code, said } = run(`
      process.env.PATH = ${JSON.stringify(folder)};
      setup.ensureTestPackages(['nats-server'], false);`);
    expect(code).toBe(0);
    expect(said).toContain('only root can install them: nats-server. Tests that need them skip.');
    expect(said).toContain("sudo sh -c 'apt-get update && apt-get install -y nats-server'");
  });

  it('a checksum that does not match', () => {
    const file = join(folder, 'archive.tgz');
    writeFileSync(file, 'not the archive');
    const { code, error } = run(`await setup.checkIntegrity(${JSON.stringify(file)}, 'AAAA');`);
    expect(code).toBe(1);
    expect(error).toContain('does not match its checksum');
    expect(error).toContain('Do not use it');
  });

  it.each([
    ['npm error code ECONNREFUSED', 'cannot be reached', 'npm config get registry'],
    ['write ENOSPC: no space', 'the disk is full', 'Free about 2 GB'],
    ['npm error code EINTEGRITY', 'does not match its checksum', 'npm cache clean'],
    ['something else\nwent wrong', 'npm ci failed', 'went wrong'],
  ])('%s', (output, what, remedy) => {
    const { code, error } = run(`throw explain(${JSON.stringify(output)}, 'npm ci');`);
    expect(code).toBe(1);
    expect(error).toContain(what);
    expect(error).toContain(remedy);
  });

  it('a disk without room', () => {
    const { code, error } = run(`setup.checkSpace(${JSON.stringify(join(folder, 'new'))}, 1e18);`);
    expect(code).toBe(1);
    expect(error).toContain('the disk is full');
    expect(error).toContain('Free about 2 GB');
  });

  it('no network on the first run, from a real npm ci that finds nothing listening', () => {
    const manifest = { name: 'x', version: '1.0.0', dependencies: { left: '1.0.0' } };
    const packages = { '': manifest, 'node_modules/left': { version: '1.0.0' } };
    const lock = { name: 'x', version: '1.0.0', lockfileVersion: 3, requires: true, packages };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
    writeFileSync(
      join(folder, '.npmrc'),
      `registry=http://127.0.0.1:1\nfetch-retries=0\ncache=${join(folder, 'cache')}\n`,
    );
    const { code, error } = run(`setup.ensureDependencies(${JSON.stringify(folder)});`);
    expect(code).toBe(1);
    expect(error).toContain('the network or the package registry cannot be reached');
    expect(error).toContain('npm config get registry');
  });
});
