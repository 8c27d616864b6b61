import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { VERSION } from '../../src/shared/version';
import { quietPolicies } from '../support/desk';
import { FakeEngine } from '../support/fakeEngine';
import { TestTerminal } from '../support/testTerminal';
import { openUpdateServer, type UpdateServer } from '../support/updates';
import { forget, newUserData, type RunningApp, showView, startApp } from './app';
import { findings } from './axe';
import { openDesk, type TestDesk } from './desk';

/** In the place of an AppImage: it notes how it was started. */
const PACKAGE = '#!/bin/sh\necho "$APPIMAGE_EXIT_AFTER_INSTALL|$*" >> "$(dirname "$0")/ran"\n';
const NAME = 'vigia-1.2.0-linux-x64.AppImage';

let userData: string;
let server: UpdateServer;
let running: RunningApp | null;
let desk: TestDesk | null;

test.beforeEach(async () => {
  userData = newUserData();
  chmodSync(userData, 0o755);
  server = await openUpdateServer(userData);
  await server.publish('1.2.0', { [NAME]: PACKAGE });
  running = null;
  desk = null;
});
test.afterEach(async () => {
  await running?.close();
  await desk?.close();
  server.close();
  forget(userData);
});

const program = () => join(userData, 'bin/vigia.AppImage');
const said = (console: Page) =>
  console.getByRole('region', { name: /^Versi.n (de|of) Vig/ }).getByRole('status');

/** The terminal as its AppImage would start it, on a machine whose desk names the server. */
async function start(extra: readonly string[] = []): Promise<Page> {
  const file = join(userData, 'desk-settings.json');
  const { url: updateServer, publicKey: updateKey } = server;
  writeFileSync(file, JSON.stringify({ settings: { updateServer, updateKey } }), { mode: 0o644 });
  mkdirSync(dirname(program()), { recursive: true });
  writeFileSync(program(), 'the old program');
  const user = Number(process.env.VIGIA_TEST_UID || 0);
  if (user !== 0) for (const path of [dirname(program()), program()]) chownSync(path, user, user);
  Object.assign(process.env, { VIGIA_DESK_SETTINGS: file, APPIMAGE: program() });
  try {
    running = await startApp(userData, extra);
  } finally {
    delete process.env.VIGIA_DESK_SETTINGS;
    delete process.env.APPIMAGE;
  }
  const console = await running.openConsole();
  await showView(console, 'settings');
  return console;
}

async function joinDesk(of: TestDesk): Promise<Page> {
  desk = of;
  const config = of.config('ana');
  chmodSync(dirname(config), 0o755);
  return start(['--config', config]);
}

async function reported(kind: string): Promise<string | null> {
  const events = (await desk?.gateway().log.read(1, 1_000)) ?? [];
  const datas = events
    .filter(({ type }) => type === 'terminal.reported')
    .map(({ data }) => data as { kind: string; detail: string });
  return datas.find((data) => data.kind === kind)?.detail ?? null;
}

/** What a page with power over its window could try: the button is not asked. */
const installByCall = (console: Page) =>
  console.evaluate(() => window.vigia.call('update.install', { version: '1.2.0' }));

test('a version is found, fetched when asked, installed when asked, and the program starts again', async () => {
  const console = await start();
  await expect(said(console)).toContainText('La mesa ha publicado la 1.2.0');
  await expect(console.locator('footer')).toContainText('Nueva versión: 1.2.0');
  await expect(console.getByText('No hay guardado ningún paquete')).toBeVisible();
  expect(server.asked.filter((name) => name === NAME)).toEqual([]);
  await console.getByRole('button', { name: 'Descargar la 1.2.0' }).click();
  await expect(said(console)).toContainText('La 1.2.0 está aquí y comprobada');
  expect(await findings(console)).toEqual([]);
  await console.screenshot({ path: test.info().outputPath('ready.png') });
  expect(readFileSync(program(), 'utf8')).toBe('the old program');
  const ended = running?.ended;
  await console.getByRole('button', { name: 'Instalar la 1.2.0 y reiniciar' }).click();
  await ended;
  expect(readFileSync(program(), 'utf8')).toBe(PACKAGE);
  expect(readFileSync(join(userData, 'updates/1.2.0', NAME), 'utf8')).toBe(PACKAGE);
  // Once to see that it runs, once for good with what the old one was told.
  const runs = () => readFileSync(join(userData, 'bin/ran'), 'utf8').trim().split('\n');
  await expect
    .poll(runs)
    .toEqual([expect.stringMatching(/^true\|$/), expect.stringContaining(`|`)]);
  expect(runs()[1]).toContain(`--user-data-dir ${userData}`);
  expect(runs()[1]).not.toContain('true|');
});

