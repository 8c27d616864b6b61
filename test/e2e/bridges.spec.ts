import { chmodSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { FakeInferenceService } from '../fakes/inferenceService';
import { FakeEngine } from '../support/fakeEngine';
import { forget, newUserData, type RunningApp, showView, startApp } from './app';
import { findings } from './axe';
import { openDesk } from './desk';

let service: FakeInferenceService;
let running: RunningApp | null = null;

test.beforeEach(async () => {
  service = await FakeInferenceService.start();
});
test.afterEach(async () => {
  if (running) {
    await running.close();
    forget(running.userData);
  }
  running = null;
  await service.stop();
});

/** The console on its Bridges view. */
async function openBridges(app: RunningApp): Promise<Page> {
  const console = await app.openConsole();
  await showView(console, 'settings');
  await expect(
    console.getByRole('heading', { name: 'Puentes a sistemas en marcha' }),
  ).toBeVisible();
  return console;
}

test('a bridge is added in the console: tested, saved, connected, and its service is killed', async () => {
  service.open(1);
  service.closes = true;
  running = await startApp();
  const console = await openBridges(running);
  await console.getByRole('button', { name: 'Añadir puente' }).click();
  await console.getByLabel(/^Motor/).fill('usdcop');
  await console.getByLabel('Nombre').fill('USD/COP');
  await console.getByLabel(/^Dirección/).fill(service.address);
  await console.getByLabel('Entorno').selectOption('paper');
  await console.getByLabel('Clave de la API').fill('key');
  await console.getByRole('button', { name: 'Probar conexión' }).click();
  const found = console.getByRole('status').filter({ hasText: 'Encontrado' });
  await expect(found).toContainText('ppo_v20');
  await expect(found).toContainText('posiciones abiertas');
  expect(await findings(console)).toEqual([]);
  await console.getByLabel(/^Motivo \(/).fill('alta del servicio');
  await console.getByRole('button', { name: 'Guardar' }).click();
  const row = console.getByRole('row').filter({ hasText: service.address });
  await expect(row).toContainText('conectado', { timeout: 15_000 });
  await expect(row).toContainText('apiKey');
  expect(await findings(console)).toEqual([]);
  await running.panel.evaluate(() =>
    window.vigia.call('kill.fire', {
      ...{ scope: { kind: 'all' }, reason: 'prueba', closePositions: true, origin: 'panel' },
    }),
  );
  await expect(running.panel.locator('.banner')).toContainText('PLANO', { timeout: 20_000 });
  expect(service).toMatchObject({ active: true, mode: 'killed' });
});

test('with no gateway the terminal stops the service itself, says so, and puts it on the record', async () => {
  service.open(2);
  const desk = await openDesk();
  const engine = new FakeEngine('e1', 0);
  await engine.connect(desk.gateway().port);
  const config = desk.config('luis');
  chmodSync(dirname(config), 0o755);
  running = await startApp(newUserData(), ['--config', config]);
  const console = await openBridges(running);
  await console.getByRole('button', { name: 'Añadir parada directa' }).click();
  await console.getByRole('combobox', { name: /^Motor/ }).selectOption('e1');
  await console.getByLabel(/^Dirección/).fill(service.address);
  await console.getByLabel('Clave de la API').fill('key');
  const plain = console.getByRole('checkbox');
  // A desktop without a keyring asks first; one with a keyring does not.
  if (await plain.isVisible()) {
    await expect(console.getByRole('button', { name: 'Guardar' })).toBeDisabled();
    await plain.check();
  }
  await console.getByRole('button', { name: 'Guardar' }).click();
  await console.getByRole('button', { name: 'Probar conexión' }).click();
  await expect(console.getByRole('status').filter({ hasText: 'Encontrado' })).toContainText(
    'normal',
  );
  const kept = readFileSync(join(running.userData, 'last-resort.json'), 'utf8');
  expect(kept).not.toContain(service.address);
  engine.disconnect();
  await desk.stopGateway();
  await running.panel.evaluate(() =>
    window.vigia.call('kill.fire', {
      ...{ scope: { kind: 'all' }, reason: 'sin gateway', closePositions: true, origin: 'panel' },
    }),
  );
  const alarm = running.panel.getByRole('alert').filter({ hasText: 'Parada directa' });
  await expect(alarm).toContainText('no abre más', { timeout: 10_000 });
  await expect(alarm).toContainText('abiertas: 2');
  expect(service).toMatchObject({ active: true, activatedBy: 'vigia-terminal' });
  await expect(running.panel.locator('.banner')).not.toContainText('PLANO');
  await desk.startGateway();
  const { log } = desk.gateway();
  const reported = async () =>
    (await log.read(1, 256)).some(
      ({ type, data }) => type === 'terminal.reported' && data.kind === 'kill_last_resort',
    );
  await expect.poll(reported, { timeout: 20_000 }).toBe(true);
  await desk.close();
});
