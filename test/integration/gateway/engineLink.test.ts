import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  createEngineLink,
  type EngineLink,
  type LinkedEngine,
} from '../../../src/gateway/engines/client/link';
import type { Mode } from '../../../src/shared/telemetry/types';

const SILENCE_MS = 3_000;
const DEAD_MAN_MS = 10_000;
/** Longer than from one look of the link to the next. */
const LOOK_MS = 300;

let servers: WebSocketServer[];
let link: EngineLink;
/** The link's clock: it stands but for what a test adds. */
let uptime: number;
let stopped: Promise<string>;
let deadMen: number;
let look: () => void = () => undefined;

beforeEach(() => {
  servers = [0, 1].map(() => new WebSocketServer({ host: '127.0.0.1', port: 0 }));
  uptime = 0;
  deadMen = 0;
});
afterEach(async () => {
  link.stop();
  for (const server of servers) {
    for (const client of server.clients) client.terminate();
    await new Promise((closed) => server.close(closed));
  }
});

/** An engine that knows these gateways. */
async function connectTo(known: readonly WebSocketServer[]): Promise<void> {
  for (const server of known) if (!server.address()) await once(server, 'listening');
  const ports = known.map((server) => (server.address() as AddressInfo).port);
  let tell: (what: string) => void = () => undefined;
  stopped = new Promise((done) => {
    tell = done;
  });
  let mode: Mode = 'paused';
  const about = { id: 'e', name: 'e', kind: 'fake', environment: 'paper' as const };
  const engine: LinkedEngine = {
    get mode() {
      return mode;
    },
    now: () => 1,
    register: () => ({
      engine: { ...about, instruments: ['USD/COP'], software: 'test' },
      ...{ loaded: null, available: [] },
    }),
    setMode(next) {
      mode = next;
    },
    ...{ beginSession: () => undefined, operate: () => undefined },
    ...{ query: () => null, cards: () => [] },
    deadMan() {
      deadMen += 1;
      mode = 'paused';
    },
  };
  link = createEngineLink({
    gateway: ports.map((port) => `ws://127.0.0.1:${port}`).join(),
    ...{ token: 'engine-token', random: () => 0 },
    uptime() {
      look();
      return uptime;
    },
    say(text) {
      if (text.startsWith('heard nothing')) tell(text);
    },
    onRefused: () => undefined,
  });
  link.attach(engine);
}

/** The next socket that an engine registers on, at a gateway that answers its pings or hears none. */
async function registering(server: WebSocketServer | undefined, hears = true): Promise<WebSocket> {
  const [socket] = (await once(server as WebSocketServer, 'connection')) as [WebSocket];
  socket.on('message', (data) => {
    const { type, time } = JSON.parse(String(data)) as { type: string; time: number };
    if (type === 'ping' && hears) tell(socket, { type: 'pong', time: 1, echo: time });
  });
  await once(socket, 'message');
  return socket;
}

/** The next ping of an engine. */
const pinged = (socket: WebSocket) => hearing(socket, 'ping');

/** Resolves with the engine's next message of a type, or with `closed` where it has left instead. */
async function hearing(socket: WebSocket, wanted: string): Promise<string> {
  let hear: (data: unknown) => void = () => undefined;
  let leave: () => void = () => undefined;
  try {
    return await new Promise<string>((done) => {
      leave = () => done('closed');
      hear = (data) => {
        if ((JSON.parse(String(data)) as { type: string }).type === wanted) done(wanted);
      };
      socket.on('message', hear).on('close', leave);
    });
  } finally {
    socket.off('message', hear).off('close', leave);
  }
}

/** Takes the engine, and returns once it has gone by that: a ping is answered after it. */
async function take(socket: WebSocket, deadManMs = DEAD_MAN_MS, heartbeatMs = 1_000) {
  const times = { deadManMs, deadManAction: 'pause', heartbeatMs };
  tell(socket, { type: 'registered', gatewayId: 'g', time: 1, mode: 'normal', ...times });
  await ping(socket);
}

