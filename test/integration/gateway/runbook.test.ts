import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { newDataDir, openGateway } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { playbooks } from '../../support/incidents';
import { artifact } from '../../support/models';
import { ROOT } from '../../support/root';

const run = promisify(execFile);
let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
let engine: FakeEngine;

beforeAll(async () => {
  dir = newDataDir();
  gateway = await openGateway(dir.path);
  engine = new FakeEngine('e1', 0);
  engine.models = [artifact('m1')];
  await engine.connect(gateway.port);
});
afterAll(async () => {
  engine.disconnect();
  await gateway.stop();
  dir.remove();
});

/** What a shell answers, with the HTTP status after it. */
async function shell(command: string): Promise<{ text: string; status: number }> {
  const counted = command.replace(/^curl /, 'curl -w "\\n%{http_code}" ');
  const environment = {
    ...process.env,
    VIGIA_GATEWAY: `http://127.0.0.1:${gateway.port}`,
    VIGIA_TOKEN: 'ana',
  };
  const { stdout } = await run('bash', ['-c', counted], { env: environment });
  const lines = stdout.split('\n');
  return { text: lines.slice(0, -1).join('\n'), status: Number(lines.at(-1)) };
}

/** Nothing that was live before can be gone back to here, and the call says so. */
const expectedStatus = (command: string): number[] =>
  command.endsWith('/models/rollback"') ? [404] : command.endsWith('/incidents"') ? [201] : [200];

const page = readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8');
const shown = [...page.matchAll(/```sh\n(.*?)\n```/gs)].map(([, text]) => text ?? '');

describe('docs/runbook.md', () => {
  it.each(shown)('%s', async (command) => {
    const { text, status } = await shell(command);
    expect(expectedStatus(command)).toContain(status);
    if (!command.includes('/metrics')) expect(() => JSON.parse(text)).not.toThrow();
  });
});

describe('the playbooks', () => {
  const steps = playbooks.playbooks.flatMap(({ sections }) => sections.flatMap((one) => one.steps));
  const commands = [...steps, ...playbooks.quickReference].flatMap(({ command }) =>
    command?.includes('$VIGIA_GATEWAY') ? [command] : [],
  );

  it.each([...new Set(commands)])('%s', async (command) => {
    const { text, status } = await shell(command);
    expect(expectedStatus(command)).toContain(status);
    expect(() => JSON.parse(text)).not.toThrow();
  });
});
