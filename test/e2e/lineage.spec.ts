import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { tradingDay } from '../../src/shared/time';
import { FakeEngine } from '../support/fakeEngine';
import { artifact } from '../support/models';
import { misfits, runEvent } from '../support/openLineage';
import { produceModel, stageModel } from '../support/walk';
import { forget, newUserData, type RunningApp, showView, startApp, toggleTypes } from './app';
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

/** A picture of the window for people to look at, where it is asked for. */
async function shot(page: Page, name: string): Promise<void> {
  const out = process.env.VIGIA_SHOTS;
  if (out) await page.screenshot({ path: join(out, `lineage-${name}.png`) });
}

/** Saves a file by a button, and reads it. */
async function save(console: Page, label: string, name: string): Promise<Buffer> {
  const path = join(running.userData, 'home', name);
  await running.app.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = async () => ({ canceled: false, filePath });
  }, path);
  await console.getByRole('button', { name: label, exact: true }).click();
  await expect(console.getByText(path)).toBeVisible();
  return readFileSync(path);
}

/** Pixels of a picture that are red. */
function redIn(console: Page, png: Buffer): Promise<number> {
  return console.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
    if (!context) throw new Error('no canvas');
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let red = 0;
    for (let at = 0; at < data.length; at += 4) {
      const [r = 0, g = 0, b = 0] = data.subarray(at, at + 3);
      if (r > 2 * g && r > 2 * b && r > 100) red += 1;
    }
    return red;
  }, png.toString('base64'));
}

/** How the plane lies: its scale, and where its origin is. */
function planeOf(
  page: Page,
): Promise<{ readonly scale: number; readonly x: number; readonly y: number }> {
  return page.locator('.react-flow__viewport').evaluate((plane) => {
    const { a, e, f } = new DOMMatrix(getComputedStyle(plane).transform);
    return { scale: a, x: e, y: f };
  });
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
  await expect(detail(console).getByRole('button', { name: DAY, exact: true })).toBeVisible();
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
  const redBefore = await redIn(console, await save(console, 'PNG', 'before.png'));
  await console.getByLabel('Modelo', { exact: true }).selectOption('model:m1');
  await expect(node(console, 'model:m2')).toBeHidden();
  await console.getByLabel('Modelo', { exact: true }).selectOption('');
  engine.disconnect();
  engine.loaded = { ...artifact('m2'), hash: 'f'.repeat(64) };
  await engine.connect(desk.gateway().port);
  const model = node(console, 'model:m2');
  await expect(model.getByLabel('DISCREPANCIA')).toBeVisible();
  expect(await redIn(console, await save(console, 'PNG', 'after.png'))).toBeGreaterThan(redBefore);
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
  await trade(console, 1);
  const svg = String(await save(console, 'SVG', 'a.svg'));
  expect(svg).toContain('>m2</text>');
  expect(svg).not.toContain('<img');
  expect(svg).not.toContain('dasharray');
  const png = await save(console, 'PNG', 'a.png');
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect(png.readUInt32BE(16)).toBeGreaterThan(800);
  const { nodes, edges } = JSON.parse(String(await save(console, 'JSON', 'a.json')));
  const traded = edges.filter(({ to }: { to: string }) => to === GROUP);
  expect(traded).toHaveLength(1);
  expect(nodes.map(({ id }: { id: string }) => id)).toContain('model:m2');
  const events = JSON.parse(String(await save(console, 'OpenLineage', 'ol.json'))) as unknown[];
  expect(events.length).toBeGreaterThan(1);
  expect(events.flatMap(misfits)).toEqual([]);
  const file = join(folder, 'in.jsonl');
  writeFileSync(file, `${JSON.stringify(runEvent())}\nbroken\n`);
  await console.locator('input[type=file]').setInputFiles(file);
  await expect(console.getByText('Eventos enviados: 1 · no válidos: 1')).toBeVisible();
  await expect(console.locator('[data-lineage]', { hasText: 'features.build' })).toBeVisible();
});

test('the map and the keys move the plane, and the search opens and closes', async () => {
  const console = await openLineage();
  await node(console, 'model:m2').click();
  const start = await planeOf(console);
  await console.keyboard.press('+');
  await expect.poll(async () => (await planeOf(console)).scale).toBeGreaterThan(start.scale);
  const near = await planeOf(console);
  await console.keyboard.press('-');
  await expect.poll(async () => (await planeOf(console)).scale).toBeLessThan(near.scale);
  await console.keyboard.press('+');
  await console.keyboard.press('f');
  await expect.poll(() => planeOf(console)).toEqual(start);
  const map = console.getByRole('button', { name: /^Mapa/ });
  await map.click({ position: { x: 160, y: 100 } });
  await expect.poll(() => planeOf(console)).not.toEqual(start);
  await map.focus();
  await console.keyboard.press('Enter');
  await expect.poll(() => planeOf(console)).toEqual(start);
  await console.keyboard.press('/');
  const search = console.getByLabel('Buscar nodo u operación');
  await expect(search).toBeFocused();
  await console.keyboard.type('m3');
  await expect(console.getByRole('list', { name: 'Resultados' })).toBeVisible();
  await console.keyboard.press('Escape');
  await expect(search).toHaveValue('');
  await expect(console.getByRole('list', { name: 'Resultados' })).toBeHidden();
});

