import { expect, test } from '@playwright/test';
import { forget, type RunningApp, startApp } from './app';
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
      await console.keyboard.press('Control+4');
      const tabs = console.getByRole('tablist').getByRole('tab');
      await expect(tabs).toHaveCount(5);
      for (const tab of await tabs.all()) {
        await tab.click();
        expect(await findings(console)).toEqual([]);
      }
      await console.keyboard.press('Control+5');
      await expect(
        console.locator('bdi', { hasText: /^gateway (arrancado|started)$/ }),
      ).toBeVisible();
      expect(await findings(console)).toEqual([]);
      await console.keyboard.press('Control+k');
      await expect(console.getByRole('dialog')).toBeVisible();
      expect(await findings(console)).toEqual([]);
      await console.keyboard.press('Escape');
      await console.keyboard.press('Control+1');
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
  await console.keyboard.press('Control+1');
});

test('the audit view finds, counts and shows an event', async () => {
  const console = await running.openConsole();
  await console.keyboard.press('Control+5');
  await console.getByRole('textbox').first().fill('paper-1');
  await expect(console.locator('bdi', { hasText: 'motor registrado' })).toBeVisible();
  await expect(console.locator('bdi', { hasText: 'gateway arrancado' })).toBeHidden();
  await console.locator('bdi', { hasText: 'motor registrado' }).click();
  await expect(console.getByText(/prevHash/)).toBeVisible();
});

test('a window runs no inline script, opens no popup and goes nowhere else', async () => {
  const { panel } = running;
  const inline = await panel.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.hostile = true';
    document.body.append(script);
    return 'hostile' in window;
  });
  expect(inline).toBe(false);
  expect(await panel.evaluate(() => window.open('https://example.com') === null)).toBe(true);
  const before = panel.url();
  await panel.evaluate(() => {
    location.href = 'https://example.com/';
  });
  expect(panel.url()).toBe(before);
  const node = await panel.evaluate(() => typeof (window as { require?: unknown }).require);
  expect(node).toBe('undefined');
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
