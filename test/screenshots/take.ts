import { chmodSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { forget, newUserData, showView, startApp } from '../e2e/app';
import { openDesk } from '../e2e/desk';

const shot = (page: Page, name: string) =>
  page.screenshot({ path: resolve(import.meta.dirname, `../../docs/images/${name}.png`) });

test('pictures of the panel and the console', async () => {
  const running = await startApp();
  const { panel } = running;
  await expect(panel.getByText(/posiciones 1/)).toBeVisible({ timeout: 60_000 });
  const console = await running.openConsole();
  await expect(console.getByText('largo').or(console.getByText('corto')).first()).toBeVisible();
  // A chart with nothing on it shows nothing: some bars first.
  const points = () =>
    panel.evaluate(() =>
      window.vigia
        .call('equity.series', undefined)
        .then((series) => (series.ok ? (series.value[0]?.points.length ?? 0) : 0)),
    );
  await expect.poll(points, { timeout: 90_000 }).toBeGreaterThan(40);
  await expect(panel.getByText(/posiciones 1/)).toBeVisible({ timeout: 60_000 });
  await shot(panel, 'panel');
  await shot(console, 'console');
  await panel.bringToFront();
  await panel.keyboard.press('F9');
  await panel.keyboard.type('Pérdida excesiva');
  await shot(panel, 'kill-dialog');
  await panel.keyboard.press('Enter');
  await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'flat');
  await shot(panel, 'panel-killed');
  await expect(console.locator('.banner').first()).toHaveAttribute('data-word', 'flat');
  await shot(console, 'console-killed');
  await showView(console, 'audit');
  await console.locator('bdi', { hasText: 'PARADA pedida' }).click();
  await shot(console, 'audit');
  await showView(console, 'overview');
  await console.keyboard.press('Control+k');
  await expect(console.getByRole('dialog')).toBeVisible();
  await shot(console, 'palette');
  await console.keyboard.press('Escape');
  for (const view of ['models', 'monitor', 'incidents', 'lineage', 'reports'] as const) {
    await showView(console, view);
    await expect(console.getByText('Abriendo…')).toBeHidden();
    if (view === 'lineage')
      await expect(console.getByRole('main').getByRole('button').nth(5)).toBeVisible();
    await shot(console, view);
  }
  await showView(console, 'settings');
  await expect(console.getByLabel('Tecla de parada')).toBeVisible();
  await expect(console.getByRole('heading', { name: 'Notificaciones' })).toBeVisible();
  await shot(console, 'settings');
  await running.close();
  forget(running.userData);
});

test('picture of a kill that nobody acknowledges', async () => {
  const desk = await openDesk();
  const config = desk.config();
  chmodSync(dirname(config), 0o755);
  const running = await startApp(newUserData(), ['--config', config]);
  const { panel } = running;
  await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
  await desk.stopGateway();
  await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'disconnected');
  await panel.keyboard.press('F9');
  await panel.keyboard.type('Pérdida excesiva');
  await panel.keyboard.press('Enter');
  const alarm = panel.getByRole('alert').filter({ hasText: 'NADIE HA CONFIRMADO' });
  await expect(alarm).toContainText(/Hace [4-9] s/);
  await shot(panel, 'alarm');
  await alarm.getByRole('button', { name: 'Silenciar sirena' }).click();
  await expect.poll(() => panel.evaluate(() => window.innerWidth)).toBe(340);
  await shot(panel, 'panel-unconfirmed');
  await running.close();
  forget(running.userData);
  await desk.close();
});
