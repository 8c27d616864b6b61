import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { closeYears } from '../../src/node/audit/archives';
import { sha256 } from '../../src/node/sha256';
import { EMPTY_LOG } from '../../src/shared/log/event';
import { timestamp } from '../../src/shared/time';
import { BEGAN, deskChain, writeRecord } from '../support/record';
import { ROOT } from '../support/root';
import { forget, newUserData, type RunningApp, showView, startApp, toggleTypes } from './app';
import { findings } from './axe';
import { openDesk, type TestDesk } from './desk';

/** More than are ever drawn at once, and than are exported in one go. */
const ROWS = 520;
let desk: TestDesk;
let running: RunningApp;
let folder: string;
let console: Page;

test.beforeAll(async () => {
  desk = await openDesk();
  const config = desk.config('luis');
  chmodSync(dirname(config), 0o755);
  folder = mkdtempSync(join(tmpdir(), 'vigia-export-'));
  chmodSync(folder, 0o777);
  running = await startApp(newUserData(), ['--config', config]);
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
  const { log } = desk.gateway();
  for (let index = 0; index < ROWS; index += 1) {
    log.append({ type: 'terminal.reported', data: { kind: 'drill', detail: `fila ${index}` } });
  }
  console = await running.openConsole();
  await showView(console, 'audit');
});
test.afterAll(async () => {
  await running.close();
  forget(running.userData);
  rmSync(folder, { recursive: true, force: true });
  await desk.close();
});

const detail = () => console.getByRole('region', { name: 'Detalle del evento' });
const row = (text: string | RegExp) => console.locator('[data-row]').filter({ hasText: text });
/** A picture in each language, the last in the one in which the test goes on. */
async function shot(name: string): Promise<void> {
  const out = process.env.VIGIA_SHOTS;
  if (!out) return;
  const page = console;
  for (const language of ['en', 'es'] as const) {
    await page.evaluate((one) => window.vigia.call('settings.set', { language: one }), language);
    await expect(page.locator('html')).toHaveAttribute('lang', language);
    await page.screenshot({ path: join(out, `${name}-${language}.png`) });
  }
}

/** Has the system's dialogs answer with these places, as a person would. */
async function answerDialogs(save: string, open: string): Promise<void> {
  await running.app.evaluate(
    ({ dialog }, places) => {
      dialog.showSaveDialog = async () => ({ canceled: false, filePath: places.save });
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [places.open] });
    },
    { save, open },
  );
}

test('it is looked through by keyboard: words, values, rows, and the whole story of a command', async () => {
  const words = console.getByRole('textbox', { name: 'Palabras' });
  await words.fill(`FILA ${ROWS - 3}`);
  await expect(console.getByText(/^1 eventos ·/)).toBeVisible();
  await words.fill('');
  const types = console.getByRole('button', { name: /^Tipo:/ });
  await toggleTypes(console, 'terminal conectado');
  await expect(types).toHaveText('Tipo: terminal conectado');
  const found = console.getByText(/^\d[\d.]* eventos ·/);
  const sessions = Number.parseInt((await found.textContent()) ?? '', 10);
  expect(sessions).toBeGreaterThan(0);
  // Two of them: what has either.
  await toggleTypes(console, 'aviso del terminal');
  await expect(types).toHaveText('Tipo: 2 elegidos');
  await expect
    .poll(async () => Number.parseInt((await found.textContent()) ?? '', 10))
    .toBeGreaterThan(ROWS);
  const both = Number.parseInt((await found.textContent()) ?? '', 10);
  await toggleTypes(console, 'terminal conectado');
  await expect(types).toHaveText('Tipo: aviso del terminal');
  await expect(console.getByText(`${both - sessions} eventos ·`)).toBeVisible();
  // Of all of them, only those in sight are drawn.
  const box = console.locator('[data-row]').first().locator('xpath=../..');
  expect(await box.evaluate(({ clientHeight }) => clientHeight)).toBeLessThan(1_500);
  expect(await console.locator('[data-row]').count()).toBeLessThan(80);
  await row(/aviso del terminal/)
    .first()
    .focus();
  await console.keyboard.press('ArrowDown');
  await expect(detail()).toContainText(`fila ${ROWS - 2}`);
  await console.keyboard.press('End');
  await expect(detail()).toContainText(/hotkey|fila 0/);
  await console.getByRole('combobox', { name: 'Filtros guardados' }).fill('avisos');
  await console.getByRole('button', { name: 'Guardar filtro' }).click();
  await console.getByRole('button', { name: 'Quitar filtros' }).click();
  await expect(types).toHaveText('Tipo: todos');
  await console.getByRole('combobox', { name: 'Filtros guardados' }).fill('otro');
  await console.getByRole('combobox', { name: 'Filtros guardados' }).fill('avisos');
  await expect(types).toHaveText('Tipo: aviso del terminal');
  await console.getByRole('button', { name: 'Quitar filtros' }).click();

  await running.panel.evaluate(() =>
    window.vigia.call('ops.pause', {
      scope: { kind: 'all' },
      reason: 'una pausa',
      origin: 'panel',
    }),
  );
  await row(/^\d+.*pausa.*luis/)
    .first()
    .click();
  await expect(detail()).toContainText('Historia de la orden');
  await expect(detail().getByRole('listitem')).toHaveCount(1);
  await expect(detail()).toContainText('"prevHash"');
  await shot('audit');
  await detail().getByRole('button', { name: 'Copiar' }).click();
  const copied = await running.app.evaluate(({ clipboard }) => clipboard.readText());
  expect(JSON.parse(copied)).toMatchObject({ type: 'ops.paused', reason: 'una pausa' });
});

