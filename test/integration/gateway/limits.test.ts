import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { createBucket } from '../../../src/gateway/guard';
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
