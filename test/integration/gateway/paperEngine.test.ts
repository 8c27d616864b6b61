import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runPaperEngine } from '../../../src/gateway/engines/paper/run';
import type { Gateway } from '../../../src/gateway/gateway';
import type { Fault } from '../../../src/shared/protocol/engine';
import { openProxy } from '../../chaos/proxy';
import { newDataDir, openGateway, quickPolicy, withOperations } from '../../support/desk';
import { hasRealBars, REAL_BARS } from '../../support/realBars';
import { TestTerminal } from '../../support/testTerminal';

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
let terminal: TestTerminal;
let running: ReturnType<typeof runPaperEngine>;

beforeEach(async () => {
  dir = newDataDir();
  gateway = await openGateway(dir.path);
  terminal = await TestTerminal.open(gateway.port);
  running = runPaperEngine(
    {
      gateway: `ws://127.0.0.1:${gateway.port}`,
      token: 'engine-token',
      id: 'paper-1',
      name: 'Motor papel',
      speed: 60_000,
      seed: 7,
      ...(hasRealBars ? { barsFile: REAL_BARS } : {}),
    },
    () => undefined,
  );
  await terminal.until(() => terminal.ops.engines['paper-1']?.connected === true);
});
afterEach(async () => {
  running.stop();
  await gateway.stop();
  dir.remove();
});

/** Resolves once the engine holds a position: bars come every 5 ms. */
async function holding(): Promise<void> {
  while (running.engine.book.position === 0) await new Promise((turn) => setImmediate(turn));
}

async function setFault(fault: Fault): Promise<void> {
  terminal.command('engine.fault', { engine: 'paper-1', fault, reason: 'simulacro' });
  while (running.engine.fault !== fault) await new Promise((turn) => setImmediate(turn));
}

const flat = () => terminal.ops.kills[0]?.flatAt != null;
const totalOf = (map: ReadonlyMap<string, number>) => [...map.values()].reduce((a, b) => a + b, 0);

