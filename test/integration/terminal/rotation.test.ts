import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import WebSocket from 'ws';
import { fileAuthentication } from '../../../src/gateway/auth/authenticate';
import { addOperator, rotateToken } from '../../../src/gateway/auth/operators';
import type { Gateway } from '../../../src/gateway/gateway';
import { createIdentity, type Identity } from '../../../src/main/identity/identity';
import { type ControlLink, createControlLink } from '../../../src/main/link/controlLink';
import { EMPTY_LOG } from '../../../src/shared/log/event';
import {
  CLOSE,
  ENGINE_SUBPROTOCOL,
  PATHS,
  TERMINAL_SUBPROTOCOL,
} from '../../../src/shared/protocol/wire';
import { newDataDir, openGateway, quickPolicy } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';

let dir: ReturnType<typeof newDataDir>;
let file: string;
let now: number;
let gateway: Gateway;
const clock = () => now;
const life = { days: 90, clock };
const OVERLAP_MS = 60_000;
beforeEach(async () => {
  now = Date.now();
  dir = newDataDir();
  mkdirSync(join(dir.path, 'data'));
  file = join(dir.path, 'operators.yaml');
});
afterEach(async () => {
  await gateway.stop();
  dir.remove();
});

async function open(): Promise<void> {
  const authenticate = fileAuthentication(file, clock);
  gateway = await openGateway(join(dir.path, 'data'), 'paper', 0, { authenticate });
}

/** The terminal's identity and link as they are put together, with a token of its configuration. */
function terminal(token: string): { identity: Identity; link: ControlLink; causes: string[] } {
  const causes: string[] = [];
  const nothing = () => undefined;
  const identity = createIdentity({
    ...{ userData: dir.path, platform: 'linux', clock, given: { token, source: 'config' } },
    storage: {
      isEncryptionAvailable: () => false,
      encryptString: (text) => Buffer.from(text),
      decryptString: String,
    },
    ...{ base: { ca: null, client: null }, probe: () => Promise.reject(new Error('no TLS')) },
    ...{ idleMs: () => 0, lockAfterMs: () => 0, who: () => 'Ana', report: nothing },
    ...{ onReady: nothing, changed: nothing },
    onToken: () => link.connect(link.addresses()),
  });
  const link = createControlLink({
    ...{ token: identity.token, transport: identity.transport, onFailed: nothing },
    ...{ terminal: { id: 't', name: 't', version: 'x' }, embedded: false, clock },
    ...{ uptime: () => performance.now(), random: () => 0, times: quickPolicy.link },
    position: () => ({ head: EMPTY_LOG, epoch: null }),
    ...{ onWelcome: nothing, onEvents: () => true, onReplayed: nothing, onCheckpoint: nothing },
    ...{ onAnswer: nothing, onLease: nothing, onHealth: nothing, onDiverged: nothing },
    ...{ onStranger: nothing, changed: nothing },
    onState: ({ cause }) => causes.push(JSON.stringify(cause)),
  });
  link.connect([`ws://127.0.0.1:${gateway.port}`]);
  return { identity, link, causes };
}

it('an open terminal takes the next token while both are good, and stays when the old one ends', async () => {
  const old = await addOperator(file, { id: 'ana', displayName: 'Ana', roles: ['trader'] }, life);
  await open();
  const { identity, link, causes } = terminal(old);
  const live = () => expect.poll(() => link.view().state).toBe('live');
  await live();
  const next = await rotateToken(file, 'ana', OVERLAP_MS, life);
  identity.renew(next);
  await live();
  const other = await socketOf(PATHS.control, TERMINAL_SUBPROTOCOL, old);
  now += OVERLAP_MS;
  expect((await once(other, 'close'))[0]).toBe(CLOSE.unauthenticated);
  expect(link.view().state).toBe('live');
  expect(causes.join()).not.toContain('4401');
  link.stop();
  identity.stop();
});

it('a terminal that keeps the old one is told to go at its end, and comes back with the next', async () => {
  const old = await addOperator(file, { id: 'ana', displayName: 'Ana', roles: ['trader'] }, life);
  await open();
  const { identity, link, causes } = terminal(old);
  await expect.poll(() => link.view().state).toBe('live');
  const next = await rotateToken(file, 'ana', OVERLAP_MS, life);
  now += OVERLAP_MS;
  await expect.poll(() => causes.join()).toContain('4401');
  identity.renew(next);
  await expect.poll(() => link.view().state).toBe('live');
  link.stop();
  identity.stop();
});

it('an engine is moved to its next token during the overlap, and is not lost when the old one ends', async () => {
  const account = { id: 'e1', displayName: 'E1', roles: ['engine' as const] };
  const old = await addOperator(file, account, life);
  await open();
  const engine = new FakeEngine('e1', 100);
  await engine.connect(gateway.port, old);
  const session = () => {
    const { connected, session: id } = gateway.log.state().engines.e1 ?? {};
    return connected ? id : null;
  };
  await expect.poll(session).toBeTruthy();
  const first = session();
  const next = await rotateToken(file, 'e1', OVERLAP_MS, life);
  await engine.connect(gateway.port, next);
  await expect.poll(() => session() !== first && session()).toBeTruthy();
  const second = session();
  const lost: string[] = [];
  gateway.log.onRecorded(({ type }) => type === 'engine.lost' && lost.push(type));
  // The old one is good until its end.
  const other = await socketOf(PATHS.engine, ENGINE_SUBPROTOCOL, old);
  now += OVERLAP_MS;
  expect((await once(other, 'close'))[0]).toBe(CLOSE.unauthenticated);
  expect(session()).toBe(second);
  expect(lost).toEqual([]);
  engine.disconnect();
});

/** A socket of which nothing is said. */
async function socketOf(path: string, protocol: string, token: string): Promise<WebSocket> {
  const headers = { authorization: `Bearer ${token}` };
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, protocol, { headers });
  await once(socket, 'open');
  return socket;
}
