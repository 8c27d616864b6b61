import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { parse } from 'yaml';
import { readCard } from '../../src/shared/models/card';
import { FakeEngine } from '../support/fakeEngine';
import { artifact } from '../support/models';
import { produceModel, stageModel } from '../support/walk';
import { forget, newUserData, type RunningApp, showView, startApp } from './app';
import { findings } from './axe';
import { openDesk, type TestDesk } from './desk';

const HOSTILE = '</td><script>alert(1)</script> [x](javascript:1)';

let desk: TestDesk;
let engine: FakeEngine;
let terminals: RunningApp[];

test.beforeEach(async () => {
  desk = await openDesk();
  terminals = [];
  engine = new FakeEngine('e1', 0);
  engine.models = ['m1', 'm2', 'm3'].map((model) => artifact(model));
  await engine.connect(desk.gateway().port);
});
test.afterEach(async () => {
  for (const terminal of terminals) {
    await terminal.close();
    forget(terminal.userData);
  }
  engine.disconnect();
  await desk.close();
});

/** An operator's console on its Models view. */
async function models(operator: string): Promise<{ console: Page; running: RunningApp }> {
  const config = desk.config(operator);
  chmodSync(dirname(config), 0o755);
  const running = await startApp(newUserData(), ['--config', config]);
  terminals.push(running);
  const console = await running.openConsole();
  await showView(console, 'models');
  await expect(console.getByText('Modelo en producción', { exact: true })).toBeVisible();
  return { console, running };
}

const shot = (page: Page, name: string) =>
  page.screenshot({ path: test.info().outputPath(`${name}.png`) });

/** What the gateway's log says an event's hash is. */
async function hashAt(seq: number): Promise<string> {
  const [event] = await desk.gateway().log.read(seq, 1);
  return event?.hash ?? 'none';
}

/** The text of a PDF's pages where the system has what reads it, and its title where not. */
function pdfPages(path: string): string[] {
  const read = spawnSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' });
  if (read.status === 0) {
    const pages = read.stdout.split('\f').map((page) => page.replace(/\s+/g, ' '));
    return pages.filter((page) => page.trim() !== '');
  }
  const title = /\/Title <([0-9A-F]+)>/i.exec(readFileSync(path, 'latin1'))?.[1] ?? '';
  return [Buffer.from(title, 'hex').swap16().toString('utf16le')];
}

test('a model’s card is read, and saved as PDF, Markdown and YAML, each with its place in the log', async () => {
  const { port } = desk.gateway();
  await stageModel(port, 'm2', { risks: [HOSTILE], mitigations: ['freno a 5 %'] });
  await produceModel(port, 'm2');
  await expect.poll(() => engine.loaded?.model).toBe('m2');
  const { console } = await models('ana');
  await console.getByRole('button', { name: 'Ver ficha' }).click();
  const dialog = console.getByRole('dialog');
  await expect(dialog).toContainText('promoted_to_production');
  await expect(dialog).toContainText(HOSTILE);
  await expect(dialog).toContainText('promoción de emergencia');
  const [, seq, hash] = /log_seq (\d+) · log_hash ([0-9a-f]{64})/.exec(
    (await dialog.textContent()) ?? '',
  ) as unknown as [string, string, string];
  expect(hash).toBe(await hashAt(Number(seq)));
  expect(await findings(console)).toEqual([]);
  await shot(console, 'card');

  async function save(format: string): Promise<{ path: string; seq: number; hash: string }> {
    await dialog.getByRole('button', { name: format, exact: true }).click();
    const status = dialog.getByRole('status').filter({ hasText: /Guardada/ });
    await expect(status).toContainText(
      new RegExp(`\\.${format === 'Markdown' ? 'md' : format}`, 'i'),
    );
    const said = (await status.textContent()) ?? '';
    const [, at, path] = /n\.º (\d+)\): (.+)$/.exec(said) as unknown as [string, string, string];
    return { path, seq: Number(at), hash: await hashAt(Number(at)) };
  }

  const pdf = await save('PDF');
  copyFileSync(pdf.path, test.info().outputPath('card.pdf'));
  const bytes = readFileSync(pdf.path);
  expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
  expect(bytes.length).toBeGreaterThan(10_000);
  for (const page of pdfPages(pdf.path)) {
    expect(page).toContain(`log_seq ${pdf.seq} · log_hash ${pdf.hash}`);
  }
  expect(basename(dirname(pdf.path))).toBe('Vigía');

  const markdown = await save('Markdown');
  const lines = readFileSync(markdown.path, 'utf8');
  expect(lines).toContain(`log\\_seq ${markdown.seq} · log\\_hash ${markdown.hash}`);
  expect(lines).not.toContain('<script>');

  const yaml = await save('YAML');
  const card = parse(readFileSync(yaml.path, 'utf8'));
  expect(card).toMatchObject({ log_seq: yaml.seq, log_hash: yaml.hash, risks: [HOSTILE] });
  expect(readCard(card)).toMatchObject({ ok: true, value: { model: 'm2', risks: [HOSTILE] } });
  await shot(console, 'card-saved');
});

