import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { type LinkProxy, openProxy } from '../chaos/proxy';
import { newDataDir, openGateway } from '../support/desk';
import { FakeEngine } from '../support/fakeEngine';
import { forget, newUserData, type RunningApp, showView, startApp } from './app';
import { findings } from './axe';
import { openDesk, type TestDesk } from './desk';

let desk: TestDesk;
let terminals: RunningApp[];
let engines: FakeEngine[];
let proxies: LinkProxy[];

test.beforeEach(async () => {
  desk = await openDesk();
  terminals = [];
  engines = [];
  proxies = [];
});
test.afterEach(async () => {
  for (const terminal of terminals) {
    await terminal.close();
    forget(terminal.userData);
  }
  for (const engine of engines) engine.disconnect();
  for (const proxy of proxies) await proxy.close();
  await desk.close();
});

async function join(
  operator = 'ana',
  userData = newUserData(),
  before: readonly string[] = [],
): Promise<RunningApp> {
  const config = desk.config(operator, before);
  chmodSync(dirname(config), 0o755);
  const running = await startApp(userData, ['--config', config]);
  terminals.push(running);
  return running;
}

async function engine(id: string, quantity = 100_000): Promise<FakeEngine> {
  const own = new FakeEngine(id, quantity);
  engines.push(own);
  await own.connect(desk.gateway().port);
  own.lateFill(0);
  return own;
}

const word = (panel: Page, expected: string) =>
  expect(panel.locator('.banner')).toHaveAttribute('data-word', expected);

/** The words that the banner shows from now on. */
const wordsFromNow = (panel: Page) =>
  panel.evaluateHandle(() => {
    const seen: string[] = [];
    const banner = document.querySelector('.banner') as HTMLElement;
    new MutationObserver(() => seen.push(banner.dataset.word ?? '')).observe(banner, {
      attributes: true,
    });
    return seen;
  });

/** Another address of the gateway at that port, to be cut and hung. */
async function address(port: number): Promise<string> {
  const proxy = await openProxy(() => 0);
  proxy.target(port);
  proxies.push(proxy);
  return `ws://127.0.0.1:${proxy.port}`;
}

const fire = (panel: Page, engines?: string[]) =>
  panel.evaluate(
    (chosen) =>
      window.vigia.call('kill.fire', {
        scope: chosen ? { kind: 'engines', engines: chosen } : { kind: 'all' },
        reason: 'pérdida excesiva',
        closePositions: true,
        origin: 'panel',
      }),
    engines,
  );

test('with the sockets cut, a kill goes by HTTP and the screen says no more than it knows', async () => {
  const own = await engine('e1');
  const { panel } = await join();
  await word(panel, 'normal');
  desk.blockSockets(true);
  await word(panel, 'disconnected');
  await fire(panel);
  await expect.poll(() => own.mode).toBe('killed');
  await expect.poll(() => desk.gateway().log.state().kills[0]?.flatAt ?? null).not.toBeNull();
  // It is accepted, that is all that came back: nothing here has seen that it is flat.
  await word(panel, 'accepted');
  expect(desk.gateway().log.state().kills).toHaveLength(1);
  desk.blockSockets(false);
  await word(panel, 'flat');
  expect(own.sold).toBe(100_000);
});

