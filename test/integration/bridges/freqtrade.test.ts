import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { effectiveMode } from '../../../src/shared/ops/effectiveMode';
import { FakeFreqtrade } from '../../fakes/freqtrade';
import { startFreqtrade } from '../../support/bridges';
import { newDataDir, openGateway, quickPolicy, withOperations } from '../../support/desk';
import { TestTerminal } from '../../support/testTerminal';

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
let terminal: TestTerminal;
let bot: FakeFreqtrade;
let bridge: ReturnType<typeof startFreqtrade> | null = null;

const engine = () => terminal.ops.engines.bot;
const chain = () => terminal.ops.chains.bot;
const kill = () => terminal.ops.kills[0];
const alerts = () => terminal.ops.alerts.active;
const origin = 'console';
const all = { kind: 'all' };
const checklist = { causeUnderstood: true, positionsReviewed: true, teamNotified: true };
const resume = () =>
  terminal.give('resume', {
    ...{ scope: all, reason: 'revisado', confirmation: 'CONFIRM_RESUME', checklist, origin },
  });
const flat = () => kill()?.flatAt != null;

beforeEach(async () => {
  dir = newDataDir();
  gateway = await openGateway(dir.path);
  terminal = await TestTerminal.open(gateway.port);
  bot = await FakeFreqtrade.start();
});
afterEach(async () => {
  bridge?.stop();
  bridge = null;
  await bot.stop();
  await gateway.stop();
  dir.remove();
});

async function connect(): Promise<void> {
  bridge = startFreqtrade(gateway.port, bot.address);
  await terminal.until(() => engine()?.connected === true);
}

describe.each([['modern', true] as const, ['older', false] as const])(
  'a kill through the gateway, on a %s version',
  (_name, modern) => {
    beforeEach(() => {
      bot.modern = modern;
    });

    it('stops entries, cancels, exits each trade once, reads back twice, locks; never /stop, never all', async () => {
      bot.open('BTC/USDT', 'ETH/USDT');
      const [first] = bot.trades;
      if (first) first.entryOpen = true;
      await connect();
      expect(engine()).toMatchObject({ kind: 'freqtrade', environment: 'paper' });
      terminal.kill();
      await terminal.until(flat);
      expect(bot.takesEntries()).toBe(false);
      expect(bot.trades).toEqual([]);
      expect([...bot.sold.values()]).toEqual([2, 2]);
      expect(bot.count('POST /stop')).toBe(0);
      const exits = bot.calls.filter(({ call }) => call === 'POST /forceexit');
      expect(exits.some(({ body }) => (body as { tradeid: string }).tradeid === 'all')).toBe(false);
      const order = bot.calls.map(({ call }) => call);
      const at = (call: string) => order.findIndex((one) => one.startsWith(call));
      expect(at('POST /stopentry')).toBeLessThan(at('DELETE /trades/1/open-order'));
      expect(at('DELETE /trades/1/open-order')).toBeLessThan(at('POST /forceexit'));
      await bot.until(() => bot.count('POST /locks') === 1);
      expect(bot.locks).toHaveLength(modern ? 1 : 0);
    });

    it('is resumed: locks gone, entries taken, by the bot’s own word', async () => {
      await connect();
      terminal.kill();
      await terminal.until(flat);
      await bot.until(() => bot.count('POST /locks') === 1);
      expect(await resume()).toMatchObject({ stage: 'done' });
      await terminal.until(() => engine()?.confirmedMode === 'normal');
      expect(bot.takesEntries()).toBe(true);
      expect(bot.locks).toEqual([]);
    });
  },
);

