import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { addOperator } from '../../../src/gateway/auth/operators';
import { newDataDir } from '../../support/desk';
import { ROOT } from '../../support/root';
import { TestTerminal } from '../../support/testTerminal';
import {
  openWebhook,
  pagerDutyContract,
  ROUTING_KEY,
  type WebhookServer,
} from '../../support/thirdParties';

let dir: ReturnType<typeof newDataDir>;
let pagerDuty: WebhookServer;
let gateway: ChildProcess;
let program: string;
let config: string;
let token: string;

beforeEach(async () => {
  dir = newDataDir();
  mkdirSync(dir.path, { recursive: true });
  const operatorsFile = join(dir.path, 'operators.yaml');
  const account = { id: 'ana', displayName: 'Ana', roles: ['trading-lead' as const] };
  token = await addOperator(operatorsFile, account);
  config = join(dir.path, 'gateway.yaml');
  const dataDir = join(dir.path, 'data');
  const settings = { port: 0, dataDir, operatorsFile, environment: 'paper' };
  writeFileSync(config, JSON.stringify(settings));
  const lib = join(ROOT, 'scripts/lib/bundle.mjs');
  const { bundle } = (await import(lib)) as { bundle(entry: string, name: string): string };
  program = bundle(join(ROOT, 'src/gateway/cli.ts'), 'gateway-notify');
  pagerDuty = await openWebhook(pagerDutyContract, false, '/v2/enqueue');
});
afterEach(async () => {
  if (gateway.exitCode === null && gateway.signalCode === null) {
    gateway.kill('SIGKILL');
    await once(gateway, 'exit');
  }
  await pagerDuty.close();
  dir.remove();
});

async function start(): Promise<TestTerminal> {
  gateway = spawn(process.execPath, [program, '--config', config], { cwd: ROOT });
  const [said] = (await once(gateway.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return TestTerminal.open(Number(/:(\d+)\s*$/.exec(String(said))?.[1]), token);
}

const delivered = (terminal: TestTerminal) =>
  terminal.events.filter(({ type }) => type === 'notification.delivered');

it('a gateway killed while PagerDuty takes its message sends it once more, under the same key', async () => {
  const before = await start();
  const settings = { channel: 'pagerduty', url: pagerDuty.url, ca: null };
  const setUp = { settings, secret: ROUTING_KEY, reason: 'alta' };
  expect(await before.give('channel.configure', setUp)).toMatchObject({ stage: 'done' });
  // Taken, and its sender dies before it can hear so.
  const died = once(gateway, 'exit');
  pagerDuty.next.push(() => void gateway.kill('SIGKILL'));
  const id = before.kill();
  await died;
  const after = await start();
  await after.until(() => delivered(after).length === 1);
  expect(pagerDuty.posted.map(({ body }) => body.dedup_key)).toEqual([`kill:${id}`, `kill:${id}`]);
  expect(delivered(after)[0]?.data).toMatchObject({ key: `kill:${id}`, channel: 'pagerduty' });
  // A third start has nothing left to tell.
  gateway.kill('SIGKILL');
  await once(gateway, 'exit');
  const third = await start();
  await third.give('channel.test', { channel: 'pagerduty' });
  const kinds = pagerDuty.posted.slice(2).map(({ body }) => String(body.dedup_key).slice(0, 5));
  expect(kinds).toEqual(['test:', 'test:']);
  for (const terminal of [before, after, third]) terminal.socket.terminate();
});
