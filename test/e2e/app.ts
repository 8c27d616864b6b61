import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { _electron, type ElectronApplication, expect, type Page } from '@playwright/test';

export interface RunningApp {
  readonly app: ElectronApplication;
  readonly main: ChildProcess;
  readonly panel: Page;
  readonly userData: string;
  openConsole(): Promise<Page>;
  close(): Promise<void>;
}

const asUser = resolve(import.meta.dirname, '../../scripts/lib/as-user.sh');

/** What starts the terminal in a folder: as `nobody` where root runs the tests and that is possible. */
export function launchOptions(userData: string, extra: readonly string[] = []) {
  const executablePath = process.env.VIGIA_ELECTRON;
  if (!executablePath) throw new Error('VIGIA_ELECTRON does not name the runtime: use npm test');
  const user = Number(process.env.VIGIA_TEST_UID || 0);
  const root = process.getuid?.() === 0 && user === 0 ? ['--no-sandbox'] : [];
  const home = join(userData, 'home');
  mkdirSync(home, { recursive: true });
  if (user !== 0) for (const folder of [userData, home]) chownSync(folder, user, user);
  const official =
    process.env.VIGIA_ELECTRON_OFFICIAL === '1' ? [process.env.VIGIA_APP ?? '.'] : [];
  const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, LANG: 'es_CO.UTF-8' };
  return {
    executablePath: user === 0 ? executablePath : asUser,
    args: [...root, ...official, '--user-data-dir', userData, ...extra],
    env: env as Record<string, string>,
    // Playwright would add --no-sandbox by itself.
    chromiumSandbox: root.length === 0,
  };
}

/**
 * Starts the built terminal in a folder of its own, embedded gateway and paper engine included
 * unless `extra` names a configuration.
 */
export async function startApp(
  userData = newUserData(),
  extra: readonly string[] = [],
): Promise<RunningApp> {
  const app = await _electron.launch(launchOptions(userData, extra));
  const main = app.process();
  const panel = await pageOf(app, 'panel.html');
  return {
    app,
    main,
    panel,
    userData,
    async openConsole() {
      await panel.evaluate(() => window.vigia.call('window.openConsole', undefined));
      const page = await pageOf(app, 'console.html');
      // Only what has painted takes keys.
      await page.locator('.banner').waitFor();
      return page;
    },
    async close() {
      if (main.exitCode !== null || main.signalCode !== null) return;
      // A close that hangs must not hang the suite.
      const killed = setTimeout(() => main.kill('SIGKILL'), 8_000);
      await panel
        .evaluate(() => window.vigia.call('app.quit', { confirmed: true }))
        .catch(() => undefined);
      await app.close().catch(() => undefined);
      clearTimeout(killed);
    },
  };
}

export function newUserData(): string {
  return mkdtempSync(join(tmpdir(), 'vigia-e2e-'));
}

export function forget(userData: string): void {
  rmSync(userData, { recursive: true, force: true, maxRetries: 5 });
}

async function pageOf(app: ElectronApplication, name: string): Promise<Page> {
  const is = (page: Page) => page.url().endsWith(name);
  const open = app.windows().find(is);
  const page = open ?? (await app.waitForEvent('window', { predicate: is }));
  await page.waitForLoadState('domcontentloaded');
  return page;
}

/** Another program's window with the focus, so that a key press is nobody's but the hotkey's. */
export async function focusElsewhere(): Promise<{ close(): void }> {
  const other = spawn('xev', ['-name', 'other', '-event', 'keyboard'], { stdio: 'ignore' });
  const found = xdotool('search', '--sync', '--onlyvisible', '--name', '^other$');
  const id = found.trim().split('\n')[0] ?? '';
  // For a moment no window is active at all, and xdotool fails.
  await expect(() => {
    xdotool('windowactivate', id);
    expect(xdotool('getactivewindow').trim()).toBe(id);
  }).toPass();
  return { close: () => void other.kill() };
}

/** A real key event, as the keyboard makes it. */
export function pressKey(combination: string): void {
  xdotool('key', '--clearmodifiers', combination);
}

export function windowState(title: string): string {
  const id = xdotool('search', '--onlyvisible', '--name', `^${title}$`).trim().split('\n')[0] ?? '';
  return spawnSync('xprop', ['-id', id, '_NET_WM_STATE'], { encoding: 'utf8' }).stdout;
}

function xdotool(...args: string[]): string {
  const result = spawnSync('xdotool', args, { encoding: 'utf8', timeout: 15_000 });
  if (result.status !== 0) throw new Error(`xdotool ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}