test('with the gateway dead: the alarm, its seconds, and after a restart a question, not a shot', async () => {
  const own = await engine('e1');
  const first = await join();
  await word(first.panel, 'normal');
  await desk.stopGateway();
  await word(first.panel, 'disconnected');
  await fire(first.panel);
  await word(first.panel, 'unconfirmed');
  const alarm = first.panel.getByRole('alert').filter({ hasText: 'NADIE HA CONFIRMADO' });
  await expect(alarm).toBeVisible();
  await expect(alarm).toContainText(/Hace [3-9] s/);
  // The warning fills the screen until somebody has heard it.
  const size = () => first.panel.evaluate(() => [window.innerWidth, window.innerHeight]);
  await expect.poll(async () => (await size())[0]).toBeGreaterThan(1_000);
  await alarm.getByRole('button', { name: 'Silenciar sirena' }).click();
  await expect.poll(async () => (await size())[0]).toBe(340);
  await expect(first.panel.locator('.banner .figure')).toHaveText(/\d+ s/);
  first.main.kill('SIGKILL');
  await first.ended;
  await desk.startGateway();
  const { panel } = await join('ana', first.userData);
  await word(panel, 'normal');
  const question = panel.getByRole('alert').filter({ hasText: 'sesión anterior' });
  await expect(question).toContainText('pérdida excesiva');
  await own.connect(desk.gateway().port);
  own.lateFill(0);
  await expect(panel.getByText(/posiciones 1/)).toBeVisible();
  expect(own.mode).toBe('normal');
  expect(desk.gateway().log.state().kills).toHaveLength(0);
  await question.getByRole('button', { name: 'Enviar la parada' }).click();
  await word(panel, 'flat');
  await expect(question).toBeHidden();
  expect(own.sold).toBe(100_000);
});

test('a second terminal sees the kill, who gave it and why', async () => {
  await engine('e1');
  const ana = await join('ana');
  const luis = await join('luis');
  await word(ana.panel, 'normal');
  await word(luis.panel, 'normal');
  await fire(ana.panel);
  await word(luis.panel, 'flat');
  await word(ana.panel, 'flat');
  const console = await luis.openConsole();
  await showView(console, 'audit');
  const kind = console.locator('bdi', { hasText: /^PARADA pedida$/ });
  const row = console.getByRole('button').filter({ has: kind });
  await expect(row).toContainText('ana');
  await expect(row).toContainText('pérdida excesiva');
});

test('a kill of one engine says what is stopped and that the rest goes on', async () => {
  const one = await engine('e1');
  const other = await engine('e2');
  const { panel } = await join();
  await word(panel, 'normal');
  await fire(panel, ['e1']);
  await expect(panel.locator('.banner')).toContainText('1 de 2; el resto sigue');
  await expect.poll(() => one.quantity).toBe(0);
  expect(one.mode).toBe('killed');
  expect(other.mode).toBe('normal');
  expect(other.sold).toBe(0);
});

test('an engine that hangs is never said to be flat, nor halted', async () => {
  const honest = await engine('e1');
  const hung = await engine('e2');
  hung.behaviour = 'hangs';
  const { panel } = await join();
  await word(panel, 'normal');
  const words = await wordsFromNow(panel);
  await fire(panel);
  await expect.poll(() => honest.quantity).toBe(0);
  await word(panel, 'unconfirmed');
  await expect(panel.locator('.banner .figure')).toHaveText(/[2-9] s/);
  expect(await words.jsonValue()).not.toContain('flat');
  expect(await words.jsonValue()).not.toContain('halted');
  hung.behaviour = 'honest';
  await word(panel, 'flat');
  expect(hung.sold).toBe(100_000);
});

test('an engine that says success and stays open is never said to be flat', async () => {
  const liar = await engine('e1');
  liar.behaviour = 'lies';
  const { panel } = await join();
  await word(panel, 'normal');
  await fire(panel);
  await word(panel, 'partial');
  await expect(panel.locator('.banner')).toContainText('queda: 1 · 100,0 k USD');
});

test('a gateway with another history: an alarm, the old record kept, the kill at work', async () => {
  const { panel } = await join();
  await word(panel, 'normal');
  await desk.stopGateway();
  await word(panel, 'disconnected');
  desk.forgetHistory();
  await desk.startGateway();
  const alarm = panel.getByRole('alert').filter({ hasText: 'EL REGISTRO ES OTRO' });
  await expect(alarm).toContainText('audit-quarantine-');
  await word(panel, 'normal');
  const own = await engine('e1');
  await fire(panel);
  await word(panel, 'flat');
  expect(own.sold).toBe(100_000);
});

