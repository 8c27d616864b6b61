import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { FakeEngine } from '../support/fakeEngine';
import { forget, newUserData, startApp } from './app';
import { openDesk } from './desk';

/** The operator's token, as openDesk writes it into the configuration. */
const CANARY = 'ana.token-of-a-test';

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
      window.vigia.call('monitor.series', undefined),
      window.vigia.call('audit.page', {
        filter: { types: [], actor: null, text: null },
        offset: 0,
        limit: 500,
      }),
    ]);
    return JSON.stringify([asked, document.documentElement.outerHTML, { ...localStorage }]);
  });

test('a planted token is in no log, page, mirror, dump, diagnosis or metric', async () => {
  const desk = await openDesk();
  const engine = new FakeEngine('e1', 100_000);
  await engine.connect(desk.gateway().port);
  const config = desk.config();
  chmodSync(dirname(config), 0o755);
  const running = await startApp(newUserData(), ['--config', config]);
  const { panel, userData } = running;
  try {
    await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
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
    expect(await everything(panel)).not.toContain(CANARY);
    expect(await everything(console)).not.toContain(CANARY);

    const answer = await panel.evaluate(() => window.vigia.call('diagnostics.collect', undefined));
    if (!answer.ok) throw new Error(answer.error.message);
    const { path } = answer.value;
    const listed = spawnSync('unzip', ['-l', path], { encoding: 'utf8' }).stdout;
    for (const name of ['about.json', 'desk.json', 'crashes.json', 'logs/terminal.log']) {
      expect(listed).toContain(name);
    }
    const content = spawnSync('unzip', ['-p', path], { encoding: 'latin1' }).stdout;
    expect(content).toContain('"correlationId"');
    expect(content).not.toContain(CANARY);

    const { port } = desk.gateway();
    for (const address of ['/metrics', '/health', '/ready']) {
      const text = await (await fetch(`http://127.0.0.1:${port}${address}`)).text();
      expect(text).not.toContain(CANARY);
    }

    process.kill(rendererOf(running.main.pid ?? 0), 'SIGSEGV');
    await expect.poll(() => dumps(userData).length, { timeout: 20_000 }).toBeGreaterThan(0);
    running.main.kill('SIGSEGV');
    await running.ended;
    await expect.poll(() => dumps(userData).length, { timeout: 20_000 }).toBeGreaterThan(1);
    expect(filesWith(userData, CANARY)).toEqual([]);
  } finally {
    await running.close();
    engine.disconnect();
    await desk.close();
    forget(userData);
  }
});

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
