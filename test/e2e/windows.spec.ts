import { expect, test } from '@playwright/test';
import { forget, newUserData, pressKey, type RunningApp, showView, startApp } from './app';

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

test('both windows have their style: every file they name is served', async () => {
  for (const page of [running.panel, await running.openConsole()]) {
    const look = () => page.evaluate(() => getComputedStyle(document.body).fontFamily);
    await expect.poll(look).toContain('Inter');
  }
});

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
  await showView(console, 'audit');
  await expect(console.locator('bdi', { hasText: 'aviso del terminal' }).first()).toBeVisible();
});

test('the hotkey is changed by pressing the new one, and counts for nothing until it was seen', async () => {
  const console = await running.openConsole();
  await console.getByRole('button', { name: 'Ajustes' }).click();
  const field = console.getByLabel('Tecla de parada');
  await expect(field).toHaveValue('Ctrl+Shift+K');
  await field.press('k');
  await expect(console.getByText(/No sirve/)).toBeVisible();
  await field.press('Control+Alt+J');
  await expect(field).toHaveValue('Ctrl+Alt+J');
  await expect(running.panel.getByText('sin probar: no cuente con ella')).toBeVisible();
  pressKey('ctrl+alt+j');
  await expect(running.panel.getByText(/probada/)).toBeVisible();
  await showView(console, 'overview');
});

test('a table is ordered by the column that is pressed, by keyboard too', async () => {
  const console = await running.openConsole();
  const head = console.getByRole('columnheader', { name: 'Motor' }).first();
  await expect(head).toHaveAttribute('aria-sort', 'none');
  await head.getByRole('button').focus();
  await console.keyboard.press('Enter');
  await expect(head).toHaveAttribute('aria-sort', 'ascending');
  await console.keyboard.press('Enter');
  await expect(head).toHaveAttribute('aria-sort', 'descending');
});