test('the past shows every view as it was, commands nothing, and does not keep a kill away', async () => {
  await console.getByRole('button', { name: 'Quitar filtros' }).click();
  await toggleTypes(console, 'aviso del terminal');
  await row(/aviso del terminal/)
    .first()
    .click();
  await detail().getByRole('button', { name: 'Ver el escritorio entonces' }).click();
  await expect(console.getByText('PASADO', { exact: true })).toBeVisible();
  await showView(console, 'overview');
  // The desk is paused now; then it was not.
  await expect(console.locator('.banner')).toHaveAttribute('data-word', 'normal');
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'paused');
  await expect(console.getByRole('button', { name: 'Reanudar' })).toBeDisabled();
  await expect(console.getByRole('button', { name: 'Revertir modelo' })).toBeDisabled();
  expect(await findings(console)).toEqual([]);
  await shot('past');
  await expect(console.getByText('Espejo de este terminal', { exact: true })).toBeVisible();
  await expect(
    console.getByRole('heading', { name: 'Posiciones según el registro' }),
  ).toBeVisible();
  const refused = await console.evaluate(() =>
    window.vigia
      .call('ops.pause', { scope: { kind: 'all' }, reason: 'x', origin: 'console' })
      .then((answer) => (answer.ok ? 'taken' : answer.error.code)),
  );
  expect(refused).toBe('in_the_past');
  await showView(console, 'models');
  await expect(console.getByRole('button', { name: 'Revertir modelo' })).toBeDisabled();
  await showView(console, 'settings');
  await expect(console.getByText('Los ajustes son los de ahora')).toBeVisible();
  await showView(console, 'overview');
  // To a time: the last event before it; before the first one the record does not reach.
  const place = console.getByText(/COT · evento \d+/);
  const before = await place.textContent();
  await console.getByLabel('Ir a (COT)').fill(timestamp(Date.now() + 60_000).slice(0, 16));
  await expect(place).not.toHaveText(before ?? '');
  const last = await place.textContent();
  await console.getByLabel('Ir a (COT)').fill('2020-01-01 00:00');
  await expect(console.getByText('El registro no llega hasta ahí.')).toBeVisible();
  await expect(place).toHaveText(last ?? '');
  await console.getByRole('button', { name: 'Evento anterior' }).click();
  await expect(place).not.toHaveText(last ?? '');
  await console.getByRole('button', { name: 'Evento siguiente' }).click();
  await console.keyboard.press('F9');
  await expect(console.getByRole('dialog')).toContainText('Motivo');
  await expect(console.getByText('PASADO', { exact: true })).toBeHidden();
  await expect(console.locator('.banner')).toHaveAttribute('data-word', 'paused');
  await console.keyboard.press('Escape');
  await showView(console, 'audit');
});

