import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { sha256 } from '../../src/node/sha256';
import { DESK_TIME_ZONE, tradingDay } from '../../src/shared/time';
import { FakeEngine } from '../support/fakeEngine';
import { artifact } from '../support/models';
import { DAY, day, reportsPolicy } from '../support/reports';
import { TestTerminal } from '../support/testTerminal';
import { produceModel, stageModel } from '../support/walk';
import { forget, newUserData, type RunningApp, showView, startApp } from './app';
import { findings } from './axe';
import { openDesk, type TestDesk } from './desk';

const HOSTILE = '</td><script>alert(1)</script>';

let desk: TestDesk;
let engine: FakeEngine;
let running: RunningApp;
let console: Page;

test.beforeEach(async () => {
  desk = await openDesk();
  engine = new FakeEngine('e1', 0);
  engine.models = ['m1', 'm2'].map((model) => artifact(model));
  await engine.connect(desk.gateway().port);
  engine.reportEquity(1_004_250);
  const config = desk.config('luis');
  chmodSync(dirname(config), 0o755);
  running = await startApp(newUserData(), ['--config', config]);
  console = await running.openConsole();
});
test.afterEach(async () => {
  await running.close();
  forget(running.userData);
  engine.disconnect();
  await desk.close();
});

const shot = (page: Page, name: string) =>
  page.screenshot({ path: test.info().outputPath(`${name}.png`), fullPage: true });

/** A kill and a model on the record, so that there is something to tell. */
async function history(): Promise<void> {
  const { port, log } = desk.gateway();
  const equity = [1_000_000, 1_004_000, 1_001_500, 1_009_000, 1_012_750];
  for (const [index, endEquity] of equity.slice(1).entries()) {
    const of = tradingDay(Date.now() + (index + 1) * DAY);
    const noted = day(of, { startEquity: equity[index] ?? 0, endEquity });
    log.append({ type: 'day.noted', data: noted });
  }
  await stageModel(port, 'm2');
  await produceModel(port, 'm2');
  await expect.poll(() => engine.loaded?.model).toBe('m2');
  const terminal = await TestTerminal.open(port, 'ana');
  const id = terminal.kill({ reason: HOSTILE });
  await terminal.until(
    () => terminal.answers.some((one) => one.id === id && one.stage === 'done'),
    ['killed'],
  );
  terminal.socket.terminate();
  await expect(console.locator('.banner')).toContainText('PLANO');
}

function pdfText(path: string): string | null {
  const read = spawnSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' });
  return read.status === 0 ? read.stdout.replace(/\s+/g, ' ') : null;
}

test('a report is made by hand, read, recomputed to the same bytes and exported, in both languages', async () => {
  await history();
  await showView(console, 'reports');
  await expect(console.getByRole('heading', { name: 'Hacer un informe' })).toBeVisible();
  expect(await findings(console)).toEqual([]);
  await console.getByLabel('Tipo').selectOption('weekly');
  await console.getByRole('button', { name: 'Hacer', exact: true }).click();
  const report = console.getByRole('region', { name: /^Informe semanal/ });
  await expect(report).toContainText(HOSTILE);
  await expect(report).toContainText('cadena verificada hasta');
  await expect(report.getByRole('img', { name: '1.004.000,00 → 1.012.750,00 COP' })).toBeVisible();
  await expect(report).toContainText('Como se guardó; su hash coincide.');
  const row = console.getByRole('row').filter({ hasText: 'aquí' });
  await expect(row).toContainText('luis');
  expect(await findings(console)).toEqual([]);
  await shot(console, 'report-es');
  await report.getByRole('img').first().scrollIntoViewIfNeeded();
  await shot(console, 'report-charts');

  const made = desk.gateway().log.state().reports.made[0];
  expect(made).toMatchObject({ kind: 'weekly', by: 'person', actor: { id: 'luis' } });
  await report.getByRole('button', { name: 'Recalcular' }).click();
  await expect(report).toContainText('las mismas cifras, byte a byte');

  async function save(format: string): Promise<string> {
    await report.getByRole('button', { name: format, exact: true }).click();
    const status = report.getByRole('status');
    await expect(status).toContainText(new RegExp(`\\.${format}$`, 'i'));
    return /Guardado: (.+)$/.exec((await status.textContent()) ?? '')?.[1] ?? '';
  }
  const json = await save('JSON');
  expect(sha256(readFileSync(json, 'utf8'))).toBe(made?.sha256);
  const html = readFileSync(await save('HTML'), 'utf8');
  expect(html).toContain('&lt;script&gt;');
  expect(html).not.toContain('<script');
  const pdf = await save('PDF');
  copyFileSync(pdf, test.info().outputPath('report.pdf'));
  expect(readFileSync(pdf).subarray(0, 5).toString()).toBe('%PDF-');
  const text = pdfText(pdf);
  if (text !== null) expect(text).toContain(`sha256 ${made?.sha256}`);

  await console.evaluate(() => window.vigia.call('settings.set', { language: 'en' }));
  const english = console.getByRole('region', { name: /^Weekly report/ });
  await expect(english).toContainText('chain verified up to');
  await expect(english).toContainText('Recomputed from the log just now');
  expect(await findings(console)).toEqual([]);
  await shot(console, 'report-en');
});

