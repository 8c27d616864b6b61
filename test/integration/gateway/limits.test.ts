import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { Gateway } from '../../../src/gateway/gateway';
import { createBucket } from '../../../src/gateway/guard';
import {
  CLOSE,
  ENGINE_SUBPROTOCOL,
  PATHS,
  TERMINAL_SUBPROTOCOL,
} from '../../../src/shared/protocol/wire';
import { newDataDir, openGateway, quickPolicy, withOperations } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { ROOT } from '../../support/root';
import { TestTerminal } from '../../support/testTerminal';

let data: ReturnType<typeof newDataDir>;
let gateway: Gateway;
let open: TestTerminal[] = [];

beforeEach(async () => {
  data = newDataDir();
  const limits = {
    ...quickPolicy.limits,
    connections: 4,
    connectionsPerClient: 2,
    terminalFrames: { perSecond: 1, burst: 20 },
    engineFrames: { perSecond: 1, burst: 5 },
    requests: { perSecond: 1, burst: 10 },
  };
  gateway = await openGateway(data.path, 'paper', 0, {
    policies: withOperations({ ...quickPolicy, limits }),
  });
});
afterEach(async () => {
  for (const terminal of open) terminal.socket.terminate();
  open = [];
  await gateway.stop();
  data.remove();
});

const enter = async (token: string) => {
  const terminal = await TestTerminal.open(gateway.port, token);
  open.push(terminal);
  return terminal;
};
const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1) ?? Number.NaN);
};

