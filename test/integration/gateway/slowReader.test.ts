import { EventEmitter, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type ControlSessionOptions, serveControl } from '../../../src/gateway/controlSession';
import type { EngineHub, EngineListener } from '../../../src/gateway/engineHub';
import { createGuard } from '../../../src/gateway/guard';
import type { GatewayMetrics } from '../../../src/gateway/metrics';
import { createTelemetryFanout, type TelemetryFanout } from '../../../src/gateway/telemetryFanout';
import { EMPTY_LOG } from '../../../src/shared/log/event';
import { CLOSE } from '../../../src/shared/protocol/wire';
import type { TelemetryItem } from '../../../src/shared/telemetry/types';
import { quickPolicy } from '../../support/desk';

interface Message {
  readonly type: string;
  readonly dropped?: number;
  readonly batches?: { items: TelemetryItem[] }[];
}

/** Unread bytes above which a reader is slow. */
const SLOW_BYTES = 1_048_576;

let server: WebSocketServer;
let fanout: TelemetryFanout;
const clients: WebSocket[] = [];
const now = 1_000_000;
let seq = 0;
let engine: EngineListener;

afterEach(() => {
  for (const client of clients.splice(0)) client.terminate();
});

const counted = { sent: 0, dropped: 0 };
const refused: string[] = [];
const metrics = {
  frame: () => undefined,
  loopLag: () => undefined,
  telemetry(sent: number, dropped: number) {
    counted.sent += sent;
    counted.dropped += dropped;
  },
  refused: (kind: string, cause: string) => void refused.push(`${kind} ${cause}`),
  readQueues: () => undefined,
};
/** How far the process has fallen behind, for the fan-out. */
let jumpMs = 0;

/** A busy machine is late by itself: what a slow reader gets is looked at without the gateway's own giving way. */
const NEVER = Number.POSITIVE_INFINITY;

async function openFanout(shedAfterBeats = 3): Promise<void> {
  seq = 0;
  counted.sent = 0;
  counted.dropped = 0;
  refused.length = 0;
  const hub = {
    listen(listener: EngineListener) {
      engine = listener;
    },
  };
  const welcome = {
    ...{ gatewayId: 'g', epoch: 'e', head: EMPTY_LOG, time: now, environment: 'paper' as const },
    ...{ deskName: 'USD/COP', policyVersion: '1', publicKey: '', heartbeatMs: 1_000 },
  };
  fanout = createTelemetryFanout({
    hub: hub as unknown as EngineHub,
    policy: { ...quickPolicy, limits: { ...quickPolicy.limits, shedAfterBeats } },
    clock: () => now,
    uptime: () => performance.now() + jumpMs,
    guard: createGuard({
      limits: quickPolicy.limits,
      uptime: () => performance.now(),
      metrics: metrics as unknown as GatewayMetrics,
    }),
    metrics: metrics as unknown as GatewayMetrics,
    welcome: () => welcome,
    window: () => [],
  });
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) =>
    fanout.accept(socket, { id: 'ana', name: 'Ana', roles: ['trader'] }),
  );
  await once(server, 'listening');
}

function closeFanout(): void {
  fanout.stop();
  server.close();
}

/** A terminal on the telemetry socket, with all that it heard. */
async function reader(): Promise<{ socket: WebSocket; heard: Message[] }> {
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  clients.push(socket);
  const heard: Message[] = [];
  socket.on('message', (data) => heard.push(JSON.parse(String(data))));
  await once(socket, 'open');
  const terminal = { id: 't', name: 't', version: '1' };
  socket.send(JSON.stringify({ type: 'hello', terminal, time: 1 }));
  await once(socket, 'message');
  return { socket, heard };
}

/** Two thousand inferences and the equity behind them, as an engine sends them. */
function flood(): void {
  const items = Array.from({ length: 2_000 }, (): TelemetryItem => {
    seq += 1;
    const error = 'x'.repeat(200);
    return { kind: 'inference', seq, ts: 1, model: 'm', ok: false, latencyMs: 5, error };
  });
  seq += 1;
  const figures = { equity: seq, dayStartEquity: 1, dayPeakEquity: 1, realizedPnlToday: 1 };
  items.push({ kind: 'equity', seq, ts: 1, currency: 'USD', unrealizedPnl: 1, ...figures });
  engine.telemetry?.('e1', 's1', items);
}

const itemsOf = ({ heard }: { heard: Message[] }): TelemetryItem[] =>
  heard.flatMap(({ batches = [] }) => batches.flatMap(({ items }) => items));

/** Resolves once a reader has read the newest item there is. */
async function lastSeq(own: { socket: WebSocket; heard: Message[] }): Promise<void> {
  while (itemsOf({ heard: own.heard.slice(-20) }).at(-1)?.seq !== seq) {
    await once(own.socket, 'message');
  }
}

const is = (type: string) => (message: Message) => message.type === type;