describe('what proves nothing', () => {
  it('a strategy that vetoes its exit: created, says the bot; open, says the screen', async () => {
    bot.open('BTC/USDT');
    bot.vetoed.add(1);
    await connect();
    terminal.kill();
    await terminal.until(() => kill()?.haltedAt != null);
    await terminal.until(() => (chain()?.held?.positions.length ?? 0) === 1);
    const items = chain()?.flatten?.items ?? [];
    expect(items).toMatchObject([{ kind: 'position', id: '1', outcome: 'unknown' }]);
    expect(flat()).toBe(false);
    bot.vetoed.clear();
    await terminal.until(flat);
    expect(bot.sold.get(1)).toBe(2);
  });

  it('an empty /status beside a /count of one is no flat', async () => {
    bot.open('BTC/USDT');
    await connect();
    bot.statusFails = true;
    terminal.kill();
    await terminal.until(() => chain()?.phase === 'reading_back');
    const reads = bot.count('GET /count');
    await bot.until(() => bot.count('GET /count') >= reads + 4);
    expect(flat()).toBe(false);
    bot.statusFails = false;
    await terminal.until(flat);
  });

  it('an order is not cancelled because a list is empty', async () => {
    bot.open('BTC/USDT');
    const [first] = bot.trades;
    if (first) first.entryOpen = true;
    await connect();
    bot.onCancel = () => {
      bot.statusFails = true;
    };
    terminal.kill();
    await terminal.until(() => (chain()?.cancel?.items.length ?? 0) > 0);
    expect(chain()?.cancel?.items).toMatchObject([{ id: 'order:1', outcome: 'unknown' }]);
    bot.onCancel = () => undefined;
    bot.statusFails = false;
    await terminal.until(flat);
  });

  it('a coin the bot traded and the account still holds is a position; another’s is not', async () => {
    bot.coins.set('SOL', 3);
    bot.coins.set('DOGE', 3);
    await connect();
    terminal.kill();
    await terminal.until(() => (chain()?.held?.positions.length ?? 0) === 1);
    expect(chain()?.held?.positions).toMatchObject([{ id: 'balance:SOL', quantity: 3 }]);
    expect(flat()).toBe(false);
    bot.unpriced.add('SOL');
    await terminal.until(() => chain()?.held?.positions[0]?.notional === null);
    expect(flat()).toBe(false);
    bot.coins.delete('SOL');
    await terminal.until(flat);
  });

  it('a read whose coins are not known is none: past trades that cannot be read are asked for again', async () => {
    bot.coins.set('SOL', 3);
    bot.breaks.set('/trades', 'database is locked');
    await connect();
    terminal.kill();
    await terminal.until(() => chain()?.phase === 'reading_back');
    const reads = bot.count('GET /trades');
    await bot.until(() => bot.count('GET /trades') >= reads + 4);
    expect(flat()).toBe(false);
    expect(bridge?.said.join()).toContain('its past trades: HTTP 502');
    bot.breaks.clear();
    await terminal.until(() => chain()?.held?.positions[0]?.id === 'balance:SOL');
    bot.coins.delete('SOL');
    await terminal.until(flat);
  });

  it('the coin of a trade that was closed while it could not be seen is the bot’s', async () => {
    bot.open('ETH/USDT');
    bot.statusFails = true;
    await connect();
    await bot.until(() => bot.count('GET /trades') > 0);
    const reads = bot.count('GET /count');
    await bot.until(() => bot.count('GET /count') > reads);
    // Closed in its books, and not sold.
    bot.trades = [];
    bot.closed.push('ETH/USDT');
    bot.coins.set('ETH', 2);
    bot.statusFails = false;
    terminal.kill();
    await terminal.until(() => chain()?.held?.positions[0]?.id === 'balance:ETH');
    expect(flat()).toBe(false);
    bot.coins.delete('ETH');
    await terminal.until(flat);
  });

  it('an exit that shows only turns later is not asked for again meanwhile', async () => {
    await bot.stop();
    bot = await FakeFreqtrade.start(700);
    bot.open('BTC/USDT');
    await connect();
    terminal.kill();
    await terminal.until(flat);
    expect(bot.sold.get(1)).toBe(2);
    expect(bot.count('POST /forceexit')).toBe(1);
  });

  it('502 on an exit is a refusal with the bot’s words, and it is asked again', async () => {
    bot.open('BTC/USDT');
    await connect();
    bot.breaks.set('/forceexit', 'exchange is down');
    terminal.kill();
    await terminal.until(() => chain()?.flatten?.items[0]?.outcome === 'rejected');
    expect(chain()?.flatten?.items[0]?.detail).toContain('exchange is down');
    bot.breaks.clear();
    await terminal.until(flat);
    expect(bot.sold.get(1)).toBe(2);
  });

  it('a bot that hangs is neither halted nor flat, and is killed once it answers', async () => {
    bot.open('BTC/USDT');
    await connect();
    bot.hangs.add('*');
    terminal.kill();
    await terminal.until(() => 'engine:bot:silent' in alerts());
    expect(kill()).toMatchObject({ haltedAt: null, flatAt: null });
    bot.hangs.clear();
    await terminal.until(flat);
    expect(bot.sold.get(1)).toBe(2);
  });

  it.each([
    ['modern', true],
    ['older', false],
  ])('a stopped bot counts nothing, and is read by its profit: %s', async (_name, modern) => {
    bot.modern = modern;
    await connect();
    await terminal.until(() => engine()?.confirmedMode === 'normal');
    bot.state = 'stopped';
    bot.open('BTC/USDT');
    // It is not started to sell: an older version refuses to exit while it is stopped.
    bot.breaks.set('/forceexit', 'trader is not running');
    bot.breaks.set('/stopentry', 'trader is not running');
    bot.breaks.set('/pause', 'trader is not running');
    terminal.kill();
    await terminal.until(() => chain()?.held?.positions[0]?.id === '1');
    bot.statusFails = true;
    const reads = bot.count('GET /profit');
    await bot.until(() => bot.count('GET /profit') >= reads + 4);
    expect(flat()).toBe(false);
    bot.trades = [];
    await terminal.until(flat);
    expect(bot.state).toBe('stopped');
    expect(bot.count('POST /start')).toBe(0);
  });

  it('a bot somebody stopped is taken out of its stop to exit, where the version can', async () => {
    bot.open('BTC/USDT');
    await connect();
    await terminal.until(() => engine()?.confirmedMode === 'normal');
    expect(bot.count('POST /stopentry')).toBe(0);
    bot.state = 'stopped';
    await terminal.until(() => terminal.types().includes('engine.outside_change'));
    terminal.kill();
    await terminal.until(flat);
    expect(bot.takesEntries()).toBe(false);
  });
});

