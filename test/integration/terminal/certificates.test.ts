import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { createPins, type Pins, probeCertificate } from '../../../src/main/identity/pins';
import { clientTls, type Transport } from '../../../src/main/link/transport';
import { newDataDir, openGateway } from '../../support/desk';
import { ROOT } from '../../support/root';

const tls = (name: string) => readFileSync(join(ROOT, 'test/support/tls', name), 'utf8');
const FIRST = { cert: tls('cert.pem'), key: tls('key.pem') };
const OTHER = { cert: tls('other-cert.pem'), key: tls('other-key.pem') };

let folder: string;
let server: Server;
let address: string;
let alarms: string[];
let wake: () => void;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-pins-'));
  alarms = [];
  wake = () => undefined;
  await serve(FIRST, 0);
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(pair: typeof FIRST, port: number): Promise<void> {
  server = createServer(pair);
  new WebSocketServer({ server });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  address = `wss://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

function open(ca: string | null = null): Pins {
  return createPins({
    path: join(folder, 'certificates.json'),
    base: { ca, client: null },
    probe: probeCertificate,
    onChanged: (_address, fingerprint) => alarms.push(fingerprint),
    onReady: () => undefined,
    changed: () => wake(),
  });
}

async function looked(pins: Pins): Promise<ReturnType<Pins['view']>[number]> {
  const done = new Promise<void>((found) => {
    wake = found;
  });
  pins.look(address);
  await done;
  return pins.view()[0] as ReturnType<Pins['view']>[number];
}

async function reaches(transport: Transport): Promise<boolean> {
  const socket = new WebSocket(address, [], clientTls(transport) as object);
  const opened = await new Promise<boolean>((done) => {
    socket.on('open', () => done(true));
    socket.on('error', () => done(false));
  });
  socket.terminate();
  return opened;
}

describe('a certificate nobody vouches for', () => {
  it('is connected to only once a person typed the end of its fingerprint', async () => {
    const pins = open();
    const seen = await looked(pins);
    expect(seen).toMatchObject({ state: 'asking', confirmed: null });
    expect(pins.transport(address)).toBeNull();
    expect(pins.confirm(address, '00000000')).toBe(false);
    expect(pins.transport(address)).toBeNull();
    expect(pins.confirm(address, (seen.fingerprint ?? '').slice(-11).toLowerCase())).toBe(true);
    const transport = pins.transport(address);
    expect(transport && (await reaches(transport))).toBe(true);
    expect(open().transport(address)?.pin?.fingerprint).toBe(seen.fingerprint);
  });

  it('another one later is an alarm and is given nothing, until a person confirms that one too', async () => {
    const pins = open();
    const first = await looked(pins);
    pins.confirm(address, (first.fingerprint ?? '').slice(-11));
    const pinned = pins.transport(address) as Transport;
    const { port } = new URL(address);
    await stop();
    await serve(OTHER, Number(port));
    expect(await reaches(pinned)).toBe(false);
    const changed = await looked(pins);
    expect(changed).toMatchObject({ state: 'changed', confirmed: first.fingerprint });
    expect(alarms).toEqual([changed.fingerprint]);
    expect(pins.transport(address)).toBeNull();
    expect(pins.confirm(address, (first.fingerprint ?? '').slice(-11))).toBe(false);
    expect(pins.confirm(address, (changed.fingerprint ?? '').slice(-11))).toBe(true);
    expect(await reaches(pins.transport(address) as Transport)).toBe(true);
  });
});

describe('a certificate of the authority that was named', () => {
  it('is taken at once; one of nobody’s in its place is not', async () => {
    const pins = open(FIRST.cert);
    const seen = await looked(pins);
    expect(pins.view()[0]).toMatchObject({ state: 'confirmed', confirmed: seen.fingerprint });
    expect(await reaches(pins.transport(address) as Transport)).toBe(true);
    const { port } = new URL(address);
    await stop();
    await serve(OTHER, Number(port));
    expect((await looked(pins)).state).toBe('changed');
    expect(pins.transport(address)).toBeNull();
  });
});

describe('a gateway that asks for the terminal’s own certificate', () => {
  it('hears only who shows one of its authority', async () => {
    const dir = newDataDir();
    const gateway = await openGateway(dir.path, 'paper', 0, {
      tls: { ...FIRST, clientCa: OTHER.cert },
    });
    address = `wss://127.0.0.1:${gateway.port}/v1/control`;
    const transport = { ca: FIRST.cert, pin: null };
    const socket = (client: Transport['client']) =>
      new WebSocket(address, 'vigia.v1', {
        ...(clientTls({ ...transport, client }) as object),
        headers: { authorization: 'Bearer ana.token' },
      });
    const outcome = (own: WebSocket) =>
      new Promise((done) => {
        own.on('open', () => done('open'));
        own.on('error', () => done('refused'));
      });
    const without = socket(null);
    expect(await outcome(without)).toBe('refused');
    const withOne = socket(OTHER);
    expect(await outcome(withOne)).toBe('open');
    withOne.terminate();
    await gateway.stop();
    dir.remove();
  });
});

it('a gateway on this machine without TLS needs no certificate', () => {
  expect(open().transport('ws://127.0.0.1:1')).toEqual({ ca: null, client: null, pin: null });
});