test('a trade is a fact of the record: its edge is solid and its event opens there', async () => {
  const console = await openLineage();
  await trade(console, 2);
  expect(await console.locator('[data-lines] path').first().getAttribute('d')).toMatch(/M/);
  await expect(console.locator('[data-lines][stroke-dasharray]')).toHaveCount(0);
  await expect(console.getByText(/telemetría/)).toHaveCount(0);
  await console.getByLabel('Buscar nodo u operación').fill('t2');
  await console.getByRole('button', { name: /operación t2/ }).click();
  await expect(detail(console)).toContainText('Eventos del registro (1)');
  await shot(console, 'trade');
  await detail(console)
    .getByRole('button', { name: /operaciones cerradas/ })
    .click();
  const event = console.getByRole('region', { name: 'Detalle del evento' });
  await expect(event).toContainText('trades.closed');
  await expect(event).toContainText('e1 · engine');
  await expect(event).toContainText('"tradeId":"t2"');
  // By its id among the words, and by its model and engine.
  await console.getByLabel('Palabras', { exact: true }).fill('t2');
  await expect(console.locator('[data-row]')).toHaveCount(1);
  await shot(console, 'event');
});

test('a model whose artifact is gone says so', async () => {
  const console = await openLineage();
  const model = node(console, 'model:m1');
  await expect(model).not.toContainText('sin artefacto');
  engine.disconnect();
  engine.models = ['m2', 'm3'].map((name) => artifact(name));
  await engine.connect(desk.gateway().port);
  await expect(model).toContainText('sin artefacto');
  await model.click();
  await expect(detail(console)).toContainText('Ningún motor tiene ya este artefacto');
});

test('from an event into the graph, and the graph as it was then', async () => {
  const console = await openLineage();
  await trade(console, 1);
  await showView(console, 'audit');
  const event = console.getByRole('region', { name: 'Detalle del evento' });
  const rows = console.locator('[data-row]');
  await toggleTypes(console, 'modelo registrado');
  await rows.filter({ hasText: 'modelo registrado' }).first().click();
  await event.getByRole('button', { name: 'Ver en linaje' }).click();
  await expect(console.locator('[data-lineage][aria-pressed=true]')).toHaveAttribute(
    'data-lineage',
    /^model:/,
  );
  await showView(console, 'audit');
  await console.getByRole('button', { name: 'Quitar filtros' }).click();
  await toggleTypes(console, 'despliegue iniciado');
  await rows.filter({ hasText: 'despliegue iniciado' }).first().click();
  await event.getByRole('button', { name: 'Ver el escritorio entonces' }).click();
  await console.getByRole('button', { name: 'Evento anterior' }).click();
  await showView(console, 'lineage');
  await expect(node(console, 'model:m2')).toBeVisible();
  await expect(console.locator('[data-lineage^="deployment:"]')).toHaveCount(0);
  await expect(node(console, GROUP)).toHaveCount(0);
  await expect(console.getByRole('button', { name: 'Importar OpenLineage' })).toBeDisabled();
  const then = JSON.parse(String(await save(console, 'JSON', 'then.json')));
  expect(then.nodes.map(({ kind }: { kind: string }) => kind)).not.toContain('deployment');
  const said = JSON.parse(String(await save(console, 'OpenLineage', 'then-ol.json')));
  expect(said.map(({ eventType }: { eventType: string }) => eventType)).not.toContain('RUNNING');
  await node(console, 'model:m2').click();
  await expect(detail(console).getByRole('button', { name: 'Ver modelo' })).toBeEnabled();
  expect(await findings(console)).toEqual([]);
  await console.getByRole('button', { name: 'Evento siguiente' }).click();
  await expect(console.locator('[data-lineage^="deployment:"]')).toHaveCount(1);
  await console.getByRole('button', { name: 'Volver al presente' }).click();
  await node(console, GROUP).click();
  await expect(detail(console)).toContainText('Eventos del registro (1)');
  // As it was when only the first trade had been said: the second one is of the same day.
  engine.close([{ tradeId: 't9', pnl: 5, closedAt: CLOSED + 9 }]);
  await expect(detail(console)).toContainText('Eventos del registro (2)');
  await detail(console)
    .getByRole('button', { name: /operaciones cerradas/ })
    .last()
    .click();
  await event.getByRole('button', { name: 'Ver el escritorio entonces' }).click();
  await showView(console, 'lineage');
  await node(console, GROUP).click();
  await expect(detail(console)).toContainText('−1,00 USD');
  await detail(console).getByRole('button', { name: 'Mostrar operaciones' }).click();
  await expect(console.locator('[data-lineage^="trade:"]')).toHaveCount(1);
  await shot(console, 'past');
  await console.getByRole('button', { name: 'Volver al presente' }).click();
  await expect(console.locator('[data-lineage^="trade:"]')).toHaveCount(0);
  await node(console, GROUP).click();
  await expect(detail(console)).toContainText('4,00 USD');
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
