import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  _electron,
  type Browser,
  chromium,
  type ElectronApplication,
  expect,
  type Page,
} from '@playwright/test';
import { VIEWS, type ViewName } from '../../src/renderer/console/views';
import { findings } from './axe';

export interface RunningApp {
  /** The main process, to look into it; what ships cannot be looked into and throws here. */
  readonly app: ElectronApplication;
  readonly main: ChildProcess;
  /** Resolves when the program has ended. */
  readonly ended: Promise<unknown>;
  readonly panel: Page;
  readonly userData: string;
  openConsole(): Promise<Page>;
  close(): Promise<void>;
}

const asUser = resolve(import.meta.dirname, '../../scripts/lib/as-user.sh');

/** Opens a view of the console by its shortcut. */
export async function showView(console: Page, name: ViewName): Promise<void> {
  await console.keyboard.press(`Control+${VIEWS.indexOf(name) + 1}`);
}

/** What starts the terminal in a folder: as `nobody` where root runs the tests and that is possible. */
export function launchOptions(userData: string, extra: readonly string[] = []) {
  const executablePath = process.env.VIGIA_ELECTRON;
  if (!executablePath) throw new Error('VIGIA_ELECTRON does not name the runtime: use npm test');
  const user = Number(process.env.VIGIA_TEST_UID || 0);
  const root = process.getuid?.() === 0 && user === 0 ? ['--no-sandbox'] : [];
  const home = join(userData, 'home');
  mkdirSync(home, { recursive: true });
  // The first start's guide has a spec of its own; elsewhere it was gone through before.
  const settings = join(userData, 'settings.json');
  if (!existsSync(settings)) {
    writeFileSync(settings, JSON.stringify({ settings: { guideDone: true } }));
  }
  if (user !== 0) for (const path of [userData, home, settings]) chownSync(path, user, user);
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
  return process.env.VIGIA_PACKAGED
    ? startPackaged(userData, extra)
    : startUnpacked(userData, extra);
}

async function startUnpacked(userData: string, extra: readonly string[]): Promise<RunningApp> {
  const app = await _electron.launch(launchOptions(userData, extra));
  const main = app.process();
  const pages = {
    open: () => app.windows(),
    next: (is: (page: Page) => boolean) => app.waitForEvent('window', { predicate: is }),
  };
  const panel = await pageOf(pages, 'panel.html');
  const closing = () => app.close();
  return { app, ...handle(main, panel, pages, userData, closing) };
}

/**
 * Starts the program as it ships. Its fuses let nobody into the main process, so only its pages are
 * driven, over Chromium's own port.
 */
async function startPackaged(userData: string, extra: readonly string[]): Promise<RunningApp> {
  const { executablePath, args, env } = launchOptions(userData, extra);
  const main = spawn(executablePath, [...args, '--remote-debugging-port=0'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const address = await new Promise<string>((found, failed) => {
    main.on('error', failed);
    main.on('exit', (code) => failed(new Error(`the program ended with ${code}:\n${said}`)));
    main.stderr?.on('data', (text) => {
      said += text;
      const url = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (url) found(url);
    });
  });
  const browser: Browser = await chromium.connectOverCDP(address);
  const [context] = browser.contexts();
  if (!context) throw new Error('the program has no pages');
  const pages = {
    open: () => context.pages(),
    next: (is: (page: Page) => boolean) => context.waitForEvent('page', { predicate: is }),
  };
  const panel = await pageOf(pages, 'panel.html');
  const own = handle(main, panel, pages, userData, () => own.ended);
  return {
    ...own,
    get app(): never {
      throw new Error('the packaged program cannot be looked into');
    },
  };
}

interface Pages {
  open(): readonly Page[];
  next(is: (page: Page) => boolean): Promise<Page>;
}

function handle(
  main: ChildProcess,
  panel: Page,
  pages: Pages,
  userData: string,
  closing: () => Promise<unknown>,
): Omit<RunningApp, 'app'> {
  const gone = () => main.exitCode !== null || main.signalCode !== null;
  const ended = gone() ? Promise.resolve() : new Promise((done) => main.once('exit', done));
  return {
    main,
    panel,
    userData,
    ended,
    async openConsole() {
      await panel.evaluate(() => window.vigia.call('window.openConsole', undefined));
      const page = await pageOf(pages, 'console.html');
      // Only what has painted takes keys.
      await page.locator('.banner').waitFor();
      return page;
    },
    async close() {
      if (gone()) return;
      // A close that hangs must not hang the suite.
      const killed = setTimeout(() => {
        main.kill('SIGKILL');
        endHandlers(userData);
      }, 8_000);
      await panel
        .evaluate(() => window.vigia.call('app.quit', { confirmed: true }))
        .catch(() => undefined);
      await closing().catch(() => undefined);
      clearTimeout(killed);
    },
  };
}

/**
 * Ends the crash handlers of a program that has ended. One that was looking into a child as the
 * sandbox took that away waits for ever, and keeps the program's output open with it.
 */
function endHandlers(userData: string): void {
  if (!existsSync('/proc')) return;
  const database = `--database=${join(userData, 'crashes')}`;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const own = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(database);
      if (own) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

export function newUserData(): string {
  return mkdtempSync(join(tmpdir(), 'vigia-e2e-'));
}

export function forget(userData: string): void {
  rmSync(userData, { recursive: true, force: true, maxRetries: 5 });
}

async function pageOf(pages: Pages, name: string): Promise<Page> {
  const is = (page: Page) => page.url().endsWith(name);
  const page = pages.open().find(is) ?? (await pages.next(is));
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

/** Chooses, or leaves, these types of event in the audit view, by keyboard. */
export async function toggleTypes(console: Page, ...names: string[]): Promise<void> {
  await console.getByRole('button', { name: /^Tipo:/ }).press('Enter');
  for (const name of names) {
    const item = console.getByRole('menuitemcheckbox', { name, exact: true });
    await item.focus();
    await console.keyboard.press('Enter');
  }
  expect(await findings(console)).toEqual([]);
  await console.keyboard.press('Escape');
}