test('a bad signature, an altered package and a server that is down are said; nothing is installed', async () => {
  const state = { ran: '0.0.9', former: null, installing: null, forms: {} };
  mkdirSync(join(userData, 'updates'));
  writeFileSync(join(userData, 'updates/state.json'), JSON.stringify(state));
  const user = Number(process.env.VIGIA_TEST_UID || 0);
  if (user !== 0) {
    for (const path of ['updates', 'updates/state.json'])
      chownSync(join(userData, path), user, user);
  }
  const console = await joinDesk(await openDesk({ policies: quietPolicies }));
  const look = console.getByRole('button', { name: 'Buscar versión nueva' });
  await expect(said(console)).toContainText('La mesa ha publicado la 1.2.0');
  // Whatever exchanged the program, the record has it.
  await expect
    .poll(() => reported('update_installed'))
    .toBe(`0.0.9 → ${VERSION}, from outside the terminal`);

  writeFileSync(join(server.folder, NAME), '#!/bin/sh\necho evil\n');
  await console.getByRole('button', { name: 'Descargar la 1.2.0' }).click();
  await expect(said(console)).toContainText('El paquete no es el que la mesa firmó');
  await expect.poll(() => reported('update_altered')).toContain('sha512');

  const manifest = join(server.folder, 'latest-linux.yml');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('1.2.0', '1.3.0'));
  server.asked.length = 0;
  await look.click();
  await expect(said(console)).toContainText('Firma incorrecta: no se ha tomado nada');
  await expect.poll(() => reported('update_bad_signature')).toContain('latest-linux.yml');
  expect(server.asked).toEqual(['latest-linux.yml', 'latest-linux.yml.sig']);
  await expect(console.getByRole('button', { name: /^(Descargar|Instalar)/ })).toHaveCount(0);

  server.close();
  await look.click();
  await expect(said(console)).toContainText('El servidor de versiones no responde');
  expect(await findings(console)).toEqual([]);
  expect(await installByCall(console)).toMatchObject({ ok: false, error: { code: 'not_ready' } });
  expect(readFileSync(program(), 'utf8')).toBe('the old program');
});

test('while an incident is open nothing is installed, whoever asks, and the screen says why', async () => {
  const console = await joinDesk(await openDesk({ policies: quietPolicies }));
  await console.getByRole('button', { name: 'Descargar la 1.2.0' }).click();
  const install = console.getByRole('button', { name: 'Instalar la 1.2.0 y reiniciar' });
  await expect(install).toBeEnabled();
  const terminal = await TestTerminal.open(desk?.gateway().port ?? 0, 'ana');
  await terminal.give('incident.open', { severity: 'P3', title: 'x', reason: 'x' });
  terminal.socket.close();
  await expect(console.getByText('hay un incidente abierto')).toBeVisible();
  await expect(install).toBeDisabled();
  expect(await installByCall(console)).toMatchObject({
    ...{ ok: false, error: { code: 'update_refused', message: 'incident' } },
  });
  await expect.poll(() => reported('update_refused')).toBe('1.2.0: incident');
  desk?.blockSockets(true);
  await desk?.stopGateway();
  expect(readFileSync(program(), 'utf8')).toBe('the old program');
});

test('while trading is live, or that is not known, nothing is installed', async () => {
  const live = await openDesk({ environment: 'live', policies: quietPolicies });
  const engine = new FakeEngine('live-1', 0);
  engine.environment = 'live';
  await engine.connect(live.gateway().port);
  const console = await joinDesk(live);
  await console.getByRole('button', { name: 'Descargar la 1.2.0' }).click();
  const install = console.getByRole('button', { name: 'Instalar la 1.2.0 y reiniciar' });
  await expect(console.getByText('se está operando en vivo')).toBeVisible();
  await expect(install).toBeDisabled();
  expect(await installByCall(console)).toMatchObject({
    ...{ ok: false, error: { code: 'update_refused', message: 'live' } },
  });
  await expect.poll(() => reported('update_refused')).toBe('1.2.0: live');
  await running?.panel.evaluate(() => window.vigia.call('settings.set', { language: 'en' }));
  await expect(console.getByText('It cannot be installed now: trading is live.')).toBeVisible();
  expect(await findings(console)).toEqual([]);
  live.blockSockets(true);
  await expect(console.getByText('this terminal does not know how the desk stands')).toBeVisible();
  expect(await installByCall(console)).toMatchObject({
    ...{ ok: false, error: { message: 'unknown' } },
  });
  engine.disconnect();
});