test('it is verified and exported from the window, both go on the record, and the shell agrees', async () => {
  await console.getByRole('button', { name: 'Verificar' }).click();
  const verification = console.getByRole('region', { name: 'Verificación' });
  await expect(verification).toContainText('Se verifica entero');
  await expect(verification).toContainText('Firmado por el gateway hasta');
  const target = join(folder, 'salida');
  await answerDialogs(target, target);
  await console.getByRole('button', { name: 'Exportar…' }).click();
  expect(await findings(console)).toEqual([]);
  await console.getByRole('combobox', { name: 'Forma' }).selectOption('folder');
  await shot('export');
  await console.getByRole('button', { name: 'Elegir dónde…' }).click();
  await expect(console.getByRole('region', { name: 'Exportación' })).toContainText('hecha');
  expect(readdirSync(folder)).toEqual(['salida']);
  const shell = spawnSync('sh', ['verify.sh'], { cwd: target, encoding: 'utf8' });
  expect(shell.stdout).toContain('files: ok');
  expect(shell.stdout).toContain('signature: ok');
  expect(shell.status).toBe(0);
  const vigia = spawnSync(process.execPath, [join(ROOT, 'out/main/vigia.js'), 'verify', target], {
    encoding: 'utf8',
  });
  expect(vigia.stdout).toMatch(/^ok \d+/);
  for (const kind of ['audit_verified', 'audit_exported']) {
    await console.getByRole('textbox', { name: 'Palabras' }).fill(kind);
    await expect(row(/aviso del terminal/).first()).toBeVisible();
  }
  await console.getByRole('button', { name: 'Quitar filtros' }).click();
});

test('a record from elsewhere is opened, verified and looked through like our own; a bad one says where', async () => {
  await answerDialogs(folder, join(folder, 'salida'));
  await console.getByRole('button', { name: 'Abrir carpeta…' }).click();
  await expect(console.getByRole('region', { name: 'Importación' })).toContainText(
    'Se verifica entero',
  );
  await console.getByRole('button', { name: 'Importado: salida' }).click();
  await console.getByRole('textbox', { name: 'Palabras' }).fill('fila 3');
  await row(/aviso del terminal/)
    .first()
    .click();
  await expect(detail()).toContainText('fila 3');
  await shot('imported');
  await detail().getByRole('button', { name: 'Ver el escritorio entonces' }).click();
  await expect(console.getByText('PASADO', { exact: true })).toBeVisible();
  // It must not pass for our own desk.
  await expect(console.locator('header h1')).toHaveText('salida');
  await expect(console.getByRole('main').getByText('Importado: salida').first()).toBeVisible();
  await showView(console, 'lineage');
  await expect(console.getByText(/de un registro importado no se muestra/)).toBeVisible();
  await expect(console.locator('[data-lineage]')).toHaveCount(0);
  await console.getByRole('button', { name: 'Volver al presente' }).click();
  await expect(console.locator('header h1')).not.toHaveText('salida');
  await showView(console, 'audit');
  await console.getByRole('button', { name: 'Cerrar importado' }).click();
  mkdirSync(join(folder, 'malo'));
  spawnSync(
    'sh',
    [
      '-c',
      `cp -r salida/. malo && sed -i 's/fila 40/fila 41/' malo/events.jsonl && chmod -R a+rX malo`,
    ],
    {
      cwd: folder,
    },
  );
  await answerDialogs(folder, join(folder, 'malo'));
  await console.getByRole('button', { name: 'Abrir carpeta…' }).click();
  await expect(console.getByRole('region', { name: 'Importación' })).toContainText(
    /DAÑO en \d+: contenido alterado/,
  );
  await shot('damage');
  await console.getByRole('button', { name: 'Cerrar importado' }).click();
});

