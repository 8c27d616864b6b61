import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { type RunningApp, showView } from './app';
import { findings } from './axe';
import { openPaperDesk, type PaperDesk } from './paperDesk';

const HOSTILE = '<img src=x onerror=alert(1)> [ver](javascript:alert(1))';

let paper: PaperDesk;

test.beforeEach(async () => {
  paper = await openPaperDesk();
});
test.afterEach(() => paper.close());

const ops = () => paper.ops();
const incident = () => ops().incidents.incidents[0];
const shot = (page: Page, name: string) =>
  page.screenshot({ path: test.info().outputPath(`${name}.png`) });

/** momentum_v2 goes live and falls ill; the monitor rolls it back. */
async function degrade(): Promise<void> {
  await paper.promote();
  await paper.faultOfTheModel('inference_errors');
  await expect.poll(() => ops().models.production).toBe('momentum_v1');
  await expect.poll(() => ops().models.deployments[0]?.completedAt ?? null).not.toBeNull();
}

async function speak(running: RunningApp, language: 'es' | 'en'): Promise<void> {
  await running.panel.evaluate(
    (to) => window.vigia.call('settings.set', { language: to }),
    language,
  );
  await expect(running.panel.locator('html')).toHaveAttribute('lang', language);
}

test('a model falls ill: alert, rollback, incident, acknowledged by keyboard, playbook, resolved, post-mortem on paper', async () => {
  test.setTimeout(180_000);
  const running = await paper.join('ana');
  const { panel } = running;
  await degrade();
  await expect.poll(() => incident()?.alerts ?? []).toContain('auto_rollback');
  const line = panel.getByRole('region', { name: 'Peor incidente' });
  await expect(line).toContainText('abierto, sin reconocer');
  expect(await findings(panel)).toEqual([]);
  await shot(panel, 'panel');
  const console = await running.openConsole();
  await showView(console, 'incidents');
  await expect(
    console.getByRole('heading', { name: /#1 Alerta: Rollback automático/ }),
  ).toBeVisible();
  await expect(console.getByText(/^Sin canal de aviso configurado/)).toBeVisible();
  expect(await findings(console)).toEqual([]);
  await shot(console, 'open');

  await panel.bringToFront();
  await line.getByRole('button', { name: 'Reconocer' }).focus();
  await panel.keyboard.press('Enter');
  await expect.poll(() => incident()?.stage).toBe('acknowledged');
  expect(incident()?.acknowledged).toMatchObject({ via: 'panel' });
  await expect(line).toContainText('reconocido');

  await console.getByRole('tab', { name: /Playbook/ }).click();
  const step = console.getByRole('listitem').filter({ hasText: 'Comparar las métricas' });
  await step.getByRole('button', { name: 'Ver estado' }).click();
  await expect(step.getByText(/Mesa normal; motores 1\/1 conectados/)).toBeVisible();
  await console.getByRole('checkbox', { name: 'Ver el tablero de deriva en Grafana' }).check();
  await expect.poll(() => incident()?.steps.drift?.done).toBe(true);
  const pause = console.getByRole('listitem').filter({ hasText: 'pausar las entradas' });
  await pause.getByRole('button', { name: 'Pausar' }).click();
  await expect(pause.getByText(/Pausar: aceptada por el gateway/)).toBeVisible();
  expect(ops().desk.mode).toBe('paused');
  await expect.poll(() => incident()?.timeline.map(({ type }) => type)).toContain('ops.paused');
  expect(await findings(console)).toEqual([]);
  await shot(console, 'playbook');

  await console.getByRole('tab', { name: 'Cronología' }).click();
  await console.getByLabel('Clase').selectOption('decision');
  await console.getByLabel('Nota o decisión').fill(`Se mantiene v1 ${HOSTILE}`);
  await console.keyboard.press('Enter');
  await expect(console.getByText(/Se mantiene v1 <img/)).toBeVisible();
  expect(await findings(console)).toEqual([]);
  await shot(console, 'timeline');

  await console.getByRole('tab', { name: 'Comunicación' }).click();
  const text = console.getByLabel('Texto (se puede editar)');
  await expect(text).toHaveValue(/INCIDENTE: .*\(#1\)\nSeveridad: P1/);
  await text.fill('INCIDENTE: el modelo nuevo falló; se volvió al anterior.');
  await console.getByLabel('Correo').check();
  await console.getByRole('button', { name: 'Enviar' }).click();
  await expect.poll(() => incident()?.messages[0]?.channels).toEqual(['slack', 'email']);
  expect(await findings(console)).toEqual([]);
  await shot(console, 'messages');

  await console.getByRole('tab', { name: 'Resumen', exact: true }).click();
  await console.getByLabel('Qué se va a hacer').fill('se sigue con v1');
  await console.getByRole('button', { name: 'Pasar a mitigar' }).click();
  await console.getByLabel('Causa raíz').fill('variables de entrada sin normalizar');
  await console.getByLabel('Solución').fill('rollback a momentum_v1');
  await console.getByRole('button', { name: 'Resolver' }).click();
  await expect.poll(() => incident()?.stage).toBe('resolved');
  await expect(line).toBeHidden();
  await shot(console, 'resolved');

  await console.getByRole('tab', { name: 'Post-mortem' }).click();
  await console.getByRole('button', { name: 'Rellenar desde el registro' }).click();
  const editor = console.getByLabel('Texto del post-mortem (Markdown)');
  await expect(editor).toHaveValue(/variables de entrada sin normalizar/);
  const preview = console.getByRole('region', { name: 'Vista previa' });
  await expect(preview.getByRole('heading', { name: 'Causa raíz' })).toBeVisible();
  await editor.press('Control+End');
  await editor.pressSequentially(`\n## Lo que escribí\n\n${HOSTILE}\n`);
  await expect(preview).toContainText('<img src=x onerror=alert(1)> ver (javascript:alert(1))');
  expect(await preview.locator('img, a, script').count()).toBe(0);
  // What was typed outlives a look at another view.
  await showView(console, 'overview');
  await showView(console, 'incidents');
  await console.getByRole('tab', { name: 'Post-mortem' }).click();
  await expect(editor).toHaveValue(/Lo que escribí/);
  await console.getByRole('button', { name: 'Guardar' }).click();
  await expect.poll(() => incident()?.postMortem?.markdown ?? '').toContain('Lo que escribí');
  const item = console.getByRole('form', { name: 'Nueva acción' });
  await item.getByLabel('Acción').fill('Normalizar en el registro de variables');
  await item.getByLabel('Responsable').fill('ines');
  await item.getByLabel('Fecha límite').fill('2030-01-15');
  await item.getByRole('button', { name: 'Añadir' }).click();
  await expect(console.getByRole('row', { name: /Normalizar en el registro/ })).toBeVisible();
  await console.getByRole('button', { name: 'Publicar' }).click();
  await expect(console.getByText(/PUBLICADO/)).toBeVisible();
  expect(await findings(console)).toEqual([]);
  await shot(console, 'postmortem');

  await console.getByRole('button', { name: 'PDF' }).click();
  const status = console.getByRole('status').filter({ hasText: 'Exportado' });
  await expect(status).toContainText(/\.pdf/);
  const path = /: (\/.+\.pdf)/.exec((await status.textContent()) ?? '')?.[1] ?? '';
  copyFileSync(path, test.info().outputPath('post-mortem.pdf'));
  expect(readFileSync(path).subarray(0, 5).toString()).toBe('%PDF-');
  const read = spawnSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' });
  if (read.status === 0) {
    expect(read.stdout).toContain('variables de entrada sin normalizar');
    expect(read.stdout.replace(/\s+/g, ' ')).toContain('<img src=x onerror=alert(1)>');
    expect(read.stdout).toContain('log_seq');
  }

  for (const language of ['es', 'en'] as const) {
    await speak(running, language);
    for (const [at, name] of ['alerts', 'kpis', 'actions', 'drills'].entries()) {
      await console
        .getByRole('tablist')
        .first()
        .getByRole('tab')
        .nth(at + 1)
        .click();
      expect(await findings(console)).toEqual([]);
      await shot(console, `${name}-${language}`);
    }
  }
  await console.getByRole('tab', { name: 'Figures' }).click();
  await expect(console.getByRole('region', { name: 'MTTR: restore' })).toContainText('samples 1');
});

test('a drill is measured, and is never taken for a real kill', async () => {
  const running = await paper.join('ana');
  const { panel } = running;
  const console = await running.openConsole();
  await showView(console, 'incidents');
  await console.getByRole('tab', { name: 'Simulacros' }).click();
  await console.getByLabel('Motivo').fill('ensayo del lunes');
  await console.getByRole('button', { name: 'Empezar simulacro' }).click();
  await expect(
    console.getByRole('row', { name: /SIMULACRO .*paper-1 .* ms .* plano/ }),
  ).toBeVisible();
  for (const page of [panel, console]) {
    await expect(page.locator('.banner')).toHaveAttribute('data-tone', 'drill');
    await expect(page.locator('.banner')).toContainText('SIMULACRO');
  }
  expect(ops().incidents.drills[0]?.finished).toMatchObject({ outcome: 'flat' });
  // The quick monitor may have been blind for a moment at the start: that is no kill.
  expect(ops().incidents.incidents.filter(({ cause }) => cause === 'kill')).toEqual([]);
  await expect(panel.getByText('SIMULACRO').nth(1)).toBeVisible();
  await expect(console.getByText(/Se rechaza: algo está detenido/)).toBeVisible();
  expect(await findings(panel)).toEqual([]);
  expect(await findings(console)).toEqual([]);
  await shot(panel, 'drill-panel');
  await shot(console, 'drill');
  await showView(console, 'audit');
  const killed = console.getByRole('button', { name: /PARADA pedida/ });
  await expect(killed).toContainText('SIMULACRO');
  await shot(console, 'drill-audit');
});

test('a kill of somebody else sounds until it is acknowledged; with the link down all is still there to read', async () => {
  const running = await paper.join('ana');
  const { panel } = running;
  await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
  const scope = { kind: 'all' };
  const about = { closePositions: true, notifyTeam: true, origin: 'console' };
  await paper.give('luis', 'kill', { scope, reason: 'precios absurdos', ...about });
  const line = panel.getByRole('region', { name: 'Peor incidente' });
  await expect(line).toContainText('P0');
  await expect(line.getByRole('button', { name: 'Silenciar aquí' })).toBeVisible();
  await shot(panel, 'p0-panel');
  await paper.desk.stopGateway();
  await expect(panel.locator('.banner')).toHaveAttribute('data-word', 'disconnected');
  await expect(line.getByRole('button', { name: 'Reconocer' })).toBeDisabled();
  await line.getByRole('button', { name: 'Silenciar aquí' }).click();
  await expect(line.getByRole('button', { name: 'Silenciar aquí' })).toBeHidden();
  const console = await running.openConsole();
  await showView(console, 'incidents');
  await expect(console.getByText(/se muestra el registro de este terminal/)).toBeVisible();
  await expect(console.getByRole('article')).toContainText('precios absurdos');
  await expect(console.getByRole('button', { name: 'Reconocer', exact: true })).toBeDisabled();
  await expect(console.getByRole('article')).toContainText('Sin enlace con el gateway');
  expect(await findings(console)).toEqual([]);
  await shot(console, 'offline');
});
