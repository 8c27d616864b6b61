import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { seededRandom } from '../../../src/gateway/engines/paper/market';
import type { Gateway } from '../../../src/gateway/gateway';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { ENGINE_SUBPROTOCOL, PATHS, TERMINAL_SUBPROTOCOL } from '../../../src/shared/protocol/wire';
import { newDataDir, openGateway } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { TestTerminal } from '../../support/testTerminal';

const FRAMES_PER_SOCKET = 100_000;
const FRAMES_PER_CONNECTION = 900;

/** Real messages, as the documents show them, for the fuzzer to damage. */
const corpus = ['protocol.md', 'engines.md'].flatMap((file) => {
  const text = readFileSync(resolve(import.meta.dirname, '../../../docs', file), 'utf8');
  return [...text.matchAll(/```json \S+\n(.*?)\n```/gs)].map(([, body]) => body ?? '');
});
const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '\u202egnp.exe',
  '\u0000',
  '\ud800',
  '😀'.repeat(50),
];

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

/** One damaged frame: bytes changed, cut, doubled, members swapped for hostile ones, or plain noise. */
function damaged(random: () => number): string {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const base = pick(corpus);
  switch (Math.floor(random() * 6)) {
    case 0:
      return base.slice(0, Math.floor(random() * base.length));
    case 1: {
      const at = Math.floor(random() * base.length);
      return base.slice(0, at) + String.fromCharCode(random() * 256) + base.slice(at + 1);
    }
    case 2:
      return base + base;
    case 3:
      return base.replace(/"[^"]*"(?=[,}\]])/, () => JSON.stringify(pick(HOSTILE)));
    case 4:
      return base.replace(/\d+/, () =>
        pick(['-1', '1e400', '9007199254740993', 'null', '{}', '[[[[']),
      );
    default:
      return String.fromCharCode(
        ...Array.from({ length: 1 + random() * 60 }, () => random() * 65_536),
      );
  }
}

async function bombard(
  path: string,
  protocol: string,
  token: string,
  seed: number,
): Promise<number> {
  const random = seededRandom(seed);
  let sent = 0;
  while (sent < FRAMES_PER_SOCKET) {
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, protocol, { headers });
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'open');
    const hello = { type: 'hello', terminal: { id: 'f', name: 'f', version: '1' }, time: 1 };
    const engine = { id: 'fuzz', name: 'f', kind: 'f', environment: 'paper', software: 'f' };
    const register = { type: 'register', engine: { ...engine, instruments: [] } };
    const known = { ...register, mode: 'normal', selfPausedAt: null, time: 1 };
    // Known first: what is refused at the door is not read.
    socket.send(JSON.stringify(protocol === TERMINAL_SUBPROTOCOL ? hello : known));
    for (let count = 0; count < FRAMES_PER_CONNECTION && socket.readyState === 1; count += 1) {
      socket.send(damaged(random), { binary: random() < 0.05 });
      sent += 1;
    }
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  }
  return sent;
}

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
      expect(await bombard(path, protocol, token, 11)).toBeGreaterThanOrEqual(FRAMES_PER_SOCKET);
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
