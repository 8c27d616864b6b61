import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../../../src/cli/vigia';
import type { Gateway } from '../../../src/gateway/gateway';
import { newDataDir, openGateway } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { TestTerminal } from '../../support/testTerminal';

/** The drill of docs/operations.md, step by step. */
let home: ReturnType<typeof newDataDir>;
let away: ReturnType<typeof newDataDir>;
let gateway: Gateway;
beforeEach(async () => {
  home = newDataDir();
  away = newDataDir();
  gateway = await openGateway(home.path);
});
afterEach(async () => {
  await gateway.stop();
  home.remove();
  away.remove();
});

const cli = async (...args: string[]) => {
  const lines: string[] = [];
  const code = await run(args, (line) => lines.push(line));
  return { code, said: lines.join('\n') };
};

it('a backup taken while it runs is restored after a total loss, and killed stays killed', async () => {
  const engine = new FakeEngine('e1', 100_000);
  await engine.connect(gateway.port);
  const before = await TestTerminal.open(gateway.port);
  before.kill();
  await before.until(() => before.ops.kills[0]?.flatAt != null);
  const kept = join(away.path, 'monday');
  const backup = await cli('backup', home.path, kept);
  expect(backup.said).toMatch(/^ok \d+ [0-9a-f]{64}/);
  expect(backup.code).toBe(0);
  expect(statSync(join(kept, 'signing.pem')).mode & 0o777).toBe(0o600);
  const { epoch } = before.ops;
  const seq = Number(/^ok (\d+)/.exec(backup.said)?.[1]);

  // The machine is lost.
  engine.disconnect();
  before.socket.terminate();
  await gateway.stop();
  rmSync(home.path, { recursive: true });
  mkdirSync(home.path, { mode: 0o700 });

  await cp(kept, home.path, { recursive: true });
  expect((await cli('verify', join(home.path, 'log.db'))).code).toBe(0);
  gateway = await openGateway(home.path);
  const after = await TestTerminal.open(gateway.port);
  await after.until(() => after.events.length > seq);
  // The same log goes on: a mirror that was no further follows it without a break.
  expect(after.ops.epoch).toBe(epoch);
  expect(after.events.slice(0, seq).map(({ hash }) => hash)).toEqual(
    before.events.slice(0, seq).map(({ hash }) => hash),
  );
  expect(after.ops.desk.mode).toBe('killed');
  after.socket.terminate();
});

it('refuses to write over a backup, and says when there is nothing to copy', async () => {
  const kept = join(away.path, 'monday');
  expect((await cli('backup', home.path, kept)).code).toBe(0);
  expect(await cli('backup', home.path, kept)).toMatchObject({
    code: 2,
    said: expect.stringContaining('never written over'),
  });
  expect((await cli('backup', away.path, join(away.path, 'x'))).code).toBe(2);
  expect(existsSync(join(away.path, 'x'))).toBe(false);
});