describe('a terminal that does not read its telemetry', () => {
  afterEach(closeFanout);

  it('is told, gets what replaces and a count of the rest, and no other reader waits for it', async () => {
    await openFanout(NEVER);
    const slow = await reader();
    const quick = await reader();
    slow.socket.pause();
    const [own] = server.clients;
    // The quick one has read all there is before more comes: what it does not wait for is the slow one.
    while ((own?.bufferedAmount ?? 0) <= SLOW_BYTES) {
      flood();
      await lastSeq(quick);
    }
    const before = own?.bufferedAmount ?? 0;
    flood();
    await lastSeq(quick);
    flood();
    await lastSeq(quick);
    // What came since is not piled up for the slow one.
    expect(own?.bufferedAmount ?? 0).toBeLessThan(before + 1_000);
    slow.socket.resume();
    await expect.poll(() => slow.heard.filter(is('slow')).length).toBe(1);
    await expect.poll(() => slow.heard.some(is('conflated'))).toBe(true);
    await lastSeq(slow);
    // Every item came or was counted: a gap is known for what it is.
    const came = itemsOf(slow).length;
    const counted = slow.heard.reduce((sum, { dropped = 0 }) => sum + dropped, 0);
    expect(came + counted).toBe(seq);
    expect(counted).toBeGreaterThan(0);
    expect(quick.heard.some(is('slow'))).toBe(false);
  });

  it('is closed with the documented code when it goes on', async () => {
    await openFanout(NEVER);
    const slow = await reader();
    const quick = await reader();
    slow.socket.pause();
    const [own] = server.clients;
    while ((own?.bufferedAmount ?? 0) <= SLOW_BYTES) {
      flood();
      await lastSeq(quick);
    }
    const closed = once(slow.socket, 'close');
    const before = own?.bufferedAmount ?? 0;
    flood();
    await expect.poll(() => (own?.bufferedAmount ?? 0) > before).toBe(true);
    jumpMs += 31_000;
    await expect.poll(() => own?.readyState).toBe(WebSocket.CLOSING);
    slow.socket.resume();
    const [code] = await closed;
    expect(code).toBe(CLOSE.slowConsumer);
    expect(refused).toEqual(['telemetry slow_consumer']);
  });
});

describe('a terminal that does not read its log', () => {
  it('is cut off with the documented code, once, and that is counted', async () => {
    refused.length = 0;
    const closed: number[] = [];
    const socket = Object.assign(new EventEmitter(), {
      ...{ OPEN: 1, readyState: 1, bufferedAmount: 0, send: () => undefined },
      close(code: number) {
        closed.push(code);
        this.readyState = 2;
      },
    });
    const never = () => () => undefined;
    const log = {
      ...{ onSaved: never, onHealth: never, onCheckpoint: never, append: () => [] },
      ...{ health: () => ({}), lastCheckpoint: () => null, hashAt: () => EMPTY_LOG.hash },
      ...{ state: () => ({ epoch: null }), savedHead: () => ({ seq: 1, hash: EMPTY_LOG.hash }) },
    };
    serveControl({
      ...{ socket, log, metrics: { ...metrics, subscriptions: () => undefined }, clock: () => now },
      ...{ operator: { id: 'ana', name: 'Ana', roles: ['trader'] }, tokenExpiresAt: null },
      ...{ commands: { follow: never }, policy: quickPolicy, welcome: () => ({}) },
      guard: { allowance: () => ({ take: () => true }) },
    } as unknown as ControlSessionOptions);
    const say = (message: object) =>
      socket.emit('message', Buffer.from(JSON.stringify(message)), false);
    say({ type: 'hello', terminal: { id: 't', name: 't', version: '1' }, time: 1 });
    socket.bufferedAmount = 65 * 1_048_576;
    const from = { epoch: null, fromSeq: 1, fromHash: EMPTY_LOG.hash };
    say({ type: 'subscribe', ...from });
    say({ type: 'subscribe', ...from });
    socket.emit('close');
    expect(closed).toContain(CLOSE.slowConsumer);
    expect(refused).toEqual(['control slow_consumer']);
  });
});

describe('a gateway that has fallen behind', () => {
  afterEach(closeFanout);

  it('gives telemetry up first: the newest of each kind goes out, the rest is counted', async () => {
    await openFanout(1);
    const quick = await reader();
    flood();
    jumpMs += 1_000;
    await lastSeq(quick);
    expect(itemsOf(quick).map(({ kind }) => kind)).toEqual(['equity']);
    expect(quick.heard.find(is('conflated'))?.dropped).toBe(2_000);
    expect(counted).toEqual({ sent: 1, dropped: 2_000 });
    // Once it keeps up again everything goes out.
    flood();
    await lastSeq(quick);
    expect(counted).toEqual({ sent: 2_002, dropped: 2_000 });
  });

  it('leaves nothing out for one beat that came late', async () => {
    await openFanout();
    const quick = await reader();
    flood();
    jumpMs += 1_000;
    await lastSeq(quick);
    expect(counted).toEqual({ sent: 2_001, dropped: 0 });
  });
});