describe('restarts and others', () => {
  it('a reload goes back to running: entries are stopped again, and it is on the record', async () => {
    await connect();
    terminal.kill();
    await terminal.until(flat);
    const since = performance.now();
    bot.restart();
    await bot.until(() => !bot.takesEntries());
    await terminal.until(() => terminal.types().includes('engine.outside_change'));
    expect(performance.now() - since).toBeLessThan(3_500);
    await terminal.until(() => engine()?.confirmedMode === 'killed');
    expect(bot.signIns).toBeGreaterThanOrEqual(2);
  });

  it('entries stopped elsewhere are taken over within 3 s and hold until resumed here', async () => {
    await connect();
    await terminal.until(() => engine()?.confirmedMode === 'normal');
    const since = performance.now();
    bot.state = 'paused';
    await terminal.until(() => terminal.types().includes('engine.outside_change'));
    expect(performance.now() - since).toBeLessThan(3_000);
    expect(effectiveMode(terminal.ops, 'bot')).toBe('paused');
    expect(await resume()).toMatchObject({ stage: 'done' });
    await terminal.until(() => engine()?.confirmedMode === 'normal');
    expect(bot.takesEntries()).toBe(true);
  });

  it('renews its token by the refresh token, and signs in anew when that is gone', async () => {
    await connect();
    bot.expire();
    await bot.until(() => bot.refreshes >= 1);
    bot.restart();
    await bot.until(() => bot.signIns >= 2);
  });

  it('listens: a fill becomes a trade’s telemetry, a protection an alert', async () => {
    await connect();
    await bot.until(() => [...bot.listeners.values()].some((topics) => topics.size === 11));
    bot.publish('exit_fill', { trade_id: 'x', pair: null });
    bot.publish('protection_trigger', { pair: 'BTC/USDT', reason: 'StoplossGuard' });
    await terminal.until(() => 'engine:bot:protection_trigger' in alerts());
    expect(alerts()['engine:bot:protection_trigger']).toMatchObject({ severity: 'P2' });
  });

  it('a live bot is live', async () => {
    bot.dryRun = false;
    await connect();
    expect(engine()?.environment).toBe('live');
  });
});

