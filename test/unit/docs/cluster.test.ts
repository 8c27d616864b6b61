import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { gatewayConfigSchema } from '../../../src/gateway/config';
import { WHY_NO_NATS } from '../../support/nats';
import { ROOT } from '../../support/root';

const page = readFileSync(join(ROOT, 'docs/cluster.md'), 'utf8');
const block = (language: string) =>
  new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, 's').exec(page)?.[1] ?? '';

it('the gateway’s configuration in docs/cluster.md is one', () => {
  const parsed = gatewayConfigSchema.safeParse(parse(block('yaml')));
  expect(parsed.error?.message).toBeUndefined();
  expect(parsed.data?.cluster?.servers).toHaveLength(3);
});

it.skipIf(WHY_NO_NATS !== null)('nats-server takes the configuration in docs/cluster.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-nats-conf-'));
  const tls = (name: string) => JSON.stringify(join(ROOT, 'test/support/tls', name));
  const text = block('conf')
    .replaceAll(/\/etc\/nats\/(cert|ca)\.pem/g, tls('cert.pem'))
    .replaceAll('/etc/nats/key.pem', tls('key.pem'))
    .replaceAll('/var/lib/nats', JSON.stringify(folder));
  const file = join(folder, 'server.conf');
  writeFileSync(file, text);
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin` };
  const { status, stderr } = spawnSync('nats-server', ['-t', '-c', file], {
    env,
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  expect(stderr).toContain('is valid');
  expect(status).toBe(0);
});
