import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GATEWAY_LOST_MS, watchGateways } from '../../../src/gateway/cluster/acting';
import { leaseOf } from '../../../src/gateway/cluster/owning';
import type { Fact } from '../../../src/gateway/facts';
import type { GatewayLog } from '../../../src/gateway/log';

const LOOKS_MS = 2_000;

/** What a gateway sees of `sur`, which has an engine. */
let now = 0;
let heardAt = 0;
let lapsed = false;
let facts: Fact[] = [];
let stop = () => {};

beforeEach(() => {
  vi.useFakeTimers();
  [now, heardAt, lapsed, facts] = [1_000_000, 1_000_000, false, []];
  const engines = {
    e1: { id: 'e1', connected: true, node: 'sur', session: 's1' },
    e2: { id: 'e2', connected: true, node: 'norte', session: 's2' },
  };
  const log = {
    state: () => ({ engines }),
    append: (...some: Fact[]) => void facts.push(...some),
  } as unknown as GatewayLog;
  stop = watchGateways(log, {
    node: 'norte',
    peers: { silentMs: (node) => (node === 'sur' ? now - heardAt : Number.NaN) },
    leases: { lapsed: (name) => name === leaseOf('sur') && lapsed },
    ...{ uptime: () => now, clock: () => now },
  });
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

function pass(ms: number): void {
  for (let left = ms; left > 0; left -= 100) {
    now += 100;
    vi.advanceTimersByTime(100);
  }
}

it('one that is not heard, and whose lease has lapsed, is lost with its engines, and said to be once', () => {
  lapsed = true;
  pass(GATEWAY_LOST_MS - 100);
  expect(facts).toEqual([]);
  pass(1_000);
  const [first, second] = facts;
  expect(first).toMatchObject({ type: 'gateway.lost', data: { node: 'sur', cause: 'silent' } });
  expect(second).toMatchObject({ type: 'engine.lost', data: { engine: 'e1' } });
  pass(LOOKS_MS);
  expect(facts.filter(({ type }) => type === 'gateway.lost')).toHaveLength(1);
});

it('one that is heard is not, though the leases stand still', () => {
  lapsed = true;
  for (let beat = 0; beat < 20; beat += 1) {
    pass(LOOKS_MS / 4);
    heardAt = now;
  }
  expect(facts).toEqual([]);
});

it('one whose lease is renewed is not, though nobody hears it', () => {
  pass(10 * GATEWAY_LOST_MS);
  expect(facts).toEqual([]);
});

it('who was stopped itself waits until it would have heard the others', () => {
  lapsed = true;
  now += 60_000;
  pass(LOOKS_MS);
  expect(facts).toEqual([]);
  heardAt = now;
  pass(LOOKS_MS);
  expect(facts).toEqual([]);
});