/** Resolves with `pong`, or `closed` where the engine has left instead. */
function ping(socket: WebSocket): Promise<string> {
  const answered = hearing(socket, 'pong');
  tell(socket, { type: 'ping', time: 1 });
  return answered;
}

function tell(socket: WebSocket, message: object): void {
  socket.send(JSON.stringify(message));
}

/** Resolves once the link has looked at its clock, and has left its gateway if that was what it saw. */
async function looked(): Promise<void> {
  await new Promise<void>((done) => {
    look = done;
  });
  await new Promise((turn) => setImmediate(turn));
}

it('the dead man counts from the last word of a gateway that took the engine, over a handover', async () => {
  const [first, second] = servers;
  const placed = registering(first);
  await connectTo(servers);
  await take(await placed);
  const moved = registering(second);
  uptime = SILENCE_MS;
  const there = await moved;
  expect(deadMen).toBe(0);
  // A word, but not that the engine is taken.
  expect(await ping(there)).toBe('pong');
  uptime = DEAD_MAN_MS;
  expect(await stopped).toBe(`heard nothing from the gateway for ${DEAD_MAN_MS} ms: pause`);
});

it('registered at the next, its dead man counts from there', async () => {
  const [first, second] = servers;
  const placed = registering(first);
  await connectTo(servers);
  await take(await placed);
  const moved = registering(second);
  uptime = SILENCE_MS;
  await take(await moved);
  const back = registering(first);
  uptime = DEAD_MAN_MS;
  await back;
  expect(deadMen).toBe(0);
});

it('three heartbeats where those are longer', async () => {
  const [first, second] = servers;
  const placed = registering(first);
  await connectTo(servers);
  const at = await placed;
  await take(at, DEAD_MAN_MS, 2_000);
  uptime = 5_999;
  await looked();
  expect(await ping(at)).toBe('pong');
  const moved = registering(second);
  uptime += 6_000;
  await moved;
});

it('with one address a silent gateway is left after the dead man’s time, as ever', async () => {
  const [only] = servers;
  const placed = registering(only);
  await connectTo([only as WebSocketServer]);
  const at = await placed;
  await take(at);
  uptime = DEAD_MAN_MS - 1;
  await looked();
  expect(await ping(at)).toBe('pong');
  const again = registering(only);
  uptime += DEAD_MAN_MS;
  await again;
  expect(deadMen).toBe(1);
});

it('a gateway that speaks and answers no ping is left like a silent one, before the dead man', async () => {
  const [first, second] = servers;
  const placed = registering(first, false);
  await connectTo(servers);
  const at = await placed;
  await take(at, DEAD_MAN_MS, 100);
  await pinged(at);
  uptime = SILENCE_MS - 1;
  await looked();
  // It hears what it says, and goes on hearing it.
  expect(await ping(at)).toBe('pong');
  const moved = registering(second);
  uptime = SILENCE_MS;
  await take(await moved);
  expect(deadMen).toBe(0);
});

it('a gateway that answers each ping is kept, however many there were', async () => {
  const [first, second] = servers;
  const placed = registering(first);
  await connectTo(servers);
  const at = await placed;
  await take(at, DEAD_MAN_MS, 100);
  let moved = false;
  second?.once('connection', () => {
    moved = true;
  });
  for (let time = 1_000; time < 3 * SILENCE_MS; time += 1_000) {
    await pinged(at);
    uptime = time;
    // Answered in its turn: what was asked before has its answer too.
    expect(await ping(at)).toBe('pong');
    await looked();
  }
  expect(moved).toBe(false);
});

it('what came while the engine was held up is read before its gateway is called silent', async () => {
  const [first] = servers;
  const placed = registering(first);
  await connectTo(servers);
  const at = await placed;
  await take(at);
  uptime = SILENCE_MS;
  const answered = ping(at);
  const until = performance.now() + LOOK_MS;
  while (performance.now() < until);
  expect(await answered).toBe('pong');
});