describe('limits', () => {
  it('keeps out sockets above the number, of one client and in all; a kill by HTTP still comes in', async () => {
    await enter('ana');
    await enter('ana.2');
    await expect(enter('ana.3')).rejects.toThrow('refused');
    await enter('luis');
    await enter('eva');
    await expect(enter('pablo')).rejects.toThrow('refused');
    expect(await metric('vigia_connections{kind="control"}')).toBe(4);
    expect(await metric('vigia_subscriptions')).toBe(4);
    const refusedFor = (cause: string) =>
      metric(`vigia_refused_total{kind="control",cause="${cause}"}`);
    expect(await refusedFor('connections_of_client')).toBe(1);
    expect(await refusedFor('connections')).toBe(1);
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/operations/kill-switch`, {
      method: 'POST',
      headers: { authorization: 'Bearer pablo', 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'prueba', wait_for_proof: false }),
    });
    expect(answer.status).toBe(200);
    expect(gateway.log.state().desk.mode).toBe('killed');
    // A place that is left is free again.
    open.shift()?.socket.terminate();
    await expect.poll(() => metric('vigia_connections{kind="control"}')).toBe(3);
    await enter('ana.3');
  });

  it('refuses what comes too fast, says so, and lets a kill through all the same', async () => {
    const terminal = await enter('ana');
    for (let count = 0; count < 100; count += 1) terminal.send({ type: 'ping', time: count });
    const id = terminal.kill();
    await terminal.until(() => terminal.answers.some((one) => one.id === id));
    expect(terminal.errors.filter((code) => code === 'rate').length).toBeGreaterThan(70);
    await terminal.until(() => terminal.ops.desk.mode === 'killed');
    expect(await metric('vigia_refused_total{kind="control",cause="rate"}')).toBeGreaterThan(70);
    expect(await metric('vigia_command_answers_total{stage="accepted"}')).toBeGreaterThan(0);
  });

  it('leaves out an engine’s figures that come too fast, not its answers', async () => {
    const engine = new FakeEngine('e1', 100_000);
    await engine.connect(gateway.port);
    const terminal = await enter('ana');
    for (let count = 0; count < 200; count += 1) engine.reportEquity(1_000_000 + count);
    terminal.kill();
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    expect(engine.sold).toBe(100_000);
    expect(await metric('vigia_refused_total{kind="engine",cause="rate"}')).toBeGreaterThan(150);
    engine.disconnect();
  });
});

/** A socket of which nothing is said yet. */
async function bare(path: string, protocol: string, token: string): Promise<WebSocket> {
  const headers = { authorization: `Bearer ${token}` };
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, protocol, { headers });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return socket;
}
const SOCKETS = [
  ['control', PATHS.control, TERMINAL_SUBPROTOCOL, 'ana'],
  ['telemetry', PATHS.telemetry, TERMINAL_SUBPROTOCOL, 'ana'],
  ['engine', PATHS.engine, ENGINE_SUBPROTOCOL, 'engine-token'],
] as const;
const refusedFor = (kind: string, cause: string) =>
  metric(`vigia_refused_total{kind="${kind}",cause="${cause}"}`);
const http = (path: string, token: string, body?: string) =>
  fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });

describe('a client', () => {
  it('has one allowance over all its sockets; its kill comes through with nothing left of it', async () => {
    const [one, other] = [await enter('ana'), await enter('ana.2')];
    for (let count = 0; count < 100; count += 1) one.send({ type: 'ping', time: count });
    await one.until(() => one.errors.includes('rate'));
    const rated = () => other.errors.filter((code) => code === 'rate').length;
    // More than a busy second gives back.
    for (let count = 0; count < 30; count += 1) other.send({ type: 'query', id: randomUUID() });
    await other.until(() => rated() > 0);
    // Another operator's is untouched.
    const luis = await enter('luis');
    expect(luis.errors).toEqual([]);
    other.kill();
    await other.until(() => other.ops.desk.mode === 'killed');
  });

  it('finds on a new connection what the one before has left of it', async () => {
    const one = await enter('ana');
    for (let count = 0; count < 100; count += 1) one.send({ type: 'ping', time: count });
    await one.until(() => one.errors.includes('rate'));
    one.socket.terminate();
    await expect.poll(() => metric('vigia_connections{kind="control"}')).toBe(0);
    const before = await refusedFor('control', 'rate');
    const next = await enter('ana');
    // Of a burst of its own, of twenty, all of them would come through.
    for (let count = 0; count < 10; count += 1) next.send({ type: 'ping', time: count });
    await next.until(() => next.errors.includes('rate'));
    expect(await refusedFor('control', 'rate')).toBeGreaterThan(before);
  });

  it('calls by HTTP so often and no more; its kill is answered all the same, at both addresses', async () => {
    const ask = (path: string, times: number) =>
      Promise.all(Array.from({ length: times }, async () => (await http(path, 'ana')).status));
    const statuses = await ask('/operations/status', 30);
    expect(statuses).toContain(200);
    expect(statuses).toContain(429);
    expect(await refusedFor('http', 'rate')).toBe(statuses.filter((one) => one === 429).length);
    expect(await ask('/reports', 15)).toContain(429);
    expect((await http('/operations/status', 'luis')).status).toBe(200);
    for (const path of ['/operations/kill-switch', '/api/v1/operations/kill-switch']) {
      const body = JSON.stringify({ reason: 'prueba', wait_for_proof: false });
      expect((await http(path, 'ana', body)).status).toBe(200);
    }
    expect(gateway.log.state().kills).toHaveLength(2);
  });

  it('sends no body over a mebibyte, unless it is a kill: what is not read of it stops everything', async () => {
    const large = JSON.stringify({ reason: 'x'.repeat(2 * 1_048_576), scope: { kind: 'all' } });
    const refused = await http('/operations/pause', 'ana', large);
    expect(refused.status).toBe(413);
    expect(await refusedFor('http', 'too_large')).toBe(1);
    expect(gateway.log.state().desk.mode).toBe('normal');
    expect((await http('/operations/kill-switch', 'ana', large)).status).toBe(200);
    expect(gateway.log.state().desk.mode).toBe('killed');
  });

  it('that guesses tokens is counted apart from one that calls too often', async () => {
    const guess = (n: number) => http('/operations/status', `nobody${n}`);
    await Promise.all(Array.from({ length: 40 }, (_, n) => guess(n)));
    expect(await refusedFor('http', 'guessing')).toBeGreaterThan(0);
    expect(await refusedFor('http', 'unauthenticated')).toBeGreaterThan(0);
    await expect(TestTerminal.open(gateway.port, 'nobody')).rejects.toThrow('refused');
  });

  it('that sends a frame over a mebibyte is closed with 1009, on every kind of socket, and counted', async () => {
    for (const [kind, path, protocol, token] of SOCKETS) {
      const socket = await bare(path, protocol, token);
      const closed = once(socket, 'close');
      socket.send('x'.repeat(1_048_577));
      expect((await closed)[0]).toBe(1009);
      await expect.poll(() => refusedFor(kind, 'too_large')).toBe(1);
    }
  });

  it('that does not say who it is in time is closed and counted, on every kind of socket', async () => {
    const sockets = await Promise.all(
      SOCKETS.map(([, path, protocol, token]) => bare(path, protocol, token)),
    );
    const codes = await Promise.all(sockets.map((socket) => once(socket, 'close')));
    expect(codes.map(([code]) => code)).toEqual([CLOSE.timeout, CLOSE.timeout, CLOSE.timeout]);
    for (const [kind] of SOCKETS) expect(await refusedFor(kind, 'late')).toBe(1);
  });

  it('of telemetry asks for no more than its allowance, and what cannot be read is counted', async () => {
    const socket = await bare(PATHS.telemetry, TERMINAL_SUBPROTOCOL, 'ana');
    socket.send('{');
    await once(socket, 'message');
    expect(await refusedFor('telemetry', 'not_json')).toBe(1);
    for (let count = 0; count < 100; count += 1) {
      socket.send(JSON.stringify({ type: 'ping', time: count }));
    }
    await expect.poll(() => refusedFor('telemetry', 'rate')).toBeGreaterThan(70);
    socket.terminate();
  });

  it('that is an engine puts so many alerts a minute on the record; what is beyond is counted', async () => {
    const engine = new FakeEngine('e1', 0);
    await engine.connect(gateway.port);
    for (let count = 0; count < 150; count += 1) engine.alert(`k${count}`);
    await expect.poll(() => refusedFor('engine', 'records')).toBeGreaterThanOrEqual(20);
    engine.disconnect();
  });
});

describe('the dashboard and the documents', () => {
  it('name metrics that there are, and every one that there is', async () => {
    const text = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
    const there = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name as string);
    const named = (file: string) =>
      new Set(
        readFileSync(join(ROOT, file), 'utf8').match(/\b(?:vigia_[a-z_]+|process_[a-z_]+)\b/g),
      );
    expect([...named('resources/grafana/vigia-gateway.json')].sort()).toEqual([...there].sort());
    for (const name of there) expect(named('docs/operations.md')).toContain(name);
  });
});

describe('a bucket', () => {
  it('lets a burst through, then so many a second, and never saves more than a burst', () => {
    let now = 0;
    const bucket = createBucket(10, 5, () => now);
    const taken = () => {
      let count = 0;
      while (bucket.take()) count += 1;
      return count;
    };
    expect(taken()).toBe(5);
    now += 300;
    expect(taken()).toBe(3);
    now += 3_600_000;
    expect(taken()).toBe(5);
  });
});