test('a mirror from elsewhere comes with its closed years, and has no lineage here', async () => {
  const elsewhere = join(folder, 'otra-mesa');
  mkdirSync(elsewhere);
  const { privateKey } = generateKeyPairSync('ed25519');
  const path = join(elsewhere, 'audit.db');
  // Two events a day, so that years are over in it.
  const chain = deskChain(
    900,
    privateKey,
    '',
    (index) => BEGAN - 800 * 86_400_000 + (index * 86_400_000) / 2,
  );
  writeRecord(path, chain, privateKey, [900]);
  const closed = closeYears(path, EMPTY_LOG, BEGAN, sha256);
  expect(closed).toBeGreaterThan(0);
  spawnSync('chmod', ['-R', 'a+rX', elsewhere]);
  const before = readdirSync(elsewhere);
  await answerDialogs(folder, path);
  await console.getByRole('button', { name: 'Abrir archivo…' }).click();
  const work = console.getByRole('region', { name: 'Importación' });
  await expect(work).toContainText('Se verifica entero: 900 eventos, hasta 900.');
  await expect(work).toContainText('Firmado por el gateway hasta 900.');
  expect(readdirSync(elsewhere)).toEqual(before);
  await console.getByRole('button', { name: 'Importado: audit.db' }).click();
  await console.getByRole('textbox', { name: 'Palabras' }).fill('ppo_v1');
  await row(/alerta/)
    .first()
    .click();
  await expect(detail()).toContainText('ppo_v1');
  await expect(detail().getByRole('button', { name: 'Ver el escritorio entonces' })).toBeVisible();
  await expect(detail().getByRole('button', { name: 'Ver en linaje' })).toHaveCount(0);
  await console.getByRole('button', { name: 'Cerrar importado' }).click();
});

test('work that takes long is called off, and leaves nothing', async () => {
  const target = join(folder, 'despacio.jsonl');
  // A disk that takes nothing until somebody reads.
  spawnSync('sh', ['-c', `mkfifo -m 666 '${target}.partial'`]);
  await answerDialogs(target, target);
  await console.getByRole('button', { name: 'Exportar…' }).click();
  await console.getByRole('combobox', { name: 'Forma' }).selectOption('jsonl');
  await console.getByRole('button', { name: 'Elegir dónde…' }).click();
  const work = console.getByRole('region', { name: 'Exportación' });
  await expect(work).toContainText('en curso');
  await expect(console.getByRole('button', { name: 'Verificar' })).toBeDisabled();
  await work.getByRole('button', { name: 'Cancelar' }).click();
  const read = once(spawn('cat', [`${target}.partial`], { stdio: 'ignore' }), 'exit');
  await expect(work).toContainText('cancelada');
  await read;
  expect(readdirSync(folder).filter((name) => name.startsWith('despacio'))).toEqual([]);
  await expect(console.getByRole('button', { name: 'Verificar' })).toBeEnabled();
});

type Held = { held: { count: number; letGo: () => void }; unhold: () => void };

/** Every answer waits until it is let go, as on a busy disk. */
async function holdAnswers(): Promise<void> {
  await running.app.evaluate(({ ipcMain }) => {
    type Handlers = Map<string, (...args: unknown[]) => Promise<unknown>>;
    const handlers = (ipcMain as unknown as { _invokeHandlers: Handlers })._invokeHandlers;
    const answer = handlers.get('audit.page');
    if (!answer) throw new Error('the record has no pages');
    const held = { count: 0, letGo: () => undefined as undefined };
    const open: (() => void)[] = [];
    held.letGo = () => {
      for (const each of open.splice(0)) each();
      return undefined;
    };
    Object.assign(globalThis, { held, unhold: () => handlers.set('audit.page', answer) });
    handlers.set('audit.page', async (...args) => {
      const page = await answer(...args);
      held.count += 1;
      await new Promise<void>((resolve) => open.push(resolve));
      return page;
    });
  });
}

/** As many answers as this have come and are held. */
async function heldBack(count: number): Promise<void> {
  await expect
    .poll(() => running.app.evaluate(() => (globalThis as unknown as Held).held.count))
    .toBe(count);
}

