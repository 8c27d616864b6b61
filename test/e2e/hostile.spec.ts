import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { FakeEngine } from '../support/fakeEngine';
import { forget, newUserData, showView, startApp } from './app';
import { openDesk } from './desk';

/** What a page must show as text and nothing else. */
const SCRIPT = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>';
/** Turns what follows it round, where it is not isolated. */
const REVERSED = '\u202e\u2067';
const ZALGO = `e${'\u0301\u0317\u0334'.repeat(20)}`;

async function unhurt(page: Page): Promise<void> {
  expect(await page.evaluate(() => (window as unknown as { hurt?: number }).hurt)).toBeUndefined();
  expect(await page.locator('img[src="x"]').count()).toBe(0);
  // Nothing from outside makes a window wider than it is.
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBeLessThanOrEqual(0);
}

test('hostile text in every field from outside is text, and the layout holds', async () => {
  const desk = await openDesk();
  const engine = new FakeEngine(`e1${SCRIPT}`.slice(0, 120), 100_000);
  engine.name = `${REVERSED}${SCRIPT}${ZALGO}`.slice(0, 128);
  engine.instrument = `${ZALGO}${REVERSED}\u0000USD`.slice(0, 60);
  await engine.connect(desk.gateway().port);
  engine.lateFill(0);
  const config = desk.config();
  chmodSync(dirname(config), 0o755);
  const running = await startApp(newUserData(), ['--config', config]);
  try {
    const { panel } = running;
    await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
    await panel.keyboard.press('F9');
    await expect(panel.getByRole('dialog')).toBeVisible();
    await unhurt(panel);
    await panel.keyboard.press('Escape');
    const console = await running.openConsole();
    await expect(console.locator('table').first()).toContainText('<img src=x');
    await unhurt(console);

    const { port } = desk.gateway();
    const answer = await fetch(`http://127.0.0.1:${port}/operations/kill-switch`, {
      method: 'POST',
      headers: { authorization: 'Bearer ana', 'content-type': 'application/json' },
      body: JSON.stringify({
        reason: `${REVERSED}${SCRIPT}${ZALGO}${'x'.repeat(1_000_000)}`,
        wait_for_proof: false,
      }),
    });
    expect(answer.status).toBe(200);
    await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'flat');
    await panel.getByRole('button', { name: 'Reanudar' }).click();
    await expect(panel.getByRole('dialog')).toContainText('<img src=x');
    await unhurt(panel);
    await panel.keyboard.press('Escape');
    await showView(console, 'audit');
    const row = console.getByRole('button').filter({ hasText: 'PARADA pedida' });
    await row.first().click();
    await expect(console.getByRole('region', { name: 'Detalle' })).toContainText('<img src=x');
    await unhurt(console);
  } finally {
    await running.close();
    forget(running.userData);
    engine.disconnect();
    await desk.close();
  }
});