describe('several bots at once', () => {
  let second: FakeFreqtrade;
  let other: ReturnType<typeof startFreqtrade>;
  beforeEach(async () => {
    second = await FakeFreqtrade.start();
    other = startFreqtrade(gateway.port, second.address, { id: 'bot-2', name: 'Bot 2' });
    await connect();
    await terminal.until(() => terminal.ops.engines['bot-2']?.connected === true);
  });
  afterEach(async () => {
    other.stop();
    await second.stop();
  });
  const isFlat = (id: string) => terminal.ops.chains[id]?.flatAt != null;

  it('are stopped side by side, each by its own trades; one that hangs holds up no other', async () => {
    bot.open('BTC/USDT');
    second.open('BTC/USDT', 'ETH/USDT');
    // Coins that one of them traded are nothing of the other's.
    second.closed = ['ADA/USDT'];
    bot.coins.set('ADA', 3);
    second.hangs.add('*');
    terminal.kill();
    await terminal.until(() => isFlat('bot'));
    expect(kill()).toMatchObject({ haltedAt: null, flatAt: null });
    expect(isFlat('bot-2')).toBe(false);
    second.hangs.clear();
    await terminal.until(flat);
    expect([...bot.sold.values(), ...second.sold.values()]).toEqual([2, 2, 2]);
    expect([bot.takesEntries(), second.takesEntries()]).toEqual([false, false]);
  });

  it('a kill of one leaves the other alone', async () => {
    bot.open('BTC/USDT');
    second.open('BTC/USDT');
    await terminal.give('kill', {
      ...{ scope: { kind: 'engines', engines: ['bot-2'] }, reason: 'uno', origin },
      ...{ closePositions: true, notifyTeam: false },
    });
    await terminal.until(() => isFlat('bot-2'));
    expect(second.trades).toEqual([]);
    expect(bot.trades).toHaveLength(1);
    expect(bot.takesEntries()).toBe(true);
    expect(bot.count('POST /stopentry')).toBe(0);
  });
});

describe('the dead-man switch', () => {
  it.each([
    ['pause', 1],
    ['flatten', 0],
  ] as const)('in silence it does what it is for: %s', async (action, open) => {
    await gateway.stop();
    const engines = { ...quickPolicy.engines, deadManMs: 600, deadManActionOf: { bot: action } };
    const policies = withOperations({ ...quickPolicy, engines } as typeof quickPolicy);
    gateway = await openGateway(dir.path, 'paper', 0, { policies });
    terminal = await TestTerminal.open(gateway.port);
    bot.open('BTC/USDT');
    await connect();
    await terminal.until(() => engine()?.confirmedMode === 'normal');
    const { port } = gateway;
    await gateway.stop();
    await bot.until(() => !bot.takesEntries());
    if (action === 'flatten') await bot.until(() => bot.trades.length === 0);
    else await bot.turns(4);
    expect(bot.trades).toHaveLength(open);
    expect(bot.count('POST /stop')).toBe(0);
    gateway = await openGateway(dir.path, 'paper', port, { policies });
    terminal = await TestTerminal.open(port);
    await terminal.until(() =>
      terminal.events.some(
        ({ type, data }) => type === 'engine.connected' && data.selfPausedAt !== null,
      ),
    );
    await terminal.until(() => engine()?.confirmedMode === 'normal');
    expect(bot.takesEntries()).toBe(true);
    expect(terminal.types()).not.toContain('engine.outside_change');
  });
});