test('the success metrics are measured on the whole log, and a report needs no link', async () => {
  await history();
  await showView(console, 'reports');
  await console.getByRole('tab', { name: 'Métricas de éxito' }).click();
  const kill = console.getByRole('row', { name: /respuesta de la parada/ });
  await expect(kill).toContainText('< 10 s');
  await expect(kill).toContainText('sí');
  await expect(console.getByRole('row', { name: /puntuación de auditoría/ })).toContainText(
    'lo dice una auditoría, no una máquina',
  );
  expect(await findings(console)).toEqual([]);
  await shot(console, 'success');

  desk.blockSockets(true);
  await console.getByRole('tab', { name: 'Informes' }).click();
  await expect(console.getByText('DESCONECTADO').first()).toBeVisible();
  await console.getByRole('button', { name: 'Hacer', exact: true }).click();
  await expect(console.getByText(/sin enlace no consta en el registro/)).toBeVisible();
  await expect(console.getByRole('region', { name: /^Informe diario/ })).toContainText('Auditoría');
  await expect(console.getByRole('row').filter({ hasText: 'solo aquí, no consta' })).toBeVisible();
  expect(await findings(console)).toEqual([]);
  await shot(console, 'report-offline');
});

test('a report by schedule is printed by the terminal that acts as the monitor', async () => {
  const { port, log } = desk.gateway();
  await expect
    .poll(() => log.state().monitor.holder, { message: 'the terminal acts as the monitor' })
    .not.toBe('gateway');
  const parts = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: DESK_TIME_ZONE, hour: 'numeric', minute: 'numeric', second: 'numeric' },
    hourCycle: 'h23',
  }).formatToParts(Date.now() + 2_000);
  const of = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const cron = `${of('second')} ${of('minute')} ${of('hour')} * * *`;
  const document = {
    ...reportsPolicy,
    schedule: [{ name: 'daily', kind: 'daily', cron, businessDaysOnly: false, languages: ['es'] }],
    recipients: [{ role: null, email: 'mesa@example.co', language: 'es' }],
  };
  const terminal = await TestTerminal.open(port, 'luis');
  const params = { name: 'reports', document, reason: 'prueba' };
  expect(await terminal.give('policy.change', params)).toMatchObject({ stage: 'done' });
  await expect
    .poll(() => log.state().reports.made[0]?.delivered, { timeout: 30_000 })
    .toMatchObject({ outcome: 'no_channel' });
  terminal.socket.terminate();
  const [made] = log.state().reports.made;
  const own = join(running.userData, 'reports', made?.id ?? '');
  expect(existsSync(join(own, 'es.pdf')), String(readdirSync(own))).toBe(true);
  const answer = await fetch(`http://127.0.0.1:${port}/reports/${made?.id}/es.pdf`, {
    headers: { authorization: 'Bearer luis.x' },
  });
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(readFileSync(join(own, 'es.pdf')));
  await showView(console, 'reports');
  const row = console.getByRole('row').filter({ hasText: 'programa daily' });
  await expect(row).toContainText('aquí');
  await expect(row).toContainText('sin canal de correo');
  await shot(console, 'report-schedule');
});
