import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import type { BridgeProcess } from '../../src/gateway/bridges/process';
import { openLogFile } from '../../src/node/logFile';
import { FakeEngine } from '../support/fakeEngine';
import { forget, newUserData, startApp } from './app';
import { openDesk } from './desk';

/** Each is planted where a person would give it; none is ever to be found anywhere else. */
const CANARIES = {
  /** As openDesk writes it into the configuration; `pablo` may do all that is planted here. */
  token: 'pablo.token-of-a-test',
  bridge: 'canary-bridge-4f1c9a',
  lastResort: 'canary-last-resort-77ab02',
  channel: 'canary-channel-0be3d5',
  ownChannel: 'canary-own-channel-92cc18',
  pin: '918273645546',
};
const planted = (text: string): readonly string[] =>
  Object.entries(CANARIES).flatMap(([name, canary]) => (text.includes(canary) ? [name] : []));

/** The files below a folder that hold one of them. */
const leaks = (folder: string): readonly string[] =>
  Object.entries(CANARIES).flatMap(([name, canary]) =>
    filesWith(folder, canary).map((file) => `${name} ${file}`),
  );

/** Gives the terminal every secret but the token. @returns what was not taken */
const plant = (page: Page): Promise<readonly string[]> =>
  page.evaluate(async (secrets) => {
    const { call } = window.vigia;
    const hook = (secret: string) => `https://127.0.0.1:9/${secret}`;
    const slack = { channel: 'slack', label: 'prueba', ca: null } as const;
    const given = {
      pin: await call('lock.setPin', { pin: secrets.pin, present: null }),
      // Wrong ones and the right one go by the same way.
      wrong: await call('lock.setPin', { pin: secrets.pin, present: '0000' }),
      bridge: await call('bridge.command', {
        name: 'bridge.configure',
        params: {
          ...{ bridge: 'mine', kind: 'generic', name: 'Mine', address: null, options: {} },
          ...{ secrets: { token: secrets.bridge }, reason: 'prueba' },
        },
      }),
      channel: await call('channel.command', {
        name: 'channel.configure',
        params: { settings: slack, secret: hook(secrets.channel), reason: 'prueba' },
      }),
      ownChannel: await call('ownChannel.set', {
        settings: slack,
        secret: hook(secrets.ownChannel),
      }),
      lastResort: await call('lastResort.set', {
        target: {
          ...{ engine: 'e1', kind: 'inference-api', address: 'http://127.0.0.1:9' },
          secrets: { apiKey: secrets.lastResort },
        },
        plainAccepted: true,
      }),
    };
    await call('ownChannel.test', { channel: 'slack' });
    await call('lastResort.test', { engine: 'e1' });
    return Object.entries(given).flatMap(([name, { ok }]) => (ok ? [] : [name]));
  }, CANARIES);

/** Every file below a folder that holds a text, whatever the file is. */
function filesWith(folder: string, text: string): readonly string[] {
  const needles = [Buffer.from(text), Buffer.from(text, 'utf16le'), Buffer.from(btoa(text))];
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => {
      const file = join(folder, name);
      if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return false;
      const content = readFileSync(file);
      return needles.some((needle) => content.includes(needle));
    });
}

/** What a page can learn by asking for everything it may ask for. */
const everything = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const asked = await Promise.all([
      window.vigia.call('desk.view', undefined),
      window.vigia.call('settings.get', undefined),
      window.vigia.call('equity.series', undefined),
      window.vigia.call('lastResort.view', undefined),
      window.vigia.call('monitor.series', undefined),
      window.vigia.call('audit.page', {
        filter: { types: [], actor: null, text: null },
        offset: 0,
        limit: 500,
      }),
    ]);
    return JSON.stringify([asked, document.documentElement.outerHTML, { ...localStorage }]);
  });

