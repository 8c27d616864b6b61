import { afterEach, beforeEach, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { Gateway } from '../../../src/gateway/gateway';
import { ENGINE_SUBPROTOCOL, PATHS } from '../../../src/shared/protocol/wire';
import { newDataDir, openGateway, quickPolicy, withOperations } from '../../support/desk';
import { TestTerminal } from '../../support/testTerminal';

const HOUR_MS = 3_600_000;
const LOST_AFTER_MS = 60_000;

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
let clockAhead: number;
let uptimeAhead: number;

beforeEach(async () => {
  dir = newDataDir();
  clockAhead = 0;
  uptimeAhead = 0;
  const engines = { ...quickPolicy.engines, heartbeatMs: 10, lostAfterMs: LOST_AFTER_MS };
  gateway = await openGateway(dir.path, 'paper', 0, {
    policies: withOperations({ ...quickPolicy, engines }),
    clock: () => Date.now() + clockAhead,
    uptime: () => performance.now() + uptimeAhead,
  });
});
afterEach(async () => {
  await gateway.stop();
  dir.remove();
});

/** An engine that registers and says no more; it counts the pings it is sent. */
function muteEngine() {
  let pings = 0;
  let wake: () => void = () => undefined;
  const socket = new WebSocket(
    `ws://127.0.0.1:${gateway.port}${PATHS.engine}`,
    ENGINE_SUBPROTOCOL,
    {
      headers: { authorization: 'Bearer engine-token' },
    },
  );
  socket.on('error', () => undefined);
  socket.on('open', () => {
    const about = { id: 'mute', name: 'mute', kind: 'fake', environment: 'paper' };
    const engine = { ...about, instruments: ['USD/COP'], software: 'test' };
    const message = { type: 'register', engine, mode: 'paused', selfPausedAt: null, time: 1 };
    socket.send(JSON.stringify(message));
  });
  socket.on('message', (data) => {
    if ((JSON.parse(String(data)) as { type: string }).type !== 'ping') return;
    pings += 1;
    wake();
  });
  return {
    socket,
    async pinged(more: number): Promise<void> {
      const wanted = pings + more;
      while (pings < wanted) {
        await new Promise<void>((next) => {
          wake = next;
        });
      }
    },
  };
}

it('an engine is lost by its silence, whatever the wall clock is set to', async () => {
  const terminal = await TestTerminal.open(gateway.port);
  const engine = muteEngine();
  await terminal.until(() => terminal.ops.engines.mute?.connected === true);
  clockAhead = HOUR_MS;
  await engine.pinged(3);
  expect(terminal.types()).not.toContain('engine.lost');
  clockAhead = -HOUR_MS;
  uptimeAhead = LOST_AFTER_MS;
  await terminal.until(() => terminal.types().includes('engine.lost'));
  terminal.socket.terminate();
  engine.socket.terminate();
});
