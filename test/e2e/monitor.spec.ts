import { expect, test } from '@playwright/test';
import { showView } from './app';
import { findings } from './axe';
import { openPaperDesk, type PaperDesk } from './paperDesk';

let paper: PaperDesk;

test.beforeEach(async () => {
  paper = await openPaperDesk();
});
test.afterEach(() => paper.close());

const ops = () => paper.ops();

test('a model that falls ill is rolled back by the terminal by itself, and both windows say so', async () => {
  await paper.promote();
  const running = await paper.join('ana');
  const { panel } = running;
  const console = await running.openConsole();
  await showView(console, 'monitor');
  await expect(console.getByText('este terminal')).toBeVisible();
  const errors = console.getByRole('region', { name: 'Errores de inferencia' });
  await expect(errors.getByText('bien')).toBeVisible();
  expect(await findings(console)).toEqual([]);
  await paper.faultOfTheModel('inference_errors');
  await expect.poll(() => ops().models.production).toBe('momentum_v1');
  await expect.poll(() => paper.engine.engine.loaded.model).toBe('momentum_v1');
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
  await paper.promote();
  const first = await paper.join('ana');
  await expect.poll(() => ops().monitor.holder).not.toBe('gateway');
  const holder = ops().monitor.holder;
  await paper.join('luis');
  first.main.kill('SIGKILL');
  await expect.poll(() => ops().monitor.holder).not.toBe(holder);
  await paper.faultOfTheModel('slow_inference');
  await expect.poll(() => ops().models.production).toBe('momentum_v1');
  await expect.poll(() => ops().models.deployments[0]?.completedAt ?? null).not.toBeNull();
  const rolled = ops().models.deployments.filter(({ kind }) => kind === 'rollback');
  expect(rolled).toHaveLength(1);
});

test('a dry run is hatched, says what it would have done, and does nothing', async () => {
  await paper.promote();
  const running = await paper.join('ana');
  const console = await running.openConsole();
  await showView(console, 'monitor');
  await expect(console.getByText('este terminal')).toBeVisible();
  await console.getByLabel('Motivo').fill('calibración');
  await console.getByRole('button', { name: 'Ensayo' }).click();
  await expect(console.getByText('ENSAYO: no actúa')).toBeVisible();
  await paper.give('ana', 'engine.fault', {
    ...{ engine: 'paper-1', fault: 'inference_errors', reason: 'simulacro' },
  });
  await expect(console.getByText('habría hecho: rollback')).toBeVisible();
  expect(ops().models.production).toBe('momentum_v2');
});

test('what changes slowly is shown with its state, and retraining is asked for and closed there', async ({
  browserName: _,
}, info) => {
  await paper.promote();
  const running = await paper.join('luis');
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
