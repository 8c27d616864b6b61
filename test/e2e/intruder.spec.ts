import { expect, test } from '@playwright/test';
import { forget, type RunningApp, startApp } from './app';

/** What needs a look into the main process, which the program as it ships does not allow. */
let running: RunningApp;

test.beforeAll(async () => {
  running = await startApp();
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
});
test.afterAll(async () => {
  await running.close();
  forget(running.userData);
});

test('windows run with none of the preferences that weaken a page', async () => {
  await running.openConsole();
  const found = await running.app.evaluate(({ webContents }) =>
    webContents.getAllWebContents().map((contents) => {
      const all = (
        contents as unknown as { getLastWebPreferences(): Record<string, unknown> }
      ).getLastWebPreferences();
      const { webSecurity, webviewTag, sandbox, contextIsolation, nodeIntegration } = all;
      const weak = ['allowRunningInsecureContent', 'experimentalFeatures', 'enableBlinkFeatures'];
      return {
        ...{ webSecurity, webviewTag, sandbox, contextIsolation, nodeIntegration },
        weak: weak.filter((name) => Boolean(all[name])),
      };
    }),
  );
  expect(found.length).toBeGreaterThanOrEqual(2);
  for (const one of found) {
    expect(one).toEqual({
      ...{ webSecurity: true, webviewTag: false, sandbox: true, contextIsolation: true },
      ...{ nodeIntegration: false, weak: [] },
    });
  }
});

test('a page that is not the program’s own is refused every call, whatever it shows', async () => {
  // A window with our preload and our page that the program did not make, as one that got in would be.
  const answers = await running.app.evaluate(async ({ app, BrowserWindow }) => {
    const preload = `${app.getAppPath()}/out/preload/index.cjs`;
    const make = (more: object) =>
      new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true, ...more } });
    const ask = `window.vigia.call('desk.view', undefined)`;
    const kill = `window.vigia.call('kill.fire', { scope: { kind: 'all' }, reason: 'x',
      closePositions: true, origin: 'panel' })`;
    const stranger = make({});
    await stranger.loadURL('vigia://app/panel.html');
    const own = BrowserWindow.getAllWindows().find(
      (one) => one !== stranger && one.webContents.getURL().endsWith('panel.html'),
    );
    const run = (window: Electron.BrowserWindow | undefined, script: string) =>
      window?.webContents.executeJavaScript(script, true);
    const [view, fire] = [await run(stranger, ask), await run(stranger, kill)];
    const control = await run(own, ask);
    stranger.destroy();
    return { view, fire, control: control?.ok };
  });
  expect(answers.view).toMatchObject({ ok: false, error: { code: 'forbidden' } });
  expect(answers.fire).toMatchObject({ ok: false, error: { code: 'forbidden' } });
  expect(answers.control).toBe(true);
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
});

test('another program is opened by nothing that a page does', async () => {
  await running.app.evaluate(({ shell }) => {
    const opened: string[] = [];
    Object.assign(globalThis, { opened });
    shell.openExternal = async (url) => void opened.push(url);
  });
  await running.panel.evaluate(() => {
    for (const href of ['https://example.com/', 'mailto:x@example.com', 'calculator:']) {
      window.open(href);
      const link = document.createElement('a');
      Object.assign(link, { href, target: '_blank' });
      document.body.append(link);
      link.click();
      link.removeAttribute('target');
      link.click();
      link.dispatchEvent(new MouseEvent('auxclick', { button: 1 }));
    }
  });
  const opened = await running.app.evaluate(() => (globalThis as { opened?: string[] }).opened);
  expect(opened).toEqual([]);
  expect(running.panel.url()).toBe('vigia://app/panel.html');
});

test('a webview is attached to no page, even one that is told it may', async () => {
  const attached = await running.app.evaluate(async ({ BrowserWindow, webContents }) => {
    const window = new BrowserWindow({ show: false, webPreferences: { webviewTag: true } });
    await window.loadURL('vigia://app/panel.html');
    const before = webContents.getAllWebContents().length;
    await window.webContents.executeJavaScript(`new Promise((done) => {
      const view = document.createElement('webview');
      view.addEventListener('did-attach', () => done());
      view.src = 'vigia://app/console.html';
      document.body.append(view);
      setTimeout(done, 1_000);
    })`);
    const after = webContents.getAllWebContents().length;
    window.destroy();
    return after - before;
  });
  expect(attached).toBe(0);
});