test('no planted secret is in a log, page, mirror, dump, diagnosis, metric or exported record', async () => {
  const folder = newUserData();
  const journal = openLogFile({
    path: join(folder, 'gateway.log'),
    program: 'gateway',
    secrets: () => [],
  });
  const desk = await openDesk({
    journal,
    bridges: { start: () => NO_PROCESS, configured: [], env: {} },
  });
  const engine = new FakeEngine('e1', 100_000);
  await engine.connect(desk.gateway().port);
  const config = desk.config('pablo');
  chmodSync(dirname(config), 0o755);
  const running = await startApp(newUserData(), ['--config', config]);
  const { panel, userData } = running;
  try {
    await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
    expect(await plant(panel)).toEqual(['wrong']);
    await expect
      .poll(() => Object.keys(desk.gateway().log.state().bridges.bridges))
      .toEqual(['mine']);
    await expect
      .poll(() => Object.keys(desk.gateway().log.state().notify.channels))
      .toEqual(['slack']);
    // The ways on which a token might be taken along: a cut link, a kill by HTTP, a defect, a crash.
    desk.blockSockets(true);
    await panel.evaluate(() =>
      window.vigia.call('kill.fire', {
        scope: { kind: 'all' },
        reason: 'prueba',
        closePositions: true,
        origin: 'panel',
      }),
    );
    await expect
      .poll(() => filesWith(join(userData, 'logs'), 'kill.http').length, { timeout: 20_000 })
      .toBeGreaterThan(0);
    desk.blockSockets(false);
    await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'flat', {
      timeout: 30_000,
    });
    const console = await running.openConsole();
    expect(planted(await everything(panel))).toEqual([]);
    expect(planted(await everything(console))).toEqual([]);

    const answer = await panel.evaluate(() => window.vigia.call('diagnostics.collect', undefined));
    if (!answer.ok) throw new Error(answer.error.message);
    const { path } = answer.value;
    const listed = spawnSync('unzip', ['-l', path], { encoding: 'utf8' }).stdout;
    for (const name of ['about.json', 'desk.json', 'crashes.json', 'logs/terminal.log']) {
      expect(listed).toContain(name);
    }
    const content = unzipped(path);
    expect(content).toContain('"correlationId"');
    expect(planted(content)).toEqual([]);

    const { port } = desk.gateway();
    for (const address of ['/metrics', '/health', '/ready']) {
      const text = await (await fetch(`http://127.0.0.1:${port}${address}`)).text();
      expect(planted(text)).toEqual([]);
    }
    for (const format of ['zip', 'jsonl', 'csv']) {
      const headers = { authorization: `Bearer ${CANARIES.token}` };
      const url = `http://127.0.0.1:${port}/audit/export?format=${format}`;
      const file = join(folder, `record.${format}`);
      writeFileSync(file, Buffer.from(await (await fetch(url, { headers })).arrayBuffer()));
      const record = format === 'zip' ? unzipped(file) : readFileSync(file, 'utf8');
      expect(record).toContain('bridge.configured');
      expect(planted(record)).toEqual([]);
    }
    expect(readFileSync(join(folder, 'gateway.log'), 'utf8')).toContain('bridge.configured');
    expect(leaks(folder)).toEqual([]);

    process.kill(rendererOf(running.main.pid ?? 0), 'SIGSEGV');
    await expect.poll(() => dumps(userData).length, { timeout: 20_000 }).toBeGreaterThan(0);
    running.main.kill('SIGSEGV');
    await running.ended;
    await expect.poll(() => dumps(userData).length, { timeout: 20_000 }).toBeGreaterThan(1);
    expect(leaks(userData)).toEqual([]);
  } finally {
    await running.close();
    engine.disconnect();
    await desk.close();
    forget(userData);
    forget(folder);
  }
});

const unzipped = (file: string): string =>
  spawnSync('unzip', ['-p', file], { encoding: 'latin1' }).stdout;

/** A bridge's process that never says anything. */
const NO_PROCESS: BridgeProcess = {
  pid: null,
  onMessage: () => undefined,
  onExit: () => undefined,
  stop: () => undefined,
  leave: () => undefined,
};

/** A page's process, found as the system sees it. */
function rendererOf(main: number): number {
  const { stdout } = spawnSync('pgrep', ['-f', '--', '--type=renderer'], { encoding: 'utf8' });
  const found = stdout
    .trim()
    .split('\n')
    .map(Number)
    .find((pid) => ancestors(pid).includes(main));
  if (!found) throw new Error('no page runs');
  return found;
}

function ancestors(pid: number): readonly number[] {
  const parent = existsSync(`/proc/${pid}/status`)
    ? Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
    : 0;
  return parent > 1 ? [parent, ...ancestors(parent)] : [];
}

const dumps = (userData: string) =>
  existsSync(join(userData, 'crashes'))
    ? readdirSync(join(userData, 'crashes'), { recursive: true }).filter((name) =>
        String(name).endsWith('.dmp'),
      )
    : [];
