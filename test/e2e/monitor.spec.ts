import { randomUUID } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from '@playwright/test';
import { PAPER_MODELS } from '../../src/gateway/engines/paper/models';
import { runPaperEngine } from '../../src/gateway/engines/paper/run';
import { TestTerminal } from '../support/testTerminal';
import { produceModel, stageModel } from '../support/walk';
import { forget, newUserData, type RunningApp, showView, startApp } from './app';
import { findings } from './axe';
import { openDesk, type TestDesk } from './desk';

let desk: TestDesk;
let terminals: RunningApp[];
let engine: ReturnType<typeof runPaperEngine>;

test.beforeEach(async () => {
  desk = await openDesk();
  terminals = [];
  const gateway = `ws://127.0.0.1:${desk.gateway().port}`;
  const settings = { gateway, token: 'engine-token', id: 'paper-1', name: 'Motor papel' };
  engine = runPaperEngine({ ...settings, speed: 3_000, seed: 7, flood: 50 }, () => undefined);
  await expect.poll(() => ops().models.production).toBe('momentum_v1');
});
test.afterEach(async () => {
  for (const terminal of terminals) {
    await terminal.close();
    forget(terminal.userData);
  }
  engine.stop();
  await desk.close();
});

const ops = () => desk.gateway().log.state();

async function join(operator: string): Promise<RunningApp> {
  const config = desk.config(operator);
  chmodSync(dirname(config), 0o755);
  const running = await startApp(newUserData(), ['--config', config]);
  terminals.push(running);
  return running;
}

/** momentum_v2 takes momentum_v1's place. */
async function promote(): Promise<void> {
  const { port } = desk.gateway();
  const [, second] = PAPER_MODELS;
  const { model, version, hash } = second as (typeof PAPER_MODELS)[number];
  const order = ['momentum_edge'];
  await stageModel(port, model, { version, model_hash: hash, feature_order: order });
  await produceModel(port, model);
  await expect.poll(() => engine.engine.loaded.model).toBe('momentum_v2');
}

async function fault(name: string): Promise<void> {
  const ana = await TestTerminal.open(desk.gateway().port, 'ana');
  const params = { engine: 'paper-1', fault: name, reason: 'simulacro' };
  await ana.give('engine.fault', params, randomUUID());
  ana.socket.close();
}

/** A fault that ends with the rollback: an engine that goes on failing is another story, and is paused. */
async function faultOfTheModel(name: string): Promise<void> {
  desk.gateway().log.onRecorded(({ type }) => {
    if (type !== 'deployment.started') return;
    engine.engine.operate('drill:over', { op: 'fault', fault: 'none' });
  });
  await fault(name);
}

test('a model that falls ill is rolled back by the terminal by itself, and both windows say so', async () => {
  await promote();
  const running = await join('ana');
  const { panel } = running;
  const console = await running.openConsole();
  await showView(console, 'monitor');
  await expect(console.getByText('este terminal')).toBeVisible();
  const errors = console.getByRole('region', { name: 'Errores de inferencia' });
  await expect(errors.getByText('bien')).toBeVisible();
  expect(await findings(console)).toEqual([]);
  await faultOfTheModel('inference_errors');
  await expect.poll(() => ops().models.production).toBe('momentum_v1');
  await expect.poll(() => engine.engine.loaded.model).toBe('momentum_v1');
  await expect.poll(() => ops().models.deployments[0]?.completedAt ?? null).not.toBeNull();
  expect(ops().models.deployments[0]?.by).toMatchObject({ id: 'monitor' });
  await expect.poll(() => ops().monitor.firings[0]?.window ?? null).not.toBeNull();
  await expect(console.getByText('enfriamiento', { exact: true })).toBeVisible();
  await expect(console.getByText('P1 · Rollback automático')).toBeVisible();
  await expect(panel.getByText('P1 · Rollback automático')).toBeVisible();
  await expect(
    console.getByRole('listitem').filter({ hasText: 'Errores de inferencia' }),
  ).toContainText('rollback');
  // The model that came is judged by its own samples: the old one's are gone.
  await expect(errors.getByText('bien')).toBeVisible();
  expect(await findings(console)).toEqual([]);
  expect(await findings(panel)).toEqual([]);
});

test('the terminal that acts is killed: another takes over and nothing is rolled back twice', async () => {
  await promote();
  const first = await join('ana');
  await expect.poll(() => ops().monitor.holder).not.toBe('gateway');
  const holder = ops().monitor.holder;
  await join('luis');
  first.main.kill('SIGKILL');
  await expect.poll(() => ops().monitor.holder).not.toBe(holder);
  await faultOfTheModel('slow_inference');
  await expect.poll(() => ops().models.production).toBe('momentum_v1');
  await expect.poll(() => ops().models.deployments[0]?.completedAt ?? null).not.toBeNull();
  const rolled = ops().models.deployments.filter(({ kind }) => kind === 'rollback');
  expect(rolled).toHaveLength(1);
});

test('a dry run is hatched, says what it would have done, and does nothing', async () => {
  await promote();
  const running = await join('ana');
  const console = await running.openConsole();
  await showView(console, 'monitor');
  await expect(console.getByText('este terminal')).toBeVisible();
  await console.getByLabel('Motivo').fill('calibración');
  await console.getByRole('button', { name: 'Ensayo' }).click();
  await expect(console.getByText('ENSAYO: no actúa')).toBeVisible();
  await fault('inference_errors');
  await expect(console.getByText('habría hecho: rollback')).toBeVisible();
  expect(ops().models.production).toBe('momentum_v2');
});

test('what changes slowly is shown with its state, and retraining is asked for and closed there', async ({
  browserName: _,
}, info) => {
  await promote();
  const running = await join('luis');
  const console = await running.openConsole();
  await showView(console, 'monitor');
  const slow = console.getByRole('region', { name: 'Lo que cambia despacio' });
  await expect(slow.getByText('Sharpe (30 días)')).toBeVisible();
  await expect(slow.getByText('ningún día cerrado todavía')).toBeVisible();
  const row = slow.getByRole('row').filter({ hasText: 'momentum_edge' });
  await expect(row).toContainText(/sin datos|pocas muestras/);
  const ask = slow.getByRole('button', { name: 'Pedir reentrenamiento' });
  await expect(ask).toBeDisabled();
  await slow.getByLabel('Por qué reentrenar').fill('cambio de régimen');
  await ask.click();
  await expect(slow.getByText('pedido por una persona')).toBeVisible();
  await expect(slow.getByText('Ya hay una propuesta abierta')).toBeVisible();
  expect(await findings(console)).toEqual([]);
  await slow.scrollIntoViewIfNeeded();
  await console.screenshot({ path: info.outputPath('slow.png') });
  await slow.getByLabel('Por qué reentrenar').fill('no mejora al actual');
  await slow.getByRole('button', { name: 'Peor' }).click();
  await expect.poll(() => ops().monitor.retrainings[0]?.outcome ?? null).toBe('worse');
  await expect(slow.getByText(/se puede pedir desde/)).toBeVisible();
  expect(ops().models.production).toBe('momentum_v2');
});
