import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
let program: string;
let folder: string;

beforeAll(async () => {
  const lib = join(root, 'scripts/lib/bundle.mjs');
  const { bundle } = (await import(lib)) as { bundle(entry: string, name: string): string };
  program = bundle(join(root, 'src/gateway/cli.ts'), 'vigia-gateway');
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-gateway-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const gateway = (...args: string[]) => {
  const options = { cwd: root, encoding: 'utf8', timeout: 20_000 } as const;
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], options);
  return { status, stderr };
};

function configure(extra: Record<string, unknown>): string {
  const operatorsFile = join(folder, 'operators.yaml');
  const account = ['--id', 'ana', '--name', 'Ana', '--roles', 'trader'];
  expect(gateway('operator', 'add', '--file', operatorsFile, ...account).status).toBe(0);
  const config = { dataDir: join(folder, 'data'), operatorsFile, environment: 'paper', ...extra };
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

describe('the gateway by itself says why it does not start, and ends with 1', () => {
  it('a port in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { status, stderr } = gateway('--config', configure({ port }));
    taken.close();
    expect(stderr).toContain('the port is in use');
    expect(stderr).toContain(String(port));
    expect(stderr).toContain('Stop what listens there or set another port');
    expect(status).toBe(1);
  });

  it('a configuration with a value that cannot be', () => {
    const file = configure({ port: 99_999 });
    const { status, stderr } = gateway('--config', file);
    expect(stderr).toContain(`${file}: port: `);
    expect(status).toBe(1);
  });

  it('a configuration file that is not there', () => {
    const { status, stderr } = gateway('--config', join(folder, 'none.yaml'));
    expect(stderr).toContain(`${join(folder, 'none.yaml')} cannot be read`);
    expect(status).toBe(1);
  });
});
