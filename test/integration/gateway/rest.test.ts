import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OperatorsFileError } from '../../../src/gateway/auth/account';
import { fileAuthentication } from '../../../src/gateway/auth/authenticate';
import { addOperator } from '../../../src/gateway/auth/operators';
import { ConfigError, gatewayConfigSchema, readYaml } from '../../../src/gateway/config';
import type { Gateway } from '../../../src/gateway/gateway';
import { VERSION } from '../../../src/shared/version';
import { newDataDir, openGateway } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { TestTerminal } from '../../support/testTerminal';

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;

beforeEach(async () => {
  dir = newDataDir();
  gateway = await openGateway(dir.path);
});
afterEach(async () => {
  await gateway.stop();
  dir.remove();
});

async function call(
  path: string,
  options: { body?: object | string; token?: string; get?: boolean } = {},
) {
  const body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body ?? {});
  const response = await fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    method: options.get ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${options.token ?? 'ana'}`,
      'content-type': 'application/json',
    },
    ...(options.get ? {} : { body }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('the REST calls of the plan', () => {
  it('kill: blocks, closes what is open and says what is proven', async () => {
    const engine = new FakeEngine('e1', 100);
    await engine.connect(gateway.port);
    const terminal = await TestTerminal.open(gateway.port);
    await terminal.until(() => terminal.ops.engines.e1?.connected === true);
    engine.lateFill(0);
    const { status, body } = await call('/operations/kill-switch', { body: { reason: 'pérdida' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      success: true,
      mode: 'killed',
      positions_closed: 1,
      state: 'flat',
    });
    const now = await call('/api/v1/operations/status', { get: true });
    expect(now.body).toMatchObject({
      mode: 'killed',
      kill_switch_active: true,
      activated_by: 'ana',
      reason: 'pérdida',
    });
  });

  it('kill: an engine that lies is not counted as closed', async () => {
    const engine = new FakeEngine('e1', 100);
    engine.behaviour = 'lies';
    await engine.connect(gateway.port);
    const { body } = await call('/api/v1/operations/kill-switch', { body: { reason: 'x' } });
    expect(body).toMatchObject({ positions_closed: 0, state: 'halted' });
  });

  it('kill: a body that cannot be understood stops everything, and the id is a key', async () => {
    const id = randomUUID();
    await call('/operations/kill-switch', { body: '{"scope":', token: 'eva' });
    await call('/operations/kill-switch', { body: { reason: 'uno', command_id: id } });
    await call('/operations/kill-switch', { body: { reason: 'uno', command_id: id } });
    expect(gateway.log.state().desk.mode).toBe('killed');
    expect(gateway.log.state().kills.filter((kill) => kill.commandId === id)).toHaveLength(1);
  }, 20_000);

  it('resume: wants the confirmation code; takes it from the query as the plan does', async () => {
    const idle = await call('/operations/resume');
    expect(idle.body).toMatchObject({ success: true, message: 'Trading already active' });
    await call('/operations/pause', { body: { reason: 'almuerzo' } });
    expect(gateway.log.state().desk.mode).toBe('paused');
    const wrong = await call('/operations/resume', { body: { confirmation_code: 'no' } });
    expect(wrong).toMatchObject({
      status: 400,
      body: { detail: "Must provide confirmation_code='CONFIRM_RESUME'" },
    });
    const right = await call('/operations/resume?resumed_by=ana&confirmation_code=CONFIRM_RESUME');
    expect(right.body).toMatchObject({ success: true, mode: 'normal' });
  });

  it('refuses strangers, and roles that may not', async () => {
    expect((await call('/operations/pause', { token: 'nobody' })).status).toBe(401);
    expect((await call('/operations/pause', { token: 'eva' })).status).toBe(403);
    expect(gateway.log.state().desk.mode).toBe('normal');
  });

  it('health, readiness and metrics', async () => {
    const { body } = await call('/health', { get: true });
    expect(body).toMatchObject({ status: 'healthy', unsaved_events: 0 });
    const text = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
    expect(text).toMatch(/^vigia_killed 0$/m);
  });
});

describe('operators', () => {
  it('are known by their token alone, and a new one at once', async () => {
    const file = join(dir.path, 'operators.yaml');
    const authenticate = fileAuthentication(file);
    expect(await authenticate('ana.x')).toBeNull();
    const token = await addOperator(file, { id: 'ana', displayName: 'Ana', roles: ['trader'] });
    expect(await authenticate(token)).toMatchObject({ operator: { id: 'ana', roles: ['trader'] } });
    expect(await authenticate(token)).toMatchObject({ kind: 'operator' });
    expect(await authenticate(`${token}x`)).toBeNull();
    expect(readFileSync(file, 'utf8')).not.toContain(token.split('.')[1]);
    const again = addOperator(file, { id: 'ana', displayName: 'Ana', roles: ['trader'] });
    await expect(again).rejects.toThrow(OperatorsFileError);
  });

  it('engines speak for themselves only', async () => {
    const file = join(dir.path, 'operators.yaml');
    const token = await addOperator(file, {
      id: 'paper-1',
      displayName: 'Papel',
      roles: ['engine'],
    });
    expect(await fileAuthentication(file)(token)).toMatchObject({
      kind: 'engine',
      engine: 'paper-1',
    });
  });
});

describe('configuration', () => {
  it('refuses to listen off this machine without TLS', () => {
    const config = { host: '0.0.0.0', dataDir: 'd', operatorsFile: 'o', environment: 'live' };
    expect(gatewayConfigSchema.safeParse(config).error?.issues[0]?.message).toContain('needs TLS');
  });

  it('says which file is wrong and where', () => {
    expect(() => readYaml(join(dir.path, 'none.yaml'), gatewayConfigSchema)).toThrow(ConfigError);
  });

  it('has the version of the package', () => {
    const path = resolve(import.meta.dirname, '../../../package.json');
    expect(JSON.parse(readFileSync(path, 'utf8')).version).toBe(VERSION);
  });
});
