import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { FakeEngine } from '../support/fakeEngine';
import { artifact } from '../support/models';
import { produceModel, stageModel } from '../support/walk';
import { forget, newUserData, type RunningApp, showView, startApp } from './app';
import { findings } from './axe';
import { openDesk, type TestDesk } from './desk';

let desk: TestDesk;
let terminals: RunningApp[];
let engines: FakeEngine[];

test.beforeEach(async () => {
  desk = await openDesk();
  terminals = [];
  engines = [];
  for (const id of ['e1', 'e2']) {
    const engine = new FakeEngine(id, 0);
    engine.models = ['m1', 'm2', 'm3'].map((model) => artifact(model));
    await engine.connect(desk.gateway().port);
    engines.push(engine);
  }
});
test.afterEach(async () => {
  for (const terminal of terminals) {
    await terminal.close();
    forget(terminal.userData);
  }
  for (const engine of engines) engine.disconnect();
  await desk.close();
});

async function join(operator: string): Promise<RunningApp> {
  const config = desk.config(operator);
  chmodSync(dirname(config), 0o755);
  const running = await startApp(newUserData(), ['--config', config]);
  terminals.push(running);
  return running;
}

const models = () => desk.gateway().log.state().models;

/** Has an engine come back with these models on its disk. */
async function carry(engine: FakeEngine, names: readonly string[]): Promise<void> {
  engine.disconnect();
  engine.models = names.map((model) => artifact(model));
  await engine.connect(desk.gateway().port);
}

/** The console on its Models view. */
async function openModels(running: RunningApp): Promise<Page> {
  const console = await running.openConsole();
  await showView(console, 'models');
  await expect(console.getByText('Modelo en producción', { exact: true })).toBeVisible();
  return console;
}

test('a rollback in two steps by keyboard: both models side by side, then every engine’s hash', async () => {
  await stageModel(desk.gateway().port, 'm2');
  await produceModel(desk.gateway().port, 'm2');
  await expect.poll(() => engines.map(({ loaded }) => loaded?.model)).toEqual(['m2', 'm2']);
  const ana = await join('ana');
  const console = await openModels(ana);
  const { panel } = ana;
  await panel.getByRole('button', { name: 'Revertir modelo' }).focus();
  await panel.keyboard.press('Enter');
  const dialog = panel.getByRole('dialog');
  await expect(dialog.getByRole('radio', { name: /m1 · v1/ })).toBeChecked();
  await expect(dialog.getByRole('button', { name: 'Revisar' })).toBeDisabled();
  await panel.keyboard.type('Degradación de rendimiento');
  await panel.keyboard.press('Enter');
  await expect(dialog).toContainText('El modelo actual será archivado');
  await expect(dialog).toContainText('ahora: m2');
  await expect(dialog).toContainText('después: m1');
  expect(models().production).toBe('m2');
  await panel.keyboard.press('Enter');
  await expect.poll(() => models().deployments[0]?.completedAt ?? null).not.toBeNull();
  expect(models().production).toBe('m1');
  await expect(dialog).toBeHidden();
  const timeline = console.getByRole('region', { name: 'Último despliegue' });
  await expect(timeline.getByText('cargado, hash verificado')).toHaveCount(2);
  await expect(timeline).toContainText('completo');
  await expect(timeline).toContainText('Degradación de rendimiento');
  // Two models are never swapped to and fro.
  await console.getByRole('button', { name: 'Revertir modelo' }).click();
  await expect(console.getByRole('dialog')).toContainText('se salió de él por rollback');
  await expect(console.getByRole('radio', { name: /m2 · v2/ })).toBeDisabled();
});

test('an engine that loads something else is seen: incomplete, its entries blocked', async () => {
  await stageModel(desk.gateway().port, 'm2');
  await produceModel(desk.gateway().port, 'm2');
  await expect.poll(() => models().deployments[0]?.completedAt ?? null).not.toBeNull();
  const ana = await join('ana');
  const console = await openModels(ana);
  (engines[1] as FakeEngine).behaviour = 'wrong_hash';
  await expect(console.getByRole('button', { name: /m2 · v2/ })).toBeVisible();
  await console.keyboard.press('Control+k');
  await console.keyboard.type('Revertir');
  await console.keyboard.press('Enter');
  await console.getByLabel('Razón del rollback').fill('prueba');
  await console.keyboard.press('Enter');
  await console.getByRole('button', { name: 'Ejecutar rollback' }).click();
  await expect(console.getByText('INCOMPLETO: entradas bloqueadas')).toBeVisible();
  await expect(console.getByText('OTRO HASH')).toBeVisible();
  await expect(console.getByText('P1 · Despliegue incompleto')).toBeVisible();
  (engines[1] as FakeEngine).behaviour = 'honest';
  await expect(console.getByText('completo', { exact: true })).toBeVisible();
  await expect(console.getByText('P1 · Despliegue incompleto')).toBeHidden();
});

test('a promotion shows each requirement, waits for its owner and happens with his yes', async () => {
  const { port } = desk.gateway();
  await stageModel(port, 'm2');
  await produceModel(port, 'm2');
  await stageModel(port, 'm3');
  const [, second] = engines as [FakeEngine, FakeEngine];
  await carry(second, ['m1', 'm2']);
  const ana = await openModels(await join('ana'));
  await ana.getByRole('button', { name: /m3 · v3/ }).click();
  await ana.getByRole('button', { name: 'Promover a producción' }).click();
  const dialog = ana.getByRole('dialog');
  await expect(dialog.getByRole('row', { name: /Sharpe/ })).toContainText('falta la cifra');
  await expect(dialog.getByRole('row', { name: /tiempo en staging/ })).toContainText('no cumple');
  for (const box of await dialog.getByRole('checkbox').all()) await box.check();
  await dialog.getByLabel('Razón de la promoción').fill('mejor que el actual');
  const ask = dialog.getByRole('button', { name: 'Pedir la promoción' });
  // One engine lacks m3: that is not to be waived, whatever else is.
  await dialog.getByLabel('Justificación').fill('urge');
  await expect(ask).toBeDisabled();
  await ana.keyboard.press('Escape');
  await carry(second, ['m1', 'm2', 'm3']);
  await expect(ana.getByRole('row', { name: /está en cada motor/ })).toContainText('cumple');
  await ana.getByRole('button', { name: 'Promover a producción' }).click();
  for (const box of await dialog.getByRole('checkbox').all()) await box.check();
  await dialog.getByLabel('Razón de la promoción').fill('mejor que el actual');
  await dialog.getByLabel('Justificación').fill('urge');
  await ask.click();
  await expect(ana.getByText('Promoción a producción pendiente')).toBeVisible();
  await expect(ana.getByRole('button', { name: 'Aprobar' })).toBeDisabled();
  const luis = await openModels(await join('luis'));
  await luis.getByLabel('Motivo de la respuesta').fill('autorizo por escrito');
  await luis.getByRole('button', { name: 'Aprobar' }).click();
  await expect(ana.getByText('Promoción a producción pendiente')).toBeHidden();
  await expect.poll(() => models().production).toBe('m3');
  await expect(ana.getByText('Revisión tras promoción de emergencia').first()).toBeVisible();
  for (const page of [ana, luis]) expect(await findings(page)).toEqual([]);
});