describe('the paper engine', () => {
  it('trades the bars, is killed flat and stays so', async () => {
    await holding();
    terminal.kill();
    await terminal.until(flat);
    expect(running.engine.book.position).toBe(0);
    expect(running.engine.mode).toBe('killed');
    expect(totalOf(running.engine.closings)).toBeLessThanOrEqual(100_000);
  });

  it('pauses: finishes what is open, opens nothing new', async () => {
    await holding();
    terminal.command('pause', { scope: { kind: 'all' }, reason: 'almuerzo', origin: 'panel' });
    await terminal.until(() => terminal.ops.engines['paper-1']?.confirmedMode === 'paused');
    expect(running.engine.mode).toBe('paused');
  });

  it.each<Fault>(['duplicate_answers', 'reorder_answers', 'clock_skew', 'nan_figures', 'rate_10x'])(
    'is killed flat, once, under the fault %s',
    async (fault) => {
      await holding();
      await setFault(fault);
      await holding();
      terminal.kill();
      await terminal.until(flat);
      expect(running.engine.book.position).toBe(0);
      expect(totalOf(running.engine.closings)).toBeLessThanOrEqual(100_000);
      expect(gateway.log.health().storeError).toBeNull();
    },
  );

  it('success_but_open: never flat while it is not, swept until it is', async () => {
    await setFault('success_but_open');
    await holding();
    terminal.kill();
    await terminal.until(() => (terminal.ops.chains['paper-1']?.round ?? 0) >= 3);
    expect(flat()).toBe(false);
    await setFault('none');
    await terminal.until(flat);
    expect(running.engine.book.position).toBe(0);
  });

  it('late_fill: the word flat is taken back and the fill is swept', async () => {
    await setFault('late_fill');
    terminal.kill();
    await terminal.until(() => terminal.types().includes('kill.reopened'));
    await terminal.until(() => flat() && running.engine.book.position === 0);
  });

  it('reject_cancel: the order that works on is seen, not forgotten', async () => {
    await setFault('reject_cancel');
    terminal.kill();
    await terminal.until(
      () => (terminal.ops.chains['paper-1']?.held?.workingOrders.length ?? 0) > 0,
    );
    expect(flat()).toBe(false);
    await setFault('none');
    await terminal.until(flat);
  });

  it('hang: neither halted nor flat, and asked about until it answers', async () => {
    await setFault('hang');
    terminal.kill();
    await terminal.until(() => terminal.ops.desk.mode === 'killed');
    expect(terminal.ops.kills[0]).toMatchObject({ haltedAt: null, flatAt: null });
    await setFault('none');
    await terminal.until(flat);
  });

  it('disconnect_mid_flatten: asked by id when it is back, sold once', async () => {
    await setFault('disconnect_mid_flatten');
    await holding();
    terminal.kill();
    await terminal.until(() => terminal.types().includes('engine.lost'));
    await terminal.until(flat);
    expect(totalOf(running.engine.closings)).toBeLessThanOrEqual(100_000);
    expect(running.engine.book.position).toBe(0);
  });

  it('of several gateways it goes to the next when its own is gone, and back', async () => {
    running.stop();
    const other = newDataDir();
    let second = await openGateway(other.path);
    const { port } = second;
    const ports = [port, gateway.port];
    running = runPaperEngine(
      {
        gateway: ports.map((one) => `ws://127.0.0.1:${one}`).join(),
        ...{ token: 'engine-token', id: 'p3', name: 'p3', speed: 60_000, seed: 7 },
      },
      () => undefined,
    );
    let there = await TestTerminal.open(port);
    await there.until(() => there.ops.engines.p3?.connected === true);
    await second.stop();
    await terminal.until(() => terminal.ops.engines.p3?.connected === true);
    second = await openGateway(other.path, 'paper', port);
    there = await TestTerminal.open(port);
    await gateway.stop();
    await there.until(() => there.ops.engines.p3?.connected === true);
    running.stop();
    await second.stop();
    other.remove();
    gateway = await openGateway(dir.path);
  });

  it('goes to the next when its own says nothing more, before its dead man', async () => {
    running.stop();
    const proxy = await openProxy(() => 0);
    proxy.target(gateway.port);
    const other = newDataDir();
    const second = await openGateway(other.path);
    const there = await TestTerminal.open(second.port);
    const said: string[] = [];
    running = runPaperEngine(
      {
        gateway: [proxy.port, second.port].map((one) => `ws://127.0.0.1:${one}`).join(),
        ...{ token: 'engine-token', id: 'p4', name: 'p4', speed: 60_000, seed: 7 },
      },
      (text) => said.push(text),
    );
    await terminal.until(() => terminal.ops.engines.p4?.connected === true);
    const began = performance.now();
    proxy.set({ kind: 'stall' });
    await there.until(() => there.ops.engines.p4?.connected === true);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(there.ops.engines.p4?.selfPausedAt).toBeNull();
    expect(said).not.toContainEqual(expect.stringContaining('heard nothing'));
    expect(running.engine.mode).toBe('normal');
    running.stop();
    await proxy.close();
    await second.stop();
    other.remove();
  });

  it.each(['pause', 'flatten'] as const)(
    'in silence it does what it is for: %s',
    async (action) => {
      running.stop();
      const { port } = gateway;
      await gateway.stop();
      const engines = { ...quickPolicy.engines, deadManMs: 600, deadManActionOf: { p2: action } };
      const policies = withOperations({ ...quickPolicy, engines } as typeof quickPolicy);
      gateway = await openGateway(dir.path, 'paper', port, { policies });
      running = runPaperEngine(
        {
          ...{ gateway: `ws://127.0.0.1:${port}`, token: 'engine-token', id: 'p2', name: 'p2' },
          ...{ speed: 60_000, seed: 7 },
        },
        () => undefined,
      );
      await holding();
      await gateway.stop();
      while (running.engine.mode !== 'paused') await new Promise((turn) => setImmediate(turn));
      if (action === 'flatten') {
        while (running.engine.book.position !== 0) await new Promise((turn) => setImmediate(turn));
      }
      gateway = await openGateway(dir.path, 'paper', port, { policies });
      terminal = await TestTerminal.open(port);
      await terminal.until(() =>
        terminal.events.some(
          ({ type, data }) =>
            type === 'engine.connected' && data.engine === 'p2' && data.selfPausedAt !== null,
        ),
      );
    },
  );
});
