import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LinkProxy, openProxy } from '../../chaos/proxy';

let server: Server;
let proxy: LinkProxy;
/** What arrived, in order of arrival over all connections. */
let arrived: string[];
let pieces: number[];
const clients: Socket[] = [];
let holds: number[];

beforeEach(async () => {
  arrived = [];
  pieces = [];
  holds = [];
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      pieces.push(bytes.length);
      arrived.push(String(bytes));
      socket.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Each connection takes two: one each way.
  proxy = await openProxy(() => holds.shift() ?? 0);
  proxy.target((server.address() as AddressInfo).port);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  server.close();
});

async function dial(): Promise<Socket> {
  const client = connect({ port: proxy.port, host: '127.0.0.1' });
  clients.push(client);
  client.on('error', () => undefined);
  await once(client, 'connect');
  return client;
}

it('passes what it is sent, both ways', async () => {
  const client = await dial();
  client.write('hola');
  expect(String((await once(client, 'data'))[0])).toBe('hola');
});

it('halves: one frame arrives in parts', async () => {
  proxy.set({ kind: 'halve', bytesPerTick: 10 });
  const client = await dial();
  client.write('x'.repeat(100));
  await expect.poll(() => arrived.join('').length).toBe(100);
  expect(pieces.length).toBeGreaterThan(1);
});

it('reorders between connections: the later one overtakes', async () => {
  holds = [1, 0, 0, 0];
  proxy.set({ kind: 'reorder', maxMs: 200 });
  const [slow, quick] = [await dial(), await dial()];
  slow.write('first');
  quick.write('second');
  await expect.poll(() => arrived).toEqual(['second', 'first']);
});

it('stalls with the connection open, and goes on', async () => {
  const client = await dial();
  proxy.set({ kind: 'stall' });
  client.write('x');
  expect(arrived).toEqual([]);
  proxy.set({ kind: 'none' });
  await expect.poll(() => arrived).toEqual(['x']);
});

it('stalls one way and passes the other', async () => {
  const client = await dial();
  proxy.set({ kind: 'stall', way: 'back' });
  client.write('x');
  await expect.poll(() => arrived).toEqual(['x']);
  expect(client.bytesRead).toBe(0);
  proxy.set({ kind: 'stall', way: 'onward' });
  expect(String((await once(client, 'data'))[0])).toBe('x');
  client.write('y');
  proxy.set({ kind: 'none' });
  await expect.poll(() => arrived).toEqual(['x', 'y']);
});

it('cuts what is open and refuses what is new', async () => {
  const client = await dial();
  const closed = once(client, 'close');
  proxy.cut();
  await closed;
  proxy.set({ kind: 'refuse' });
  const other = await dial();
  await once(other, 'close');
});
