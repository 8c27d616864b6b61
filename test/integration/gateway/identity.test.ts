import { randomUUID } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { readOperators } from '../../../src/gateway/auth/account';
import { fileAuthentication } from '../../../src/gateway/auth/authenticate';
import { addOperator, revokeTokens, rotateToken } from '../../../src/gateway/auth/operators';
import { operatorCommand } from '../../../src/gateway/cliOperator';
import type { Gateway } from '../../../src/gateway/gateway';
import {
  CLOSE,
  ENGINE_SUBPROTOCOL,
  PATHS,
  TERMINAL_SUBPROTOCOL,
} from '../../../src/shared/protocol/wire';
import { newDataDir, openGateway } from '../../support/desk';
import { TestTerminal } from '../../support/testTerminal';

const DAY = 86_400_000;
const ANA = { id: 'ana', displayName: 'Ana', roles: ['trader' as const] };

let dir: ReturnType<typeof newDataDir>;
let file: string;
let gateway: Gateway | null;
beforeEach(() => {
  dir = newDataDir();
  mkdirSync(join(dir.path, 'data'));
  file = join(dir.path, 'operators.yaml');
  gateway = null;
});
afterEach(async () => {
  await gateway?.stop();
  dir.remove();
});

async function open(clock = Date.now): Promise<Gateway> {
  gateway = await openGateway(join(dir.path, 'data'), 'paper', 0, {
    authenticate: fileAuthentication(file, clock),
  });
  return gateway;
}

/** A client that was told to go and goes on speaking: it answers no close frame. */
class StubbornClient {
  /** The code of the close frame, once there was one. */
  readonly told: Promise<number>;
  /** Resolves when the connection itself has ended. */
  readonly gone: Promise<unknown>;

  private constructor(readonly socket: WebSocket) {
    // What reads its frames keeps the close frame for itself.
    const { _receiver: receiver } = socket as unknown as { _receiver: EventEmitter };
    receiver.removeAllListeners('conclude');
    this.told = once(receiver, 'conclude').then(([code]) => code as number);
    this.gone = once(socket, 'close');
  }

  static async open(port: number, path: string, protocol: string, token: string) {
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocol, { headers });
    socket.on('error', () => undefined);
    await once(socket, 'open');
    return new StubbornClient(socket);
  }

  say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }
}

const fakeIdentity = (id: string) => ({
  ...{ id, name: id, kind: 'fake', environment: 'paper', instruments: [], software: 'test' },
});

