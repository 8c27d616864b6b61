import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { quietPolicies } from '../support/desk';
import {
  answer,
  openWebhook,
  pagerDutyContract,
  ROUTING_KEY,
  slackContract,
  type WebhookServer,
} from '../support/thirdParties';
import { forget, newUserData, type RunningApp, showView, startApp } from './app';
import { findings } from './axe';
import { openDesk, type TestDesk } from './desk';

let desk: TestDesk;
let slack: WebhookServer;
let pagerDuty: WebhookServer;
let terminals: RunningApp[];

test.beforeEach(async () => {
  desk = await openDesk({ policies: quietPolicies });
  slack = await openWebhook(slackContract);
  pagerDuty = await openWebhook(pagerDutyContract, false, '/v2/enqueue');
  terminals = [];
});
test.afterEach(async () => {
  for (const terminal of terminals) {
    await terminal.close();
    forget(terminal.userData);
  }
  await desk.close();
  await slack.close();
  await pagerDuty.close();
});

async function join(operator: string): Promise<RunningApp> {
  const config = desk.config(operator);
  chmodSync(dirname(config), 0o755);
  const running = await startApp(newUserData(), ['--config', config]);
  terminals.push(running);
  return running;
}

async function openSettings(running: RunningApp): Promise<Page> {
  const console = await running.openConsole();
  await showView(console, 'settings');
  await expect(console.getByRole('heading', { name: 'Notificaciones' })).toBeVisible();
  return console;
}

test('a channel is set up, tested, seen failing on every screen, and its secret never again', async () => {
  const ana = await join('ana');
  const console = await openSettings(ana);
  const card = console.getByRole('region', { name: 'Slack', exact: true });
  await expect(card).toContainText('sin configurar');
  await expect(card.getByRole('button', { name: 'Enviar prueba' })).toBeDisabled();
  await card.getByRole('button', { name: 'Configurar' }).click();
  await card.getByLabel('Nombre').fill('#alertas <b>');
  await card.getByLabel('Dirección del webhook').fill('http://hooks.slack.com/services/T/B/x');
  await card.getByLabel('Motivo del cambio').fill('alta del canal');
  await card.getByRole('button', { name: 'Guardar' }).click();
  await expect(card).toContainText('rechazado');
  await expect(card.getByLabel('Dirección del webhook')).toHaveValue('');
  await card.getByLabel('Dirección del webhook').fill(slack.url);
  await card.getByLabel('Motivo del cambio').press('Enter');
  await expect(card).toContainText('configurado');
  await expect(card).toContainText('#alertas <b>');
  // The third party's own words, good and bad.
  slack.next.push(answer(404, 'channel_not_found'));
  await card.getByRole('button', { name: 'Enviar prueba' }).click();
  await expect(card).toContainText('el destino no existe (404) «channel_not_found»');
  await card.getByRole('button', { name: 'Enviar prueba' }).click();
  await expect(card).toContainText('entregado (200) «ok»');
  await expect(card.getByText('entrega', { exact: true })).toBeVisible();
  expect(await findings(console)).toEqual([]);
  // Nothing that a window is given has the secret.
  const view = await console.evaluate(() => window.vigia.call('desk.view', undefined));
  expect(JSON.stringify(view)).not.toContain('SECRETOSECRETO');
  // A token that expired: red in the console and in the panel.
  slack.always = answer(403, 'invalid_token');
  await ana.panel.getByRole('button', { name: 'Pausar' }).click();
  await expect(card.getByText('FALLA', { exact: true })).toBeVisible();
  await expect(card).toContainText(
    'la credencial no sirve: venció o se revocó (403) «invalid_token»',
  );
  await expect(console.getByText('avisos: Slack FALLA')).toBeVisible();
  await expect(ana.panel.getByText(/El canal Slack no entrega avisos/)).toBeVisible();
  expect(await findings(ana.panel)).toEqual([]);
  expect(await findings(console)).toEqual([]);
});

test('who may not set channels up is told so', async () => {
  const console = await openSettings(await join('eva'));
  const card = console.getByRole('region', { name: 'Correo', exact: true });
  await expect(card.getByRole('button', { name: 'Configurar' })).toBeDisabled();
  await expect(console.getByText('Su rol no puede configurar canales.')).toBeVisible();
});

test('with no gateway, the terminal itself tells of a kill that nobody acknowledges', async () => {
  const ana = await join('ana');
  await expect(ana.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
  const console = await openSettings(ana);
  const card = console.getByRole('region', { name: /emergencia de este terminal: PagerDuty/ });
  await card.getByRole('button', { name: 'Configurar' }).click();
  await card.getByLabel('Dirección de eventos').fill(pagerDuty.url);
  await card.getByLabel(/Clave de integración/).fill(ROUTING_KEY);
  await card.getByRole('button', { name: 'Guardar' }).click();
  await expect(card).toContainText('configurado en este terminal');
  await desk.stopGateway();
  await expect(ana.panel.locator('.banner')).toHaveAttribute('data-word', 'disconnected');
  await ana.panel.keyboard.press('F9');
  await ana.panel.keyboard.type('Pérdida excesiva');
  await ana.panel.keyboard.press('Enter');
  const alarm = ana.panel.getByRole('alert').filter({ hasText: 'NADIE HA CONFIRMADO' });
  await expect(alarm).toContainText('PagerDuty entregado');
  expect(pagerDuty.posted).toHaveLength(1);
  const key = String(pagerDuty.posted[0]?.body.dedup_key);
  // The gateway comes back and has the kill under the id that the key names.
  await desk.startGateway();
  await expect
    .poll(() =>
      desk
        .gateway()
        .log.state()
        .kills.map(({ commandId }) => `kill:${commandId}`),
    )
    .toEqual([key]);
});
