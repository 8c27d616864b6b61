import { expect, test } from '@playwright/test';
import { forget, type RunningApp, showView, startApp } from './app';
import { findings } from './axe';

let running: RunningApp;

test.beforeAll(async () => {
  running = await startApp();
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
});
test.afterAll(async () => {
  await running.close();
  forget(running.userData);
});

for (const language of ['es', 'en'] as const) {
  for (const theme of ['dark', 'light'] as const) {
    test(`axe finds nothing on any view (${language}, ${theme})`, async () => {
      const { panel } = running;
      await panel.evaluate((change) => window.vigia.call('settings.set', change), {
        language,
        theme,
      });
      await expect(panel.locator('html')).toHaveAttribute('lang', language);
      expect(await findings(panel)).toEqual([]);
      await panel.keyboard.press('F9');
      await expect(panel.getByRole('dialog')).toBeVisible();
      expect(await findings(panel)).toEqual([]);
      await panel.keyboard.press('Escape');
      const console = await running.openConsole();
      await expect(console.locator('html')).toHaveAttribute('lang', language);
      expect(await findings(console)).toEqual([]);
      await showView(console, 'incidents');
      const tabs = console.getByRole('tablist').getByRole('tab');
      await expect(tabs).toHaveCount(5);
      for (const tab of await tabs.all()) {
        await tab.click();
        expect(await findings(console)).toEqual([]);
      }
      await showView(console, 'audit');
      await expect(
        console.locator('bdi', { hasText: /^gateway (arrancado|started)$/ }),
      ).toBeVisible();
      expect(await findings(console)).toEqual([]);
      await showView(console, 'settings');
      const closed = console.getByRole('button', { name: /^(Configurar|Set up)$/ });
      await expect(closed.first()).toBeVisible();
      for (let left = await closed.count(); left > 0; left -= 1) await closed.first().click();
      await expect(console.getByLabel(/webhook/i)).toHaveCount(2);
      expect(await findings(console)).toEqual([]);
      await console.keyboard.press('Control+k');
      await expect(console.getByRole('dialog')).toBeVisible();
      expect(await findings(console)).toEqual([]);
      await console.keyboard.press('Escape');
      await showView(console, 'overview');
    });
  }
}

test('the palette goes to a view, and stops nothing without its dialog', async () => {
  const { panel } = running;
  await panel.evaluate(() => window.vigia.call('settings.set', { language: 'es' }));
  const console = await running.openConsole();
  await console.keyboard.press('Control+k');
  await console.keyboard.type('audit');
  await console.keyboard.press('Enter');
  await expect(console.getByRole('button', { name: /Auditoría/ })).toHaveAttribute(
    'aria-current',
    'page',
  );
  await console.keyboard.press('Control+k');
  await console.keyboard.type('detener');
  await console.keyboard.press('Enter');
  await expect(console.getByRole('dialog')).toContainText('Motivo');
  await console.keyboard.press('Escape');
  await expect(console.locator('.banner')).toHaveAttribute('data-word', 'normal');
  await showView(console, 'overview');
});

test('the audit view finds, counts and shows an event', async () => {
  const console = await running.openConsole();
  await showView(console, 'audit');
  await console.getByRole('textbox').first().fill('paper-1');
  await expect(console.locator('bdi', { hasText: 'motor registrado' })).toBeVisible();
  await expect(console.locator('bdi', { hasText: 'gateway arrancado' })).toBeHidden();
  await console.locator('bdi', { hasText: 'motor registrado' }).click();
  await expect(console.getByText(/prevHash/)).toBeVisible();
});

test('a call that does not fit its contract is refused with a code', async () => {
  const answer = await running.panel.evaluate(() =>
    window.vigia.call('kill.fire', { scope: 'everything' } as never).then(
      (result) => (result.ok ? 'ran' : result.error.code),
      (error: Error) => error.message,
    ),
  );
  expect(answer).not.toBe('ran');
});