describe('a token', () => {
  it('expires: it is nobody’s afterwards, and what was open on it closes', async () => {
    let now = Date.now();
    const clock = () => now;
    const token = await addOperator(file, ANA, { days: 1, clock });
    const { port } = await open(clock);
    const ana = await TestTerminal.open(port, token);
    now += DAY;
    await ana.until(() => ana.closedWith !== null);
    expect(ana.closedWith).toBe(CLOSE.unauthenticated);
    await expect(TestTerminal.open(port, token)).rejects.toThrow('refused');
  });

  it('revoked, its sockets close within five seconds; the other accounts’ go on', async () => {
    const token = await addOperator(file, ANA);
    const eva = await addOperator(file, { ...ANA, id: 'eva' });
    const { port } = await open();
    const [one, other] = [await TestTerminal.open(port, token), await TestTerminal.open(port, eva)];
    const from = performance.now();
    revokeTokens(file, 'ana', null);
    await one.until(() => one.closedWith !== null);
    expect(performance.now() - from).toBeLessThan(5_000);
    expect(other.closedWith).toBeNull();
    other.kill();
    await other.until(() => other.ops.desk.mode === 'killed');
    other.socket.close();
  });

  it('revoked is revoked for who takes no notice: nothing it says is heard, and it is cut off', async () => {
    const token = await addOperator(file, ANA);
    const engine = await addOperator(file, { id: 'e1', displayName: 'E1', roles: ['engine'] });
    const { port, log } = await open();
    const sockets = [
      await StubbornClient.open(port, PATHS.control, TERMINAL_SUBPROTOCOL, token),
      await StubbornClient.open(port, PATHS.telemetry, TERMINAL_SUBPROTOCOL, token),
      await StubbornClient.open(port, PATHS.engine, ENGINE_SUBPROTOCOL, engine),
    ] as const;
    const [control] = sockets;
    control.say({ type: 'hello', terminal: { id: 't', name: 't', version: 'x' }, time: 1 });
    await once(control.socket, 'message');
    const from = performance.now();
    revokeTokens(file, 'ana', null);
    revokeTokens(file, 'e1', null);
    for (const socket of sockets) expect(await socket.told).toBe(CLOSE.unauthenticated);
    const after: string[] = [];
    log.onRecorded(({ type }) => after.push(type));
    const params = { scope: { kind: 'all' }, reason: 'prueba', origin: 'panel' };
    const id = randomUUID();
    control.say({ type: 'command', id, name: 'pause', params, issuedAt: Date.now() });
    sockets[2].say({ type: 'register', engine: fakeIdentity('e1'), mode: 'normal', time: 1 });
    await Promise.all(sockets.map(({ gone }) => gone));
    expect(performance.now() - from).toBeLessThan(5_000);
    await expect.poll(() => after).toContain('session.closed');
    expect(after).toEqual(['session.closed']);
    expect(log.state().desk.mode).toBe('normal');
  });

  it('is rotated without a break: the old one is good until the overlap ends', async () => {
    let now = Date.now();
    const clock = () => now;
    const life = { days: 90, clock };
    const old = await addOperator(file, ANA, life);
    const authenticate = fileAuthentication(file, clock);
    expect(await authenticate(old)).not.toBeNull();
    const next = await rotateToken(file, 'ana', 60_000, life);
    expect(await authenticate(old)).toMatchObject({ expiresAt: now + 60_000 });
    expect(await authenticate(next)).toMatchObject({ expiresAt: now + 90 * DAY });
    now += 60_000;
    expect(await authenticate(old)).toBeNull();
    expect(await authenticate(next)).not.toBeNull();
  });

  it('of a file that can no longer be read stays good: nobody loses the kill switch by a typing error', async () => {
    const token = await addOperator(file, ANA);
    const problems: string[] = [];
    const authenticate = fileAuthentication(file, Date.now, (problem) => problems.push(problem));
    expect(await authenticate(token)).not.toBeNull();
    writeFileSync(file, 'operators: [');
    expect(await authenticate(token)).toMatchObject({ operator: { id: 'ana' } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('is not YAML');
  });

  it('of the first version’s file, which named no end, still holds', async () => {
    const token = await addOperator(file, ANA);
    const [account] = readOperators(file);
    const tokenHash = account?.tokens[0]?.hash;
    writeFileSync(file, JSON.stringify({ operators: [{ ...ANA, tokenHash }] }));
    expect(await fileAuthentication(file)(token)).toMatchObject({ expiresAt: null });
    const listed = await operatorCommand('list', { file }, Date.now);
    expect(listed?.out).toContain('token t0  until it is revoked');
  });
});

describe('who guesses', () => {
  it('is slowed down and recorded; a known token from the same address is never kept waiting', async () => {
    const token = await addOperator(file, ANA);
    const { port, log } = await open();
    const call = (bearer: string) =>
      fetch(`http://127.0.0.1:${port}/operations/status`, {
        headers: { authorization: `Bearer ${bearer}` },
      }).then(({ status }) => status);
    expect(await call(token)).toBe(200);
    const guesses = Array.from({ length: 40 }, (_, n) => call(`ana.${'x'.repeat(20)}${n}`));
    expect(await call(token)).toBe(200);
    const answers = await Promise.all(guesses);
    expect(new Set(answers)).toEqual(new Set([401, 429]));
    expect(answers.filter((status) => status === 401).length).toBeLessThanOrEqual(15);
    const events = await log.read(1, 1_000);
    const failed = events.filter(({ type }) => type === 'auth.failed');
    expect(failed).toHaveLength(1);
    expect(failed[0]?.data).toMatchObject({ channel: 'rest', count: 1 });
    expect(JSON.stringify(failed)).not.toContain('xxxx');
  });
});
