import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import type { Gateway } from '../../src/gateway/gateway';
import { openGateway } from '../support/desk';
import { ROOT } from '../support/root';
import { forget, newUserData, type RunningApp, showView, startApp } from './app';
import { findings } from './axe';

const TOKEN = 'ana.token-of-a-test';
const pem = (name: string) => readFileSync(join(ROOT, 'test/support/tls', name), 'utf8');
const TLS = { cert: pem('cert.pem'), key: pem('key.pem'), clientCa: null };

let folder: string;
let gateway: Gateway;
let running: RunningApp | null;
let userData: string;
test.beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-connection-'));
  chmodSync(folder, 0o755);
  userData = newUserData();
  running = null;
  gateway = await openGateway(mkdtempSync(join(folder, 'gateway-')), 'live', 0, { tls: TLS });
});
test.afterEach(async () => {
  await running?.close();
  await gateway.stop();
  forget(userData);
  rmSync(folder, { recursive: true, force: true });
});

async function start(extra: readonly string[] = [], deskFile?: string): Promise<RunningApp> {
  if (deskFile) process.env.VIGIA_DESK_SETTINGS = deskFile;
  running = await startApp(userData, extra);
  delete process.env.VIGIA_DESK_SETTINGS;
  return running;
}

const viewOf = async (page: Page) => {
  const answer = await page.evaluate(() => window.vigia.call('desk.view', undefined));
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value;
};

/** The address is looked at, its certificate compared, the operator signs in. */
async function connect(page: Page, address: string): Promise<void> {
  await page.getByRole('radio', { name: 'el gateway de la mesa' }).check();
  await page.getByLabel('Dirección del gateway').fill(address);
  await page.getByRole('button', { name: 'Comprobar' }).click();
  const question = page.getByRole('alert').filter({ hasText: 'CERTIFICADO NUEVO' });
  const digits = await question.locator('.figure').first().textContent();
  expect(await findings(page)).toEqual([]);
  await page.screenshot({ path: test.info().outputPath('certificate.png') });
  await question.getByLabel(/Últimos ocho/).fill((digits ?? '').slice(-11));
  await question.getByRole('button', { name: 'Confirmar' }).click();
  await page.getByLabel('Token del operador').fill(TOKEN);
  await page.getByLabel(/Recordarlo en este equipo/).check();
  // A desktop without a keyring asks first; one with a keyring does not.
  const plain = page.getByLabel(/Entiendo el riesgo/);
  if (await plain.isVisible()) await plain.check();
  await page.screenshot({ path: test.info().outputPath('token.png') });
  await page.getByRole('button', { name: 'Iniciar sesión y conectar' }).click();
  await expect(page.getByText('Conectó: mesa')).toContainText('VIVO, sesión de Ana');
}

