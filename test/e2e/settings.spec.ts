import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { forget, newUserData, pressKey, startApp } from './app';
import { findings } from './axe';

test('the first start’s guide: the key proven by pressing it, then never again unless asked for', async () => {
  const userData = newUserData();
  writeFileSync(join(userData, 'settings.json'), JSON.stringify({ settings: {} }));
  let running = await startApp(userData);
  try {
    await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
    // It opened the console by itself.
    const console = await running.openConsole();
    const guide = console.getByRole('dialog', { name: 'Primer arranque' });
    await expect(guide).toContainText('mesa de papel propia');
    await expect(guide.getByRole('status')).toContainText('Pulse Ctrl+Shift+K una vez');
    pressKey('ctrl+shift+k');
    await expect(guide.getByRole('status')).toContainText('Probada');
    // One press asked and stopped nothing.
    await expect(running.panel.getByRole('dialog')).toBeVisible();
    await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
    await guide.getByRole('button', { name: 'English' }).click();
    const english = console.getByRole('dialog', { name: 'First start' });
    expect(await findings(console)).toEqual([]);
    await english.getByRole('button', { name: 'Finish' }).click();
    await expect(english).toBeHidden();
    await running.close();
    running = await startApp(userData);
    const again = await running.openConsole();
    await expect(again.getByRole('dialog')).toBeHidden();
    await again.getByRole('button', { name: 'Settings' }).click();
    await again.getByRole('button', { name: 'Start guide' }).click();
    await expect(again.getByRole('dialog', { name: 'First start' })).toBeVisible();
    await again.getByRole('button', { name: 'Skip' }).click();
  } finally {
    await running.close();
    forget(userData);
  }
});

test('what the desk fixes is shown and refused; a broken file keeps the last good one and says so', async () => {
  const userData = newUserData();
  const file = join(userData, 'desk-settings.json');
  const fixed = { settings: { accelerator: 'Control+Shift+F12' }, locked: ['accelerator'] };
  writeFileSync(file, JSON.stringify(fixed));
  chmodSync(file, 0o644);
  process.env.VIGIA_DESK_SETTINGS = file;
  const running = await startApp(userData);
  delete process.env.VIGIA_DESK_SETTINGS;
  try {
    const { panel } = running;
    await expect(panel.getByText('Ctrl+Shift+F12').first()).toBeVisible();
    const answer = await panel.evaluate(() =>
      window.vigia.call('settings.set', { accelerator: 'Control+Alt+J' }),
    );
    expect(answer).toMatchObject({ ok: false, error: { code: 'locked' } });
    writeFileSync(file, '{ half');
    const console = await running.openConsole();
    await expect(console.getByRole('button', { name: /Ajustes.*▲ 1/ })).toBeVisible();
    await console.getByRole('button', { name: /^Ajustes/ }).click();
    await console.getByRole('button', { name: 'Todos los ajustes…' }).click();
    const all = console.getByRole('dialog', { name: 'Ajustes' });
    await expect(all.getByRole('alert')).toContainText('Sigue en vigor lo último');
    await expect(all.getByRole('row', { name: /Tecla de parada/ })).toContainText('Ctrl+Shift+F12');
    expect(await findings(console)).toEqual([]);
    await all.getByRole('checkbox', { name: 'Abrir al iniciar sesión' }).check();
    const entry = join(userData, 'home/.config/autostart/vigia.desktop');
    await expect.poll(() => readFileSync(entry, 'utf8')).toContain('Exec=');
    // The key is the last good one, and it works.
    pressKey('ctrl+shift+F12');
    await expect(panel.getByText(/probada/)).toBeVisible();
    expect(readFileSync(join(userData, 'logs/terminal.log'), 'utf8')).toContain('settings.broken');
  } finally {
    await running.close();
    forget(userData);
  }
});