test('of three gateways one may hang and another be lost: the screen goes on, and a kill is taken once', async () => {
  const own = await engine('e1');
  const { port } = desk.gateway();
  const addresses = [await address(port), await address(port)];
  // The third takes no sockets, only calls by HTTP.
  desk.blockSockets(true);
  const { panel } = await join('ana', newUserData(), addresses);
  await word(panel, 'normal');
  await expect(panel.getByText('2 de 3 gateways')).toBeVisible();
  const words = await wordsFromNow(panel);
  /** The log comes from there, and telemetry is seen to come. */
  const at = async (index: number) => {
    await expect(panel.getByText(addresses[index] ?? '')).toBeVisible();
    for (const [quantity, shown] of [
      [0, /posiciones 0/],
      [100_000, /posiciones 1/],
    ] as const) {
      await expect(async () => {
        own.lateFill(quantity - own.quantity);
        await expect(panel.getByText(shown)).toBeVisible({ timeout: 500 });
      }).toPass();
    }
  };
  const first = (await panel.getByText(addresses[0] ?? '').isVisible()) ? 0 : 1;
  await at(first);
  proxies[first]?.set({ kind: 'stall' });
  await at(1 - first);
  proxies[first]?.set({ kind: 'none' });
  await expect(panel.getByText('2 de 3 gateways')).toBeVisible();
  // It was never said to be disconnected, and nothing leads back by itself.
  expect(await words.jsonValue()).not.toContain('disconnected');
  await at(1 - first);
  proxies[1 - first]?.set({ kind: 'refuse' });
  proxies[1 - first]?.cut();
  await fire(panel);
  await word(panel, 'flat');
  await expect(panel.getByText(addresses[first] ?? '')).toBeVisible();
  await expect(panel.getByText('1 de 3 gateways')).toBeVisible();
  // The one that was lost is named for as long as it lacks the kill, which goes on being given to it.
  const lacked = panel.getByRole('alert').filter({ hasText: 'HAY GATEWAYS SIN LA PARADA' });
  await expect(lacked).toContainText(addresses[1 - first] ?? '');
  expect(await findings(panel)).toEqual([]);
  proxies[1 - first]?.set({ kind: 'none' });
  await expect(lacked).toBeHidden();
  expect(desk.gateway().log.state().kills).toHaveLength(1);
  expect(own.sold).toBe(100_000);
});

test('a gateway with another history beside the live one: it is named, and the live link goes on', async () => {
  const folder = newDataDir();
  const other = await openGateway(folder.path);
  const live = await address(desk.gateway().port);
  const strange = await address(desk.gateway().port);
  desk.blockSockets(true);
  const { panel } = await join('ana', newUserData(), [live, strange]);
  await word(panel, 'normal');
  await expect(panel.getByText('2 de 3 gateways')).toBeVisible();
  const words = await wordsFromNow(panel);
  // Whichever stands ready: the one whose connection is not the live one's.
  const index = (await panel.getByText(live).isVisible()) ? 1 : 0;
  proxies[index]?.target(other.port);
  proxies[index]?.cut();
  const alarm = panel.getByRole('alert').filter({ hasText: 'UN GATEWAY TIENE OTRA HISTORIA' });
  await expect(alarm).toContainText([live, strange][index] ?? '');
  await expect(panel.getByText('1 de 3 gateways')).toBeVisible();
  expect(await findings(panel)).toEqual([]);
  const own = await engine('e1');
  await fire(panel);
  await word(panel, 'flat');
  expect(own.sold).toBe(100_000);
  expect(await words.jsonValue()).not.toContain('disconnected');
  await expect(panel.getByText('EL REGISTRO ES OTRO')).toBeHidden();
  proxies[index]?.target(desk.gateway().port);
  await expect(alarm).toBeHidden({ timeout: 15_000 });
  await expect(panel.getByText('2 de 3 gateways')).toBeVisible();
  await other.stop();
  folder.remove();
});

test('of several addresses the one that answers is taken, for the log and for telemetry', async () => {
  const own = await engine('e1');
  // Nobody listens on the discard port of this machine.
  const { panel } = await join('ana', newUserData(), ['ws://127.0.0.1:9']);
  await word(panel, 'normal');
  await expect(async () => {
    own.lateFill(0);
    await expect(panel.getByText(/posiciones 1/)).toBeVisible({ timeout: 500 });
  }).toPass();
});