test('what answers the question before, late, is not shown as the answer to this one', async () => {
  const words = console.getByRole('textbox', { name: 'Palabras' });
  await holdAnswers();
  await words.fill('fila 5');
  await heldBack(1);
  await words.fill('fila 77');
  await running.app.evaluate(() => (globalThis as unknown as Held).held.letGo());
  // Held at two: the answer to the first question has come, that to the second has not.
  await heldBack(2);
  await expect(console.getByRole('status').filter({ hasText: 'Buscando' })).toBeVisible();
  await expect(row(/aviso del terminal/).first()).toBeDisabled();
  // One that takes too long is left, and what it finds after all is not shown.
  await console.getByRole('button', { name: 'Cancelar consulta' }).click();
  await expect(console.getByText('Consulta cancelada.')).toBeVisible();
  await running.app.evaluate(() => (globalThis as unknown as Held).held.letGo());
  await words.fill('fila 7');
  await heldBack(3);
  await expect(console.getByText('Consulta cancelada.')).toBeHidden();
  await words.fill('fila 77');
  await running.app.evaluate(() => {
    (globalThis as unknown as Held).unhold();
    (globalThis as unknown as Held).held.letGo();
  });
  await expect(console.getByText(/^1 eventos ·/)).toBeVisible();
  await row(/aviso del terminal/)
    .first()
    .click();
  await expect(detail()).toContainText('fila 77');
  await console.getByRole('button', { name: 'Quitar filtros' }).click();
});

test('rows that were counted before their page came are shown counted', async () => {
  await holdAnswers();
  // More than a page of them: the rest is counted while the page is on its way.
  await toggleTypes(console, 'aviso del terminal');
  await heldBack(1);
  await running.app.evaluate(() => {
    (globalThis as unknown as Held).unhold();
    (globalThis as unknown as Held).held.letGo();
  });
  await expect(console.getByText(/^5\d\d eventos ·/)).toBeVisible();
  await console.getByRole('button', { name: 'Quitar filtros' }).click();
});

test('without the link it is the same, and says since when', async () => {
  desk.blockSockets(true);
  await expect(console.getByText(/Sin enlace desde \d\d:\d\d:\d\d COT/)).toBeVisible();
  await console.getByRole('textbox', { name: 'Palabras' }).fill('fila 77');
  await row(/aviso del terminal/)
    .first()
    .click();
  await expect(detail()).toContainText('fila 77');
  expect(await findings(console)).toEqual([]);
  await shot('offline');
  desk.blockSockets(false);
  await expect(console.getByText(/Sin enlace desde/)).toBeHidden();
});

test('a saved filter outlives a restart, until it is forgotten', async () => {
  const name = () => console.getByRole('combobox', { name: 'Filtros guardados' });
  const types = () => console.getByRole('button', { name: /^Tipo:/ });
  await running.close();
  running = await startApp(running.userData, ['--config', desk.config('luis')]);
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', /./);
  console = await running.openConsole();
  await showView(console, 'audit');
  await name().fill('avisos');
  await expect(types()).toHaveText('Tipo: aviso del terminal');
  await console.getByRole('button', { name: 'Olvidar' }).click();
  await expect(name()).toHaveValue('');
  await console.getByRole('button', { name: 'Quitar filtros' }).click();
  await name().fill('avisos');
  await expect(types()).toHaveText('Tipo: todos');
  await expect(console.getByRole('button', { name: 'Olvidar' })).toHaveCount(0);
});

test('in English it says the same, and axe finds nothing', async () => {
  await running.panel.evaluate(() => window.vigia.call('settings.set', { language: 'en' }));
  await expect(console.getByRole('button', { name: 'Verify', exact: true })).toBeVisible();
  await row(/terminal’s report/)
    .first()
    .click();
  expect(await findings(console)).toEqual([]);
  await console
    .getByRole('region', { name: 'Event detail' })
    .getByRole('button', { name: 'See the desk then' })
    .click();
  await expect(console.getByText('THE PAST', { exact: true })).toBeVisible();
  await showView(console, 'overview');
  expect(await findings(console)).toEqual([]);
  await console.getByRole('button', { name: 'Back to the present' }).click();
});
