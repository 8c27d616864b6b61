import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Gateway, GatewayOptions } from '../../src/gateway/gateway';
import { openGateway } from '../support/desk';

/** A gateway in the test's own process and the way to it, which can be cut. */
export interface TestDesk {
  gateway(): Gateway;
  /** The terminal's `--config` for an operator, by way of the proxy, after other addresses. */
  config(operator?: string, before?: readonly string[]): string;
  /** Refuses sockets and cuts those that are open; HTTP goes on. */
  blockSockets(blocked: boolean): void;
  /** Ends the gateway as a crash would: its port answers nothing. */
  stopGateway(): Promise<void>;
  startGateway(): Promise<void>;
  /** The next gateway begins a log of its own. */
  forgetHistory(): void;
  close(): Promise<void>;
}

/** Opens a gateway behind a proxy that speaks HTTP and passes sockets on only while it is told to. */
export async function openDesk(change: Partial<GatewayOptions> = {}): Promise<TestDesk> {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-desk-'));
  let gateway: Gateway | null = await openGateway(folder, 'paper', 0, change);
  const { port } = gateway;
  let blocked = false;
  const open = new Set<{ destroy(): unknown }>();

  const proxy = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  proxy.on('upgrade', (incoming, socket, head) => {
    if (blocked) return socket.destroy();
    const { url, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port, path: url, headers });
    onward.on('error', () => socket.destroy());
    onward.on('response', () => socket.destroy());
    onward.on('upgrade', (answer, far, farHead) => {
      const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
      socket.write(farHead);
      far.write(head);
      socket.pipe(far).pipe(socket);
      for (const [one, other] of [
        [socket, far],
        [far, socket],
      ] as const) {
        open.add(one);
        one.on('error', () => undefined);
        one.on('close', () => {
          open.delete(one);
          other.destroy();
        });
      }
    });
    onward.end();
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  const address = `ws://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

  return {
    gateway() {
      if (!gateway) throw new Error('the gateway is stopped');
      return gateway;
    },
    config(operator = 'ana', before = []) {
      const file = join(folder, `${operator}.yaml`);
      const token = `${operator}.token-of-a-test`;
      writeFileSync(file, JSON.stringify({ gateways: [...before, address], token }), {
        mode: 0o644,
      });
      return file;
    },
    blockSockets(next) {
      blocked = next;
      if (blocked) for (const socket of open) socket.destroy();
    },
    async stopGateway() {
      await gateway?.stop();
      gateway = null;
    },
    async startGateway() {
      gateway = await openGateway(folder, 'paper', port, change);
    },
    forgetHistory() {
      rmSync(join(folder, 'log.db'), { force: true });
      for (const suffix of ['-wal', '-shm'])
        rmSync(join(folder, `log.db${suffix}`), { force: true });
    },
    async close() {
      for (const socket of open) socket.destroy();
      proxy.closeAllConnections();
      proxy.close();
      await gateway?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
