import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import Database from 'better-sqlite3';
import { focusElsewhere, forget, pressKey, type RunningApp, startApp, windowState } from './app';

let running: RunningApp;

test.beforeEach(async () => {
  running = await startApp();
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
});
test.afterEach(async () => {
  await running.close();
  forget(running.userData);
});

const word = (expected: string) =>
  expect(running.panel.locator('.banner')).toHaveAttribute('data-word', expected);

async function holding(): Promise<void> {
  await expect(running.panel.getByText(/posiciones 1/)).toBeVisible({ timeout: 45_000 });
}

test('a real double press, with another program in front, stops and flattens', async () => {
  await holding();
  const other = await focusElsewhere();
  pressKey('ctrl+shift+k');
  await expect(running.panel.getByRole('dialog')).toBeVisible();
  await expect(running.panel.getByRole('textbox')).toBeFocused();
  await new Promise((dead) => setTimeout(dead, 450));
  pressKey('ctrl+shift+k');
  await word('flat');
  await expect(running.panel.getByRole('dialog')).toBeHidden();
  await expect(running.panel.getByText(/probada \d\d:\d\d/)).toBeVisible();
  other.close();
});

test('one press raises the panel and fires nothing', async () => {
  pressKey('ctrl+shift+k');
  await expect(running.panel.getByRole('dialog')).toBeVisible();
  await running.panel.waitForFunction(
    () => window.vigia.call('desk.view', undefined).then((r) => r.ok && !r.value.hotkey.primed),
    undefined,
    { polling: 200 },
  );
  await word('normal');
});

test('the kill dialog by keyboard alone, then a guarded resume', async () => {
  await running.panel.bringToFront();
  await running.panel.keyboard.press('F9');
  const dialog = running.panel.getByRole('dialog');
  await expect(dialog).toContainText('PAPEL');
  await running.panel.keyboard.press('Enter');
  await expect(dialog.getByRole('alert')).toContainText('Escriba un motivo');
  await running.panel.keyboard.type('pérdida <b>excesiva</b>');
  await running.panel.keyboard.press('Enter');
  await word('flat');
  await running.panel.getByRole('button', { name: 'Reanudar' }).click();
  const resume = running.panel.getByRole('dialog');
  await expect(resume).toContainText('pérdida <b>excesiva</b>');
  await resume.getByLabel(/Motivo/).fill('revisado');
  for (const box of await resume.getByRole('checkbox').all()) await box.check();
  const go = resume.getByRole('button', { name: 'Reanudar' });
  await resume.getByLabel(/CONFIRM_RESUME/).fill('CONFIRM_RESUM');
  await expect(go).toBeDisabled();
  await resume.getByLabel(/CONFIRM_RESUME/).fill('CONFIRM_RESUME');
  await go.click();
  await word('normal');
});

test('killed stays killed over a kill -9 of the terminal', async () => {
  await running.panel.evaluate(() =>
    window.vigia.call('kill.fire', {
      scope: { kind: 'all' },
      reason: 'prueba',
      closePositions: true,
      origin: 'panel',
    }),
  );
  await word('flat');
  running.main.kill('SIGKILL');
  await running.ended;
  running = await startApp(running.userData);
  await word('flat');
  const mirror = join(running.userData, 'paper/audit.db');
  expect(existsSync(mirror)).toBe(true);
  const database = new Database(mirror, { readonly: true });
  const kills = database.prepare("SELECT count(*) AS n FROM events WHERE type='kill.requested'");
  expect(kills.get()).toEqual({ n: 1 });
  database.close();
});

test('an order to end from the system is not asked about, even with positions open', async () => {
  await holding();
  running.main.kill('SIGTERM');
  await running.ended;
  const database = new Database(join(running.userData, 'paper/audit.db'), { readonly: true });
  expect(database.prepare('SELECT count(*) AS n FROM events').get()).not.toEqual({ n: 0 });
  database.close();
});

test('the panel is above the other windows, says the window manager', async () => {
  await expect(async () => {
    expect(windowState('Vigía panel')).toContain('_NET_WM_STATE_ABOVE');
  }).toPass();
});
