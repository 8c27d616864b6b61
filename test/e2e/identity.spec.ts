import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import type { Gateway } from '../../src/gateway/gateway';
import { openGateway } from '../support/desk';
import { ROOT } from '../support/root';
import { focusElsewhere, forget, newUserData, pressKey, type RunningApp, startApp } from './app';
import { findings } from './axe';

const TOKEN = 'ana.token-of-a-test';
const pem = (name: string) => readFileSync(join(ROOT, 'test/support/tls', name), 'utf8');
const FIRST = { cert: pem('cert.pem'), key: pem('key.pem'), clientCa: null };
const OTHER = { cert: pem('other-cert.pem'), key: pem('other-key.pem'), clientCa: null };

let folder: string;
let gateway: Gateway | null;
let running: RunningApp | null;
let userData: string;
test.beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-identity-'));
  chmodSync(folder, 0o755);
  userData = newUserData();
  gateway = null;
  running = null;
});
test.afterEach(async () => {
  await running?.close();
  await gateway?.stop();
  forget(userData);
  rmSync(folder, { recursive: true, force: true });
});

async function open(tls: typeof FIRST, port = 0): Promise<Gateway> {
  const dataDir = mkdtempSync(join(folder, 'gateway-'));
  gateway = await openGateway(dataDir, 'paper', port, { tls });
  return gateway;
}

async function start(extra: object): Promise<RunningApp> {
  const config = join(folder, 'terminal.yaml');
  writeFileSync(config, JSON.stringify(extra), { mode: 0o644 });
  running = await startApp(userData, ['--config', config]);
  return running;
}

test('the first certificate is compared by a person, the operator signs in, and a change is an alarm', async () => {
  const { port } = await open(FIRST);
  const { panel } = await start({ gateways: [`wss://127.0.0.1:${port}`] });
  const question = panel.getByRole('alert').filter({ hasText: 'CERTIFICADO NUEVO' });
  await expect(question).toContainText('CN = vigia test'.slice(5));
  const digits = await question.locator('.figure').first().textContent();
  await expect(panel.getByText('NADIE HA INICIADO SESIÓN')).toBeVisible();
  expect(await findings(panel)).toEqual([]);
  await panel.screenshot({ path: test.info().outputPath('asking.png') });
  await question.getByLabel(/Últimos ocho/).fill((digits ?? '').slice(-11));
  await question.getByRole('button', { name: 'Confirmar' }).click();
  await expect(question).toBeHidden();
  await panel.getByLabel('Token del operador').fill(TOKEN);
  await panel.getByRole('button', { name: 'Iniciar sesión' }).click();
  await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
  // What was typed is nowhere on disk: it was not to be remembered.
  for (const name of readdirSync(userData)) {
    if (/\.(json|log)$/.test(name)) {
      expect(readFileSync(join(userData, name), 'utf8')).not.toContain(TOKEN);
    }
  }
  await gateway?.stop();
  await open(OTHER, port);
  const alarm = panel.getByRole('alert').filter({ hasText: 'EL CERTIFICADO CAMBIÓ' });
  await expect(alarm).toContainText('No se le envía nada');
  await panel.screenshot({ path: test.info().outputPath('changed.png') });
  expect(await findings(panel)).toEqual([]);
  expect(gateway?.log.state().engines).toEqual({});
});

test('a locked terminal refuses all but the kill, which a real key gives; it says who unlocked it last', async () => {
  gateway = await openGateway(mkdtempSync(join(folder, 'gateway-')));
  const { panel } = await start({
    gateways: [`ws://127.0.0.1:${gateway.port}`],
    token: TOKEN,
  });
  await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
  const set = () =>
    panel.evaluate(() => window.vigia.call('lock.setPin', { pin: '4711', present: null }));
  expect(await set()).toMatchObject({ ok: true });
  await panel.evaluate(() => window.vigia.call('lock.now', undefined));
  const bar = panel.getByRole('status').filter({ hasText: 'BLOQUEADA' });
  await expect(bar).toContainText('Nadie la ha desbloqueado');
  await bar.getByLabel('PIN').fill('4711');
  await bar.getByRole('button', { name: 'Desbloquear' }).click();
  await expect(bar).toBeHidden();
  await panel.evaluate(() => window.vigia.call('lock.now', undefined));
  await expect(bar).toContainText('Ana');
  await panel.screenshot({ path: test.info().outputPath('locked.png') });
  expect(await findings(panel)).toEqual([]);
  const pause = await panel.evaluate(() =>
    window.vigia.call('ops.pause', {
      scope: { kind: 'all' },
      reason: 'x',
      origin: 'panel',
      fence: null,
    }),
  );
  expect(pause).toMatchObject({ ok: false, error: { code: 'locked' } });
  const other = await focusElsewhere();
  pressKey('ctrl+shift+k');
  await expect(panel.getByRole('dialog')).toBeVisible();
  // The rule's own dead time between the two presses.
  await new Promise((dead) => setTimeout(dead, 450));
  pressKey('ctrl+shift+k');
  await expect.poll(() => gateway?.log.state().desk.mode).toBe('killed');
  other.close();
  await expect.poll(() => JSON.stringify(gateway?.log.state().kills[0]?.origin)).toBe('"hotkey"');
  const events = () => gateway?.log.read(1, 1_000) ?? Promise.resolve([]);
  await expect
    .poll(async () =>
      (await events()).some(
        ({ type, data }) =>
          type === 'terminal.reported' &&
          (data as { kind: string }).kind === 'killed_while_locked' &&
          (data as { detail: string }).detail.includes('Ana'),
      ),
    )
    .toBe(true);
});
