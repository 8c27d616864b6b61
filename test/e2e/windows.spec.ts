import { expect, test } from '@playwright/test';
import { forget, newUserData, type RunningApp, startApp } from './app';

let running: RunningApp;
let userData: string;

test.beforeEach(async () => {
  userData = newUserData();
  running = await startApp(userData);
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
});
test.afterEach(async () => {
  await running.close();
  forget(userData);
});

const panelPlace = () =>
  running.app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()
      .find((one) => one.getTitle() === 'Vigía panel')
      ?.getPosition(),
  );

test('the panel comes back where it was left', async () => {
  await running.app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()
      .find((one) => one.getTitle() === 'Vigía panel')
      ?.setPosition(300, 200),
  );
  await expect.poll(panelPlace).toEqual([300, 200]);
  await running.close();
  running = await startApp(userData);
  await expect.poll(panelPlace).toEqual([300, 200]);
});

test('closing the console leaves the terminal and its key; quitting with positions open asks', async () => {
  const console = await running.openConsole();
  await running.app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()
      .find((one) => one.getTitle() === 'Vigía')
      ?.close(),
  );
  await expect
    .poll(() =>
      running.app.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows().map((one) => one.isVisible()),
      ),
    )
    .toEqual(expect.arrayContaining([true, false]));
  expect(console.isClosed()).toBe(false);
  await expect(running.panel.getByText(/posiciones 1/)).toBeVisible({ timeout: 45_000 });
  await running.panel.evaluate(() => window.vigia.call('app.quit', { confirmed: false }));
  const question = running.panel.getByRole('dialog');
  await expect(question).toContainText('Hay posiciones abiertas');
  await question.getByRole('button', { name: 'Cancelar' }).click();
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
});

test('a gateway of our own that dies comes back, and the desk is told', async () => {
  const console = await running.openConsole();
  const pid = await running.app.evaluate(({ app }) => {
    const own = app.getAppMetrics().filter(({ name }) => name === 'vigia-gateway');
    return own[0]?.pid;
  });
  expect(pid).toBeGreaterThan(0);
  process.kill(pid as number, 'SIGKILL');
  await expect(console.getByText('reinicios del gateway: 1')).toBeVisible();
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
  await console.keyboard.press('Control+2');
  await expect(console.locator('bdi', { hasText: 'aviso del terminal' }).first()).toBeVisible();
});