test('the guide connects to a gateway with TLS and sign-in; a start without arguments comes back to it', async () => {
  writeFileSync(join(userData, 'settings.json'), JSON.stringify({ settings: {} }));
  const { panel, openConsole } = await start();
  await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
  const console = await openConsole();
  const guide = console.getByRole('dialog', { name: 'Primer arranque' });
  await expect(guide).toContainText('mesa de papel propia');
  await console.screenshot({ path: test.info().outputPath('guide.png') });
  await connect(console, `127.0.0.1:${gateway.port}`);
  await expect(guide).toContainText('Desde el próximo arranque');
  await guide.getByRole('button', { name: 'Reiniciar' }).scrollIntoViewIfNeeded();
  await console.screenshot({ path: test.info().outputPath('joined.png') });
  expect(await findings(console)).toEqual([]);
  // Until then it is on paper, and says so.
  expect(await viewOf(panel)).toMatchObject({ environment: 'paper', link: { embedded: true } });
  await guide.getByRole('button', { name: 'Terminar' }).click();
  await running?.close();

  const again = await start();
  await expect(again.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
  expect(await viewOf(again.panel)).toMatchObject({
    ...{ environment: 'live', operator: { name: 'Ana' } },
    link: { embedded: false, address: `wss://127.0.0.1:${gateway.port}` },
    // What the paper desk left does not count as another gateway's history.
    mirror: { state: 'ok', quarantinedTo: null },
  });
  const settings = await again.openConsole();
  await showView(settings, 'settings');
  const section = settings.getByRole('region', { name: 'Conexión' });
  await expect(section).toContainText(`wss://127.0.0.1:${gateway.port}, elegido en este equipo`);
  await settings.screenshot({ path: test.info().outputPath('settings.png') });
  await section.getByRole('radio', { name: 'papel en esta máquina' }).check();
  await section.getByRole('button', { name: 'Usar papel' }).click();
  await expect(section).toContainText('Desde el próximo arranque: A una mesa de papel');
  await settings.screenshot({ path: test.info().outputPath('settings-paper.png') });
  expect(await findings(settings)).toEqual([]);
});

test('a desk’s file that cannot be read brings up no paper desk; mended, it connects after a restart', async () => {
  const file = join(folder, 'desk-settings.json');
  writeFileSync(file, '{ "connection": { "gateways": ["wss://', { mode: 0o644 });
  const { panel, openConsole } = await start([], file);
  const alarm = panel.getByRole('alert').filter({ hasText: 'SIN CONEXIÓN CONFIGURADA' });
  await expect(alarm).toContainText(file);
  await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'unknown');
  await panel.screenshot({ path: test.info().outputPath('lost.png') });
  expect(await findings(panel)).toEqual([]);
  expect(await viewOf(panel)).toMatchObject({
    environment: null,
    link: { embedded: false, state: 'down' },
    gateway: { restarts: 0 },
  });
  const console = await openConsole();
  await showView(console, 'settings');
  const section = console.getByRole('region', { name: 'Conexión' });
  await expect(section).toContainText('no se puede leer a qué gateway');
  await console.screenshot({ path: test.info().outputPath('lost-settings.png') });
  expect(await findings(console)).toEqual([]);
  const address = `wss://127.0.0.1:${gateway.port}`;
  writeFileSync(file, JSON.stringify({ connection: { gateways: [address] } }));
  await alarm.getByRole('button', { name: 'Reiniciar el terminal ahora' }).waitFor();
  await running?.close();
  const again = await start([], file);
  await expect(again.panel.getByText('CERTIFICADO NUEVO')).toBeVisible();
  expect(await viewOf(again.panel)).toMatchObject({ connection: { source: 'desk' } });
});

test('a restart is asked for with what the terminal was started with, and refused while a kill runs', async () => {
  const config = join(folder, 'terminal.yaml');
  // Nobody answers there: a kill given here stays under way.
  const gateways = ['ws://127.0.0.1:1'];
  writeFileSync(config, JSON.stringify({ gateways, token: TOKEN }), { mode: 0o644 });
  const { panel, app, main, ended } = await start(['--config', config]);
  await app.evaluate(({ app: own }) => {
    own.relaunch = (how) => process.stdout.write(`relaunch ${JSON.stringify(how)}\n`);
  });
  const restart = () => panel.evaluate(() => window.vigia.call('app.restart', undefined));
  const { id } = await panel.evaluate(async () => {
    const scope = { kind: 'all' } as const;
    const given = { scope, reason: 'prueba', closePositions: true, origin: 'panel' } as const;
    const answer = await window.vigia.call('kill.fire', given);
    if (!answer.ok) throw new Error(answer.error.message);
    return answer.value;
  });
  expect(await restart()).toMatchObject({ ok: false, error: { code: 'kill_running' } });
  await panel.evaluate((kill) => window.vigia.call('kill.abandon', { id: kill }), id);
  await panel.evaluate(() => window.vigia.call('settings.set', { startAtLogin: true }));
  const entry = readFileSync(join(userData, 'home/.config/autostart/vigia.desktop'), 'utf8');
  expect(entry).toContain(`"--config=${config}" "--user-data-dir=${userData}"`);
  let said = '';
  main.stdout?.on('data', (text) => {
    said += text;
  });
  await restart().catch(() => undefined);
  await ended;
  expect(said).toMatch(/^relaunch .*--config/m);
  expect(said).toContain(userData);
});