test('an exception is granted in writing, seen, and revoked', async () => {
  await stageModel(desk.gateway().port, 'm2');
  const { console } = await models('luis');
  await console.getByRole('button', { name: /m2 · v2/ }).click();
  await console.getByRole('button', { name: 'Excepción…' }).click();
  const dialog = console.getByRole('dialog');
  const grant = dialog.getByRole('button', { name: 'Conceder excepción' });
  await dialog.getByLabel('operaciones').check();
  await dialog.getByLabel('Justificación por escrito').fill('el mercado estuvo cerrado');
  await dialog.getByLabel(/^Días/).fill('31');
  await expect(grant).toBeDisabled();
  await dialog.getByLabel(/^Días/).fill('30');
  expect(await findings(console)).toEqual([]);
  await shot(console, 'exception');
  await grant.click();
  await expect(dialog).toBeHidden();
  const exceptions = () => desk.gateway().log.state().models.exceptions;
  expect(exceptions()).toMatchObject([
    { model: 'm2', gates: ['trades'], justification: 'el mercado estuvo cerrado' },
  ]);
  const shown = console.getByRole('region', { name: 'Excepción en vigor' });
  await expect(shown).toContainText('el mercado estuvo cerrado');
  await expect(console.getByRole('row', { name: /^operaciones .*dispensado/ })).toBeVisible();
  await shown.getByRole('button', { name: 'Revocar' }).click();
  await dialog.getByLabel('Motivo').fill('ya abrió');
  await console.keyboard.press('Enter');
  await expect(shown).toBeHidden();
  expect(exceptions()).toEqual([]);
  // Who granted it is told that another person closes the review.
  await expect(console.getByText('la cierra otra persona')).toBeVisible();
});

test('a threshold is changed field by field, with its differences and what it voids shown first', async () => {
  const { port } = desk.gateway();
  await stageModel(port, 'm2');
  const { console } = await models('pablo');
  const section = console.getByRole('region', { name: 'Política de modelos' });
  await section.getByText('Valores en vigor').click();
  await expect(section.getByRole('row', { name: /^tiempo mínimo en staging .*7 d/ })).toBeVisible();
  await section.getByRole('button', { name: 'Cambiar…' }).click();
  const dialog = console.getByRole('dialog');
  const review = dialog.getByRole('button', { name: 'Revisar cambios' });
  await expect(review).toBeDisabled();
  const field = dialog
    .getByRole('group', { name: 'promotion.production' })
    .getByLabel('Sharpe mínimo');
  await field.fill('mucho');
  await expect(dialog).toContainText('cambios: 1 · errores: 1');
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await expect(review).toBeDisabled();
  await field.fill('0.9');
  expect(await findings(console)).toEqual([]);
  await shot(console, 'policy-fields');
  await review.click();
  const row = dialog.getByRole('row', { name: /promotion\.production\.minSharpe/ });
  await expect(row.getByRole('cell')).toHaveText(['1', '0.9']);
  await expect(dialog).toContainText('quedan anuladas');
  const go = dialog.getByRole('button', { name: 'Poner en vigor' });
  await expect(go).toBeDisabled();
  await console.keyboard.type('mercado lateral');
  expect(await findings(console)).toEqual([]);
  await shot(console, 'policy-differences');
  await console.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(section).toContainText('pablo: mercado lateral');
  expect(desk.gateway().log.state().policies.models).toMatchObject({
    reason: 'mercado lateral',
    document: { promotion: { production: { minSharpe: 0.9 } } },
  });
  expect(await findings(console)).toEqual([]);
  await shot(console, 'policy-in-force');

  // The monitor's, from its own view.
  await showView(console, 'monitor');
  const monitor = console.getByRole('region', { name: 'Política del monitor' });
  await monitor.getByRole('button', { name: 'Cambiar…' }).click();
  await dialog.getByRole('group', { name: 'session' }).getByLabel('festivos').fill('2026-12-08');
  await review.click();
  await console.keyboard.type('festivo nacional');
  await console.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(monitor).toContainText('pablo: festivo nacional');
});

test('an archived model says why it left and until when what is its own is kept', async () => {
  await stageModel(desk.gateway().port, 'm2');
  const { console } = await models('pablo');
  await console.getByRole('button', { name: /m2 · v2/ }).click();
  await console.getByRole('button', { name: 'Retirar', exact: true }).click();
  const dialog = console.getByRole('dialog');
  await dialog.getByLabel('Causa').selectOption('strategy_change');
  await dialog.getByLabel('Motivo (requerido)').fill('se abandona el par');
  await dialog.getByLabel('El equipo ha sido notificado').check();
  await dialog.getByRole('button', { name: 'Retirar el modelo' }).click();
  const notice = console.getByRole('region', { name: 'Retiro y conservación' });
  await expect(notice).toContainText('cambio de estrategia');
  await expect(notice).toContainText('pablo: se abandona el par');
  await expect(notice).toContainText(/artefactos, hasta\d{4}-\d{2}-\d{2}/);
  expect(await findings(console)).toEqual([]);
  await shot(console, 'retired');
});
