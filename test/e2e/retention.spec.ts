import { chmodSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { quietPolicies } from '../support/desk';
import { forget, newUserData, type RunningApp, showView, startApp, toggleTypes } from './app';
import { findings } from './axe';
import { openDesk, type TestDesk } from './desk';

let desk: TestDesk;
let running: RunningApp;
let now: number | null = Date.parse('2015-03-02T14:00:00Z');

test.beforeAll(async () => {
  // A desk that began in 2015 and goes on today.
  desk = await openDesk({ clock: () => now ?? Date.now(), policies: quietPolicies });
  await desk.stopGateway();
  now = null;
  await desk.startGateway();
});
test.afterAll(async () => {
  await running.close();
  forget(running.userData);
  await desk.close();
});

const held = (name: string) => existsSync(join(running.userData, name));

async function start(userData: string): Promise<Page> {
  const config = desk.config('luis');
  chmodSync(dirname(config), 0o755);
  running = await startApp(userData, ['--config', config]);
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
  const console = await running.openConsole();
  await showView(console, 'audit');
  return console;
}

test('a year whose time is over goes in two steps, and the record says plainly where it begins', async () => {
  const userData = newUserData();
  await start(userData);
  await running.close();
  // The next start closes the year that is over.
  const console = await start(userData);
  expect(held('audit-2015.db')).toBe(true);

  await console.getByRole('button', { name: 'Conservación…' }).click();
  const row = console.getByRole('listitem').filter({ hasText: '2015' });
  await expect(row.filter({ hasText: 'Auditoría' })).toContainText('hasta 2022-12-31');
  await expect(row.filter({ hasText: 'Informes' })).toContainText('hasta 2017-12-31');
  await expect(row.filter({ hasText: 'Auditoría' })).toContainText('su tiempo ha pasado');
  expect(await findings(console)).toEqual([]);
  await console.getByRole('button', { name: 'Borrar Auditoría de 2015' }).click();
  const forGood = console.getByRole('button', { name: 'Borrar para siempre' });
  await console.getByRole('textbox', { name: 'Motivo (requerido)' }).fill('plazo cumplido');
  await expect(forGood).toBeDisabled();
  await console.getByRole('textbox', { name: 'Escriba 2015' }).fill('2015');
  expect(await findings(console)).toEqual([]);
  await console.keyboard.press('Enter');
  await expect(row.filter({ hasText: 'Auditoría' })).toContainText('borrado');
  await expect.poll(() => held('audit-2015.db')).toBe(false);
  await console.keyboard.press('Escape');

  await console.getByRole('button', { name: 'Verificar' }).click();
  const verification = console.getByRole('region', { name: 'Verificación' });
  await expect(verification).toContainText(
    /Se verifica entero.*Empieza en \d+: los años anteriores se borraron.*por luis/,
  );
  // What went and where is on the record, by name.
  await toggleTypes(console, 'lo que se borra, nombrado');
  await expect(console.getByText(/^1 eventos ·/)).toBeVisible();
  await console.locator('[data-row]').filter({ hasText: 'lo que se borra, nombrado' }).click();
  const detail = console.getByRole('region', { name: 'Detalle del evento' });
  await expect(detail).toContainText(/"name": "audit-2015.db".*"sha256"/s);
});
