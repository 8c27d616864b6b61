import { resolve } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { forget, startApp } from '../e2e/app';

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
  await console.keyboard.press('Control+2');
  await console.locator('bdi', { hasText: 'kill.requested' }).click();
  await shot(console, 'audit');
  await running.close();
  forget(running.userData);
});
