import { afterEach, beforeEach, expect, it } from 'vitest';
import { createEventFrames } from '../../../src/gateway/eventFrames';
import type { Gateway } from '../../../src/gateway/gateway';
import { MAX_FRAME_BYTES } from '../../../src/shared/protocol/wire';
import { newDataDir, openGateway } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { closedTrade } from '../../support/lineage';
import { artifact } from '../../support/models';
import { TestTerminal } from '../../support/testTerminal';

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
let engine: FakeEngine;
let terminal: TestTerminal;
const CLOSED = Date.parse('2026-03-02T15:00:00Z');

beforeEach(async () => {
  dir = newDataDir();
  engine = new FakeEngine('e1', 0);
  engine.models = [artifact('m1')];
  await start();
});
afterEach(async () => {
  await stop();
  dir.remove();
});

async function start(): Promise<void> {
  gateway = await openGateway(dir.path);
  terminal = await TestTerminal.open(gateway.port);
  await engine.connect(gateway.port);
}
async function stop(): Promise<void> {
  engine.disconnect();
  terminal.socket.terminate();
  await gateway.stop();
}

const close = (...ids: string[]) =>
  engine.close(ids.map((tradeId) => ({ tradeId, pnl: 1, closedAt: CLOSED })));
const recorded = () => terminal.events.filter(({ type }) => type === 'trades.closed');
const ids = () =>
  recorded().flatMap(({ data }) =>
    (data.trades as unknown as { tradeId: string }[]).map(({ tradeId }) => tradeId),
  );

it('what an engine closes is on record in one event, by the engine', async () => {
  close('t1', 't2');
  close('t2', 't3');
  await terminal.until(() => recorded().length === 1);
  const [event] = recorded();
  expect(event).toMatchObject({
    actor: { id: 'e1', role: 'engine', terminal: null },
    data: { engine: 'e1', missed: 0 },
  });
  expect(ids()).toEqual(['t1', 't2', 't3']);
  const [first] = (event?.data.trades ?? []) as object[];
  expect(first).toEqual({
    ...{ tradeId: 't1', model: 'm1', instrument: 'USD/COP', side: 'long', quantity: 1, pnl: 1 },
    ...{ currency: 'USD', entryPrice: 4_000, exitPrice: 4_001 },
    ...{ openedAt: CLOSED - 60_000, closedAt: CLOSED },
  });
});

it('what waits when the gateway stops is recorded, and what is said again after a restart is not', async () => {
  close('t1');
  // Heard, and not recorded yet.
  engine.alert('heard');
  await terminal.until(() => terminal.events.some(({ type }) => type === 'alert.raised'));
  expect(recorded()).toEqual([]);
  await stop();
  await start();
  await terminal.until(() => recorded().length === 1);
  close('t1', 't2');
  await terminal.until(() => recorded().length === 2);
  expect(ids()).toEqual(['t1', 't2']);
  expect(gateway.log.state().engines.e1?.connected).toBe(true);
});

it('a trade closed when no calendar has a day is refused, and ends nothing', async () => {
  engine.close([{ tradeId: 't1', pnl: 1, closedAt: 8.65e15 }]);
  engine.alert('heard');
  await terminal.until(() => terminal.events.some(({ type }) => type === 'alert.raised'));
  expect(engine.errors).toEqual([expect.stringContaining('telemetry')]);
});

it('many large events are sent in frames that a terminal takes', async () => {
  const trades = Array.from({ length: 25 }, (_, n) =>
    closedTrade(`${n}`.padEnd(128, 'é'), n, { instrument: 'i'.repeat(128) }),
  );
  const data = { engine: 'e1', trades, missed: 0 };
  const before = gateway.log.savedHead().seq;
  gateway.log.append(
    ...Array.from({ length: 150 }, () => ({ type: 'trades.closed', data }) as const),
  );
  const frames = createEventFrames(gateway.log);
  const whole = await frames.from(before + 1);
  expect(Buffer.byteLength(whole?.text ?? '')).toBeLessThanOrEqual(MAX_FRAME_BYTES);
  expect(whole?.count).toBeLessThan(150);
  const later = await TestTerminal.open(gateway.port);
  await later.until(() => later.ops.seq >= before + 150);
  later.socket.terminate();
});
