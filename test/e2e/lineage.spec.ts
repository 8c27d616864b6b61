import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { tradingDay } from '../../src/shared/time';
import { FakeEngine } from '../support/fakeEngine';
import { artifact } from '../support/models';
import { misfits, runEvent } from '../support/openLineage';
import { produceModel, stageModel } from '../support/walk';
import { forget, newUserData, type RunningApp, startApp } from './app';
import { findings } from './axe';
import { openDesk, type TestDesk } from './desk';

let desk: TestDesk;
let running: RunningApp;
let engine: FakeEngine;

const HOSTILE = '<img src=x onerror=alert(1)>\u202e';
const CLOSED = Date.now() + 60_000;
const DAY = tradingDay(CLOSED);
const GROUP = `trades:${DAY}:m2`;

test.beforeEach(async () => {
  desk = await openDesk();
  const { port } = desk.gateway();
  engine = new FakeEngine('e1', 0);
  engine.models = ['m1', 'm2', 'm3'].map((model) => artifact(model));
  await engine.connect(port);
  await stageModel(port, 'm2', { feature_order: [HOSTILE, 'ret_5'] });
  await produceModel(port, 'm2');
  await expect.poll(() => engine.loaded?.model).toBe('m2');
  const config = desk.config('pablo');
  chmodSync(dirname(config), 0o755);
  running = await startApp(newUserData(), ['--config', config]);
});
test.afterEach(async () => {
  await running.close();
  forget(running.userData);
  engine.disconnect();
  await desk.close();
});

/** The console on its Lineage view. */
async function openLineage(): Promise<Page> {
  const console = await running.openConsole();
  await console.getByRole('button', { name: /Linaje|Lineage/ }).click();
  await expect(node(console, 'model:m2')).toBeVisible();
  return console;
}
const node = (page: Page, id: string) => page.locator(`[data-lineage='${id}']`);
const detail = (page: Page) => page.getByRole('region', { name: /Detalle del nodo|Node detail/ });

/** Has the engine close trades, and waits until the terminal has them. */
async function trade(console: Page, count: number): Promise<void> {
  engine.close(
    Array.from({ length: count }, (_, at) => ({
      tradeId: `t${at + 1}`,
      pnl: at - 1,
      closedAt: CLOSED + at,
    })),
  );
  await expect(node(console, GROUP)).toBeVisible();
}

test('from a trade to the data that made it, by mouse and by keyboard', async () => {
  const console = await openLineage();
  await trade(console, 3);
  await node(console, GROUP).click();
  await expect(detail(console)).toContainText('0,00 USD');
  await detail(console).getByRole('button', { name: 'Mostrar operaciones' }).click();
  const one = node(console, `trade:["e1","t2",${CLOSED + 1}]`);
  await expect(one).toBeAttached();
  await console.getByLabel('Buscar nodo u operación').fill('t3');
  await console.getByRole('button', { name: /operación t3/ }).click();
  await expect(detail(console)).toContainText('t3');
  await expect(detail(console).getByRole('button', { name: 'dvc-1' })).toBeVisible();
  await detail(console).getByRole('button', { name: 'dvc-1' }).click();
  await expect(detail(console)).toContainText('2024-01-01 – 2025-12-31');
  await expect(detail(console).getByRole('button', { name: DAY })).toBeVisible();
  await expect(detail(console)).toContainText('modelo registrado');
  // By keyboard along the edges to the model, and to its card.
  const picked = console.locator('[data-lineage][aria-pressed=true]');
  await picked.focus();
  for (const kind of ['features:', 'run:', 'model:', 'deployment:', 'trades:']) {
    await console.keyboard.press('ArrowRight');
    await expect(picked).toHaveAttribute('data-lineage', new RegExp(`^${kind}`));
    await expect(picked).toBeFocused();
  }
  await console.keyboard.press('Enter');
  await expect(one).toBeHidden();
  await console.keyboard.press('ArrowLeft');
  await detail(console).getByRole('button', { name: 'Ver modelo' }).click();
  await expect(console.getByRole('region', { name: 'm2' })).toBeVisible();
});

