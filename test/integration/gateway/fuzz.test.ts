import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/gateway/engines/paper/market';
import type { Gateway } from '../../../src/gateway/gateway';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { ENGINE_SUBPROTOCOL, PATHS, TERMINAL_SUBPROTOCOL } from '../../../src/shared/protocol/wire';
import { newDataDir, openGateway } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { bombard, HOSTILE } from '../../support/fuzz';
import { TestTerminal } from '../../support/testTerminal';

const FRAMES_PER_SOCKET = 100_000;

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;

beforeAll(async () => {
  dir = newDataDir();
  gateway = await openGateway(dir.path);
});
afterAll(async () => {
  await gateway.stop();
  const store = new SqliteEventStore(join(dir.path, 'log.db'), sha256);
  const verified = store.verify();
  store.close();
  dir.remove();
  expect(verified.ok).toBe(true);
});

describe('100,000 random and damaged frames at each socket', () => {
  it.each([
    [PATHS.control, TERMINAL_SUBPROTOCOL, 'ana'],
    [PATHS.telemetry, TERMINAL_SUBPROTOCOL, 'ana'],
    [PATHS.engine, ENGINE_SUBPROTOCOL, 'engine-token'],
  ])(
    'at %s: the gateway lives, loses no event, and still kills',
    async (path, protocol, token) => {
      const watcher = await TestTerminal.open(gateway.port);
      const engine = new FakeEngine(`honest${path}`, 50);
      await engine.connect(gateway.port);
      const where = { path, protocol, token };
      const sent = await bombard(gateway.port, where, FRAMES_PER_SOCKET, seededRandom(11));
      expect(sent).toBeGreaterThanOrEqual(FRAMES_PER_SOCKET);
      const already = watcher.ops.kills.length;
      watcher.kill({ scope: { kind: 'engines', engines: [engine.id] } });
      await watcher.until(() => watcher.ops.kills.length > already && engine.quantity === 0);
      watcher.events.forEach((event, index) => {
        expect(event.seq).toBe(index + 1);
      });
      engine.disconnect();
    },
    120_000,
  );
});

describe('hostile text', () => {
  it('is kept as text, cut where it is too long, and never breaks the chain', async () => {
    const terminal = await TestTerminal.open(gateway.port);
    const ids = [...HOSTILE, 'x'.repeat(1_000_000)].map((reason) => terminal.kill({ reason }));
    const asked = () =>
      terminal.events.filter(
        ({ type, commandId }) => type === 'kill.requested' && ids.includes(commandId ?? ''),
      );
    await terminal.until(() => asked().length === ids.length);
    const reasons = asked().map(({ reason }) => reason ?? '');
    expect(reasons).toContain(HOSTILE[0]);
    expect(reasons).toContain('\ufffd');
    expect(Math.max(...reasons.map(({ length }) => length))).toBeLessThanOrEqual(4_000);
    expect(reasons.some((reason) => reason.endsWith('[… 1000000 characters]'))).toBe(true);
  });

  it('a frame over the limit closes that socket alone', async () => {
    const terminal = await TestTerminal.open(gateway.port);
    const other = await TestTerminal.open(gateway.port);
    terminal.kill({ reason: 'x'.repeat(1_100_000) });
    await terminal.until(() => terminal.closedWith !== null);
    expect(terminal.closedWith).toBe(1009);
    other.send({ type: 'ping', time: 1 });
    other.kill();
    await other.until(() => other.answers.some(({ stage }) => stage === 'accepted'));
  });
});
