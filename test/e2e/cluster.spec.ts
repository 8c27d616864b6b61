import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { joinCluster } from '../support/cluster';
import { FakeEngine } from '../support/fakeEngine';
import { type NatsServers, startNats, WHY_NO_NATS } from '../support/nats';
import { forget, newUserData, type RunningApp, startApp } from './app';
import { findings } from './axe';
import { openDesk, type TestDesk } from './desk';

test.skip(WHY_NO_NATS !== null, WHY_NO_NATS ?? '');

let servers: NatsServers;
let desk: TestDesk;
let running: RunningApp;
const engine = new FakeEngine('e1', 100);

test.beforeAll(async () => {
  servers = await startNats({ servers: 1 });
  desk = await openDesk({ cluster: await joinCluster(servers.addresses, 'norte', 1) });
  await engine.connect(desk.gateway().port);
  const config = desk.config('luis');
  chmodSync(dirname(config), 0o755);
  running = await startApp(newUserData(), ['--config', config]);
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
});
test.afterAll(async () => {
  await running.close();
  forget(running.userData);
  await desk.close();
  await servers.stop();
});

async function shot(page: Page, name: string): Promise<void> {
  const out = process.env.VIGIA_SHOTS;
  if (out) await page.screenshot({ path: join(out, `${name}.png`) });
}

test('a kill that the replicated log cannot take stops the engine, and the screen says what is missing', async () => {
  const banner = running.panel.locator('.banner');
  await servers.kill(0);
  // Before anybody gives anything: what it does not hear of, it does not know.
  await expect(banner).toContainText('puede faltar lo último');
  await shot(running.panel, 'cluster-unheard');
  await running.panel.evaluate(() =>
    window.vigia.call('kill.fire', {
      scope: { kind: 'all' },
      reason: 'sin mayoría',
      closePositions: true,
      origin: 'panel',
    }),
  );
  await expect(banner).toHaveAttribute('data-word', 'accepted');
  await expect(banner).toContainText('aún no está en el registro');
  await expect.poll(() => engine.sold).toBe(100);
  const console = await running.openConsole();
  await expect(console.getByText(/aún no están en el registro: \d/)).toBeVisible();
  expect(await findings(console)).toEqual([]);
  await shot(running.panel, 'cluster-panel');
  await shot(console, 'cluster-console');
  await servers.start(0);
  await expect(banner).toHaveAttribute('data-word', 'flat');
  await expect(console.getByText(/aún no están en el registro/)).toBeHidden();
});