test('a forged artifact is red, filters leave what they should, and labels are only text', async () => {
  engine.behaviour = 'wrong_hash';
  const console = await openLineage();
  await console.getByLabel('Modelo', { exact: true }).selectOption('model:m1');
  await expect(node(console, 'model:m2')).toBeHidden();
  await console.getByLabel('Modelo', { exact: true }).selectOption('');
  engine.disconnect();
  engine.loaded = { ...artifact('m2'), hash: 'f'.repeat(64) };
  await engine.connect(desk.gateway().port);
  const model = node(console, 'model:m2');
  await expect(model.getByLabel('DISCREPANCIA')).toBeVisible();
  await model.click();
  await expect(detail(console)).toContainText(
    'El motor e1 ejecuta otros bytes que los registrados',
  );
  await expect(detail(console)).toContainText('e'.repeat(64));
  await console.getByLabel(/Solo discrepancias/).check();
  await expect(node(console, 'model:m1')).toBeHidden();
  await expect(model).toBeVisible();
  expect(await console.locator('img').count()).toBe(0);
  await expect(console.locator('bdi', { hasText: '<img src=x' }).first()).toBeAttached();
});

test('files: SVG, PNG, JSON and OpenLineage out; OpenLineage in', async () => {
  const console = await openLineage();
  const folder = join(running.userData, 'home');
  const save = async (label: string, name: string): Promise<Buffer> => {
    const path = join(folder, name);
    await running.app.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = async () => ({ canceled: false, filePath });
    }, path);
    await console.getByRole('button', { name: label, exact: true }).click();
    await expect(console.getByText(path)).toBeVisible();
    return readFileSync(path);
  };
  const svg = String(await save('SVG', 'a.svg'));
  expect(svg).toContain('>m2</text>');
  expect(svg).not.toContain('<img');
  const png = await save('PNG', 'a.png');
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect(png.readUInt32BE(16)).toBeGreaterThan(800);
  const { nodes } = JSON.parse(String(await save('JSON', 'a.json')));
  expect(nodes.map(({ id }: { id: string }) => id)).toContain('model:m2');
  const events = JSON.parse(String(await save('OpenLineage', 'ol.json'))) as unknown[];
  expect(events.length).toBeGreaterThan(1);
  expect(events.flatMap(misfits)).toEqual([]);
  const file = join(folder, 'in.jsonl');
  writeFileSync(file, `${JSON.stringify(runEvent())}\nbroken\n`);
  await console.locator('input[type=file]').setInputFiles(file);
  await expect(console.getByText('Eventos enviados: 1 · no válidos: 1')).toBeVisible();
  await expect(console.locator('[data-lineage]', { hasText: 'features.build' })).toBeVisible();
});

test('works with the link down, in both languages, with nothing for axe to find', async () => {
  const console = await openLineage();
  await trade(console, 2);
  await node(console, GROUP).click();
  const pictures = resolve(import.meta.dirname, '../../docs/images');
  mkdirSync(pictures, { recursive: true });
  for (const language of ['es', 'en'] as const) {
    for (const theme of ['light', 'dark'] as const) {
      await console.evaluate((change) => window.vigia.call('settings.set', change), {
        language,
        theme,
      });
      await expect(console.locator('html')).toHaveAttribute('lang', language);
      await expect(console.locator('html')).toHaveAttribute('data-theme', theme);
      expect(await findings(console)).toEqual([]);
    }
    if (process.env.VIGIA_PICTURES) {
      await console.screenshot({ path: join(pictures, `lineage-${language}.png`) });
    }
  }
  await desk.stopGateway();
  await expect(console.getByText(/No link since/)).toBeVisible();
  await node(console, 'model:m2').click();
  await expect(detail(console)).toContainText('model registered');
  await detail(console).getByRole('button', { name: 'See model' }).click();
  await expect(console.getByRole('region', { name: 'm2' })).toBeVisible();
});
