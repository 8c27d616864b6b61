import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { Gateway } from '../../../src/gateway/gateway';
import { createWatcher, type Watcher } from '../../../src/main/monitor/watcher';
import { watchOf } from '../../../src/shared/monitor/watch';
import { parseFrame } from '../../../src/shared/protocol/frame';
import { telemetryReplies } from '../../../src/shared/protocol/terminal';
import { PATHS, TERMINAL_SUBPROTOCOL } from '../../../src/shared/protocol/wire';
import { newDataDir, openGateway, quickPolicies } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { artifact } from '../../support/models';
import { TestTerminal } from '../../support/testTerminal';

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
const engine = new FakeEngine('e1', 0);
engine.models = [artifact('m1')];

beforeEach(async () => {
  dir = newDataDir();
  gateway = await openGateway(dir.path);
});
afterEach(async () => {
  engine.disconnect();
  await gateway.stop();
  dir.remove();
});

/** The terminal's end of the telemetry socket, asking for the window as its thread does. */
async function listen(watcher: Watcher): Promise<{ socket: WebSocket; filled: Promise<void> }> {
  const socket = new WebSocket(
    `ws://127.0.0.1:${gateway.port}${PATHS.telemetry}`,
    TERMINAL_SUBPROTOCOL,
    { headers: { authorization: 'Bearer ana' } },
  );
  await once(socket, 'open');
  const filled = new Promise<void>((done) => {
    socket.on('message', (data) => {
      const frame = parseFrame(String(data), telemetryReplies);
      if (!frame.ok) throw new Error(frame.error.message);
      const message = frame.value;
      if (message.type === 'welcome') socket.send(JSON.stringify({ type: 'window' }));
      if (message.type === 'telemetry') {
        for (const { engine: id, items } of message.batches) watcher.feed(id, items, Date.now());
      }
      if (message.type !== 'window') return;
      watcher.window(message);
      if (message.last) done();
    });
  });
  const terminal = { id: 't-1', name: 'ana', version: 'test' };
  socket.send(JSON.stringify({ type: 'hello', terminal, time: Date.now() }));
  return { socket, filled };
}

it('a terminal that was cut off while a model failed sees what the gateway saw', async () => {
  await engine.connect(gateway.port);
  const ana = await TestTerminal.open(gateway.port);
  await ana.until(() => ana.ops.models.production === 'm1');
  const { monitor: policy } = quickPolicies;
  const watch = watchOf(ana.ops, policy.document, Date.now());
  const watcher = createWatcher(join(dir.path, 'terminal'), watch);
  const first = await listen(watcher);
  await first.filled;
  const samples = () => watcher.evaluate(Date.now(), 'view').checks.errorRate.samples;
  const heard = (count: number) =>
    new Promise<void>((done) => {
      const look = () => {
        if (samples() < count) return;
        first.socket.off('message', look);
        done();
      };
      first.socket.on('message', look);
      look();
    });
  engine.infer(12, true);
  await heard(12);
  first.socket.terminate();
  engine.infer(40, false);
  engine.infer(5, true);
  // The gateway has taken it all in once it answers for what was sent after it.
  engine.report({ model: 'm1', phase: 'backtest', metrics: FIGURES, shadowAgreement: null });
  await ana.until(() => ana.types().includes('model.metrics_reported'));
  expect(samples()).toBe(12);
  const second = await listen(watcher);
  await second.filled;
  expect(watcher.evaluate(Date.now(), 'view').checks.errorRate).toMatchObject({
    ...{ samples: 57, breaching: 40, outcome: 'breach' },
  });
  second.socket.terminate();
});

const FIGURES = { sharpe: 1, winRate: 0.5, maxDrawdown: 0.1, trades: 100 };
