import { execFileSync, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { FileBridge } from '../../../src/gateway/bridges/config';
import { fileBridgeSchema, readSecrets } from '../../../src/gateway/bridges/config';
import type { BridgeProcess, StartBridge } from '../../../src/gateway/bridges/process';
import { PROGRAMS, spawnBridges } from '../../../src/gateway/bridges/process';
import { openVault } from '../../../src/gateway/bridges/vault';
import type { Gateway, GatewayOptions } from '../../../src/gateway/gateway';
import { CLOSE, ENGINE_SUBPROTOCOL, PATHS } from '../../../src/shared/protocol/wire';
import { FakeFreqtrade } from '../../fakes/freqtrade';
import { FakeInferenceService } from '../../fakes/inferenceService';
import {
  newDataDir,
  openGateway,
  quickPolicies,
  quickPolicy,
  withOperations,
} from '../../support/desk';
import { ROOT } from '../../support/root';
import { TestTerminal } from '../../support/testTerminal';

const files = new Map<string, string>();
let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
let terminal: TestTerminal;
let service: FakeInferenceService;
let bot: FakeFreqtrade;
const started: { program: string; process: BridgeProcess }[] = [];

beforeAll(async () => {
  const lib = resolve(ROOT, 'scripts/lib/bundle.mjs');
  const { bundle } = (await import(lib)) as { bundle(entry: string, name: string): string };
  for (const [kind, folder] of [
    ['inference-api', 'inference'],
    ['freqtrade', 'freqtrade'],
  ] as const) {
    const program = PROGRAMS[kind];
    const entry = join(ROOT, 'src/gateway/engines', folder, 'main.ts');
    files.set(program, bundle(entry, `test-${program}`));
  }
}, 120_000);

const start: StartBridge = (program, settings) => {
  const process = spawnBridges((name) => files.get(name) ?? '')(program, settings);
  started.push({ program, process });
  return process;
};

async function open(
  configured: FileBridge[] = [],
  env: Record<string, string> = {},
  policies: GatewayOptions['policies'] = quickPolicies,
) {
  const bridges = { start, configured, env };
  gateway = await openGateway(dir.path, 'paper', 0, { bridges, policies });
  terminal = await TestTerminal.open(gateway.port, 'luis');
}

beforeEach(async () => {
  dir = newDataDir();
  service = await FakeInferenceService.start();
  bot = await FakeFreqtrade.start();
});
afterEach(async () => {
  await gateway.stop();
  started.length = 0;
  await service.stop();
  await bot.stop();
  dir.remove();
});

const inference = (change: object = {}) => ({
  ...{ bridge: 'usdcop', kind: 'inference-api', name: 'USD/COP', address: service.address },
  ...{ options: { environment: 'paper' }, secrets: { apiKey: 'key' }, reason: 'alta', ...change },
});
const freqtrade = (change: object = {}) => ({
  ...{ bridge: 'bot', kind: 'freqtrade', name: 'Bot', address: bot.address, options: {} },
  ...{ secrets: { username: 'bot', password: 'secret' }, reason: 'alta', ...change },
});
const connected = (engine: string) =>
  terminal.until(() => terminal.ops.engines[engine]?.connected === true);
const bridges = () => terminal.ops.bridges.bridges;
const alerts = () => terminal.ops.alerts.active;

/** Everything the gateway and its log have on disk. */
function onDisk(folder: string): string {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

describe('bridges as processes', () => {
  it('are configured from the console and run; one that dies touches no other and comes back', async () => {
    await open();
    expect(await terminal.give('bridge.configure', inference())).toMatchObject({ stage: 'done' });
    expect(await terminal.give('bridge.configure', freqtrade())).toMatchObject({ stage: 'done' });
    await connected('usdcop');
    await connected('bot');
    await terminal.until(() => bridges().bot?.state === 'running');
    const session = terminal.ops.engines.usdcop?.session;
    const victim = started.find(({ program }) => program === 'freqtrade-bridge');
    process.kill(victim?.process.pid ?? 0, 'SIGKILL');
    await terminal.until(() => 'bridge:bot' in alerts());
    expect(bridges().bot).toMatchObject({ state: 'failed', cause: 'SIGKILL' });
    await terminal.until(() => !('bridge:bot' in alerts()));
    await connected('bot');
    expect(bridges().bot).toMatchObject({ state: 'running', starts: 2 });
    expect(terminal.ops.engines.usdcop).toMatchObject({ connected: true, session });
    terminal.kill();
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    expect(service.active).toBe(true);
    expect(bot.takesEntries()).toBe(false);
  });

  it('several of a kind run apart, each its own engine', async () => {
    const second = await FakeInferenceService.start();
    await open();
    await terminal.give('bridge.configure', inference());
    await terminal.give(
      'bridge.configure',
      inference({ bridge: 'usdcop2', address: second.address }),
    );
    await connected('usdcop');
    await connected('usdcop2');
    second.hangs.add('*');
    const scope = { kind: 'engines', engines: ['usdcop'] };
    terminal.kill({ scope });
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    expect(service.active).toBe(true);
    expect(second.active).toBe(false);
    await second.stop();
  });

  it('a service that does not answer is an alert, and the bridge registers once it does', async () => {
    service.hangs.add('*');
    await open();
    await terminal.give('bridge.configure', inference());
    await terminal.until(() => 'bridge:usdcop' in alerts());
    expect(alerts()['bridge:usdcop']?.detail).toContain('has not answered yet');
    service.hangs.clear();
    await connected('usdcop');
    await terminal.until(() => !('bridge:usdcop' in alerts()));
  });

  it('is removed: its process ends, its secrets go, its engine is lost', async () => {
    await open();
    await terminal.give('bridge.configure', inference());
    await connected('usdcop');
    const reason = 'baja';
    await terminal.give('bridge.remove', { bridge: 'usdcop', reason });
    await terminal.until(() => terminal.ops.engines.usdcop?.connected === false);
    expect(openVault(dir.path).names()).toEqual([]);
    expect(await terminal.give('bridge.remove', { bridge: 'usdcop', reason })).toMatchObject({
      code: 'unknown_bridge',
    });
  });

  it('survives a restart of the gateway with the same secrets', async () => {
    await open();
    await terminal.give('bridge.configure', inference());
    await connected('usdcop');
    await gateway.stop();
    await open();
    await connected('usdcop');
  });
});

describe('a bridge that dies in the middle of a kill', () => {
  it('sells nothing twice: what the one before it asked for is waited for', async () => {
    await bot.stop();
    bot = await FakeFreqtrade.start(2_500);
    bot.open('BTC/USDT', 'ETH/USDT');
    await open();
    await terminal.give('bridge.configure', freqtrade());
    await connected('bot');
    terminal.kill();
    await bot.until(() => bot.count('POST /forceexit') >= 1);
    process.kill(started[0]?.process.pid ?? 0, 'SIGKILL');
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    expect(bridges().bot?.starts).toBe(2);
    expect([...bot.sold.values()]).toEqual([2, 2]);
  });
});

describe('a gateway that ends', () => {
  it('leaves what its bridges drive paused, and takes it up again as its own', async () => {
    await open();
    await terminal.give('bridge.configure', inference());
    await terminal.until(() => terminal.ops.engines.usdcop?.confirmedMode === 'normal');
    await gateway.stop();
    await service.until(() => service.mode === 'paused');
    await open();
    await terminal.until(() => terminal.ops.engines.usdcop?.confirmedMode === 'normal');
    expect(service.mode).toBe('normal');
    expect(terminal.types()).not.toContain('engine.outside_change');
  });

  it('and dies without a word: its bridge outlives it until the dead-man switch has stopped the service', async () => {
    const program = `
      import { spawn } from 'node:child_process';
      const child = spawn(process.execPath, [process.argv[2]], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
      process.on('message', (settings) => child.send(settings, () => process.send(child.pid)));
    `;
    const parentFile = join(dir.path, 'parent.mjs');
    writeFileSync(parentFile, program);
    const engines = { ...quickPolicy.engines, deadManMs: 600 };
    const policies = withOperations({ ...quickPolicy, engines });
    gateway = await openGateway(dir.path, 'paper', 0, { policies });
    terminal = await TestTerminal.open(gateway.port, 'luis');
    const parent = fork(parentFile, [files.get('inference-bridge') ?? '']);
    const pid = new Promise<number>((told) => parent.once('message', (id) => told(id as number)));
    parent.send({
      ...{ gateway: `ws://127.0.0.1:${gateway.port}`, token: 'engine-token', id: 'usdcop' },
      ...{ name: 'USD/COP', address: service.address, secrets: { apiKey: 'key' } },
    });
    const bridge = await pid;
    await terminal.until(() => terminal.ops.engines.usdcop?.confirmedMode === 'normal');
    parent.kill('SIGKILL');
    await gateway.stop();
    await service.until(() => service.mode === 'paused');
    // It has done what it was for, and ends by itself.
    await expect
      .poll(() => spawnSync('kill', ['-0', String(bridge)]).status, { timeout: 15_000 })
      .not.toBe(0);
  });
});

describe('a gateway that listens with TLS', () => {
  it('lets its own bridges in by a door of their own, and nobody else by it', async () => {
    const pem = (name: string) => readFileSync(join(ROOT, 'test/support/tls', name), 'utf8');
    const tls = { cert: pem('cert.pem'), key: pem('key.pem'), clientCa: null };
    const addresses: string[] = [];
    const seeing: StartBridge = (program, settings) => {
      addresses.push((settings as { gateway: string }).gateway);
      return start(program, settings);
    };
    const configured = [
      fileBridgeSchema.parse({
        ...{ id: 'bot', kind: 'freqtrade', name: 'Bot', address: bot.address },
        secrets: { username: { env: 'U' }, password: { env: 'P' } },
      }),
    ];
    const bridges = { start: seeing, configured, env: { U: 'bot', P: 'secret' } };
    gateway = await openGateway(dir.path, 'paper', 0, { tls, bridges });
    const { log } = gateway;
    await new Promise<void>((done) => {
      const look = () => log.state().engines.bot?.connected && done();
      log.onRecorded(look);
      look();
    });
    const [inner = ''] = addresses;
    expect(inner).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);
    const dial = (path: string, token: string) =>
      new Promise((answer) => {
        const headers = { authorization: `Bearer ${token}` };
        const socket = new WebSocket(`${inner}${path}`, ['vigia.v1', 'vigia.engine.v1'], {
          headers,
        });
        socket.on('open', () => answer('open'));
        socket.on('error', ({ message }) => answer(message));
      });
    expect(await dial('/v1/control', 'luis')).toContain('404');
    expect(await dial('/v1/engine', 'engine-token')).toContain('404');
  });
});

describe('the configuration file', () => {
  it('gives secrets by file and environment; the console changes none of it; what left it is removed', async () => {
    const secretFile = join(dir.path, 'password.txt');
    writeFileSync(secretFile, 'secret\n');
    const configured = [
      fileBridgeSchema.parse({
        ...{ id: 'bot', kind: 'freqtrade', name: 'Bot', address: bot.address },
        secrets: { username: { env: 'BOT_USER' }, password: { file: secretFile } },
      }),
    ];
    await open(configured, { BOT_USER: 'bot' });
    await connected('bot');
    expect(bridges().bot).toMatchObject({ source: 'file', secrets: ['password', 'username'] });
    expect(await terminal.give('bridge.configure', freqtrade())).toMatchObject({
      code: 'bad_params',
    });
    await gateway.stop();
    await open([], {});
    await terminal.until(() => terminal.types().includes('bridge.removed'));
    expect(bridges()).toEqual({});
  });

  it('a secret that is changed in its file holds without a restart: that bridge alone starts anew', async () => {
    const file = join(dir.path, 'password.txt');
    writeFileSync(file, 'secret\n');
    const configured = [
      fileBridgeSchema.parse({
        ...{ id: 'bot', kind: 'freqtrade', name: 'Bot', address: bot.address },
        secrets: { username: { env: 'U' }, password: { file } },
      }),
    ];
    await open(configured, { U: 'bot' });
    await connected('bot');
    const session = terminal.ops.engines.bot?.session;
    // What cannot be used changes nothing.
    writeFileSync(file, '');
    bot.password = 'another';
    writeFileSync(file, 'another\n');
    await terminal.until(() => {
      const { connected: up, session: now } = terminal.ops.engines.bot ?? {};
      return up === true && now !== session;
    });
    expect(started).toHaveLength(2);
    await terminal.until(() => bridges().bot?.state === 'running');
  });

  it('a secret that is not there keeps that bridge from starting, and says which', async () => {
    const configured = [
      fileBridgeSchema.parse({
        ...{ id: 'bot', kind: 'freqtrade', name: 'Bot', address: bot.address },
        secrets: { username: { env: 'BOT_USER' } },
      }),
    ];
    await open(configured, {});
    await terminal.until(() => 'bridge:bot' in alerts());
    expect(alerts()['bridge:bot']?.detail).toContain('BOT_USER is not set');
    expect(started).toEqual([]);
  });

  it('holds no secret itself, and none that the kind does not have', () => {
    const bridge = {
      id: 'b',
      kind: 'inference-api',
      name: 'B',
      address: 'https://service.example',
    };
    const parse = (change: object) => fileBridgeSchema.safeParse({ ...bridge, ...change }).success;
    expect(parse({})).toBe(true);
    expect(parse({ secrets: { apiKey: 'plain' } })).toBe(false);
    expect(parse({ secrets: { password: { env: 'X' } } })).toBe(false);
    expect(parse({ options: { environment: 'demo' } })).toBe(false);
    expect(parse({ options: { dust: 1 } })).toBe(false);
    expect(parse({ address: undefined })).toBe(false);
    expect(parse({ address: 'http://user:pass@a:1' })).toBe(false);
    const gone = fileBridgeSchema.parse({ ...bridge, secrets: { apiKey: { file: '/none' } } });
    expect(readSecrets(gone, {}).problem).toContain('apiKey');
  });
});

describe('secrets', () => {
  it('are in no event, no file but the sealed one, and on no command line', async () => {
    const canary = 'CANARY-b7f3e1';
    await open();
    const wrong = inference({ secrets: { apiKey: canary } });
    await terminal.give('bridge.configure', wrong);
    const test = { ...wrong, bridge: null, reason: undefined, name: undefined };
    expect(await terminal.give('bridge.test', test)).toMatchObject({ stage: 'done' });
    await terminal.give('bridge.configure', { ...wrong, secrets: { other: canary } });
    await terminal.until(() => service.calls.length > 0);
    expect(terminal.ops.bridges.tests[0]?.result).toMatchObject({ ok: false });
    expect(terminal.ops.bridges.tests[0]?.result?.message).toContain('401');
    expect(JSON.stringify([terminal.events, terminal.answers, terminal.errors])).not.toContain(
      canary,
    );
    expect(onDisk(dir.path)).not.toContain(canary);
    const commandLines = execFileSync('ps', ['-ewwo', 'args'], { encoding: 'utf8' });
    expect(commandLines).not.toContain(canary);
    for (const file of ['bridges.enc', 'bridges.key']) {
      expect(statSync(join(dir.path, file)).mode & 0o077).toBe(0);
    }
  });

  it('kept ones go to no other address than the one they were given for', async () => {
    await open();
    await terminal.give('bridge.configure', inference());
    const thief = await FakeInferenceService.start();
    const { reason: _r, name: _n, ...about } = inference({ secrets: {}, address: thief.address });
    await terminal.give('bridge.test', about);
    expect(terminal.ops.bridges.tests[0]?.result).toMatchObject({ ok: false });
    await terminal.give('bridge.configure', inference({ secrets: {}, address: thief.address }));
    expect(bridges().usdcop?.secrets).toEqual([]);
    await thief.stop();
  });

  it('a vault that cannot be read refuses, and is not written over', async () => {
    mkdirSync(dir.path, { recursive: true });
    writeFileSync(join(dir.path, 'bridges.enc'), '{"version":1}');
    await open();
    expect(await terminal.give('bridge.configure', inference())).toMatchObject({
      code: 'unavailable',
    });
    expect(readFileSync(join(dir.path, 'bridges.enc'), 'utf8')).toBe('{"version":1}');
    expect(bridges()).toEqual({});
  });
});

describe('tests and roles', () => {
  it('a test says what it found and changes nothing', async () => {
    service.open(2);
    await open();
    const { reason: _r, name: _n, ...about } = inference({ bridge: null });
    expect(await terminal.give('bridge.test', about)).toMatchObject({ stage: 'done' });
    // The answer may come before the event that it is of.
    const looked = (tests: number) =>
      terminal.until(() => {
        const all = terminal.ops.bridges.tests;
        return all.length === tests && all[0]?.result !== null;
      });
    await looked(1);
    expect(terminal.ops.bridges.tests[0]?.result).toMatchObject({
      ok: true,
      found: { mode: 'normal', model: 'ppo_v20', models: 3, positions: 2, environment: 'paper' },
    });
    const { reason: _q, name: _m, ...bots } = freqtrade({ bridge: null });
    await terminal.give('bridge.test', bots);
    await looked(2);
    expect(terminal.ops.bridges.tests[0]?.result).toMatchObject({
      ok: true,
      found: { kind: 'freqtrade', environment: 'paper', venue: 'binance', model: 'S1' },
    });
    expect(bridges()).toEqual({});
    expect(bot.calls.every(({ call }) => !/POST \/(?!token)/.test(call))).toBe(true);
    expect(service.calls.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('only the roles of the policy configure, test and remove', async () => {
    await open();
    const eva = await TestTerminal.open(gateway.port, 'eva');
    const { reason: _r, name: _n, ...about } = inference();
    expect(await eva.give('bridge.configure', inference())).toMatchObject({ code: 'forbidden' });
    const demo = inference({ options: { environment: 'demo' } });
    expect(await terminal.give('bridge.configure', demo)).toMatchObject({ code: 'bad_params' });
    expect(await eva.give('bridge.test', about)).toMatchObject({ code: 'forbidden' });
    const gone = { bridge: 'usdcop', reason: 'x' };
    expect(await eva.give('bridge.remove', gone)).toMatchObject({ code: 'forbidden' });
  });

  it('an engine that comes by itself is let in by the token it was configured with, as itself alone', async () => {
    await open();
    await configureGeneric();
    expect((await dial('mine')).said).toBe('registered');
    expect((await dial('other')).said).toBe('error');
  });

  it('such an engine is cut off when its token is changed, and when it is removed', async () => {
    await open();
    await configureGeneric();
    const first = await dial('mine');
    const next = `${GENERIC_TOKEN}-next`;
    await configureGeneric({ secrets: { token: next } });
    expect(await first.closed).toBe(CLOSE.unauthenticated);
    const second = await dial('mine', next);
    expect(second.said).toBe('registered');
    await connected('mine');
    expect(await dial('mine').catch(String)).toContain('401');
    await terminal.give('bridge.remove', { bridge: 'mine', reason: 'baja' });
    expect(await second.closed).toBe(CLOSE.unauthenticated);
    await terminal.until(() => terminal.ops.engines.mine?.connected === false);
  });

  it('bridges count as sockets, and one of them takes no more than its share', async () => {
    const limits = { ...quickPolicy.limits, connections: 1, connectionsPerClient: 2 };
    await open([], {}, withOperations({ ...quickPolicy, limits }));
    await configureGeneric();
    const counted = async (line: string) =>
      (await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text()).includes(line);
    // The terminal has the one socket there is: an engine that stayed outside could not be stopped.
    await dial('mine');
    await dial('mine');
    expect(await dial('mine').catch(String)).toContain('503');
    const cause = 'kind="engine",cause="connections_of_client"';
    expect(await counted(`vigia_refused_total{${cause}} 1`)).toBe(true);
    // A newer connection of the same engine replaces the one before it.
    await expect.poll(() => counted('vigia_connections{kind="engine"} 1')).toBe(true);
  });
});

const GENERIC_TOKEN = 'generic-token-0123456789';

const configureGeneric = (change: object = {}) =>
  terminal.give('bridge.configure', {
    ...{ bridge: 'mine', kind: 'generic', name: 'Mine', address: null, options: {} },
    ...{ secrets: { token: GENERIC_TOKEN }, reason: 'alta', ...change },
  });

/** An engine of its own: what it is told first, and the code it is closed with. @throws the status */
async function dial(id: string, token = GENERIC_TOKEN) {
  const headers = { authorization: `Bearer ${token}` };
  const url = `ws://127.0.0.1:${gateway.port}${PATHS.engine}`;
  const socket = new WebSocket(url, ENGINE_SUBPROTOCOL, { headers });
  const closed = new Promise<number>((done) => socket.on('close', done));
  await once(socket, 'open');
  const engine = {
    ...{ id, name: id, kind: 'generic', environment: 'paper', instruments: [], software: 'x' },
  };
  socket.send(
    JSON.stringify({ type: 'register', engine, mode: 'paused', selfPausedAt: null, time: 1 }),
  );
  const [data] = await once(socket, 'message');
  return { said: JSON.parse(String(data)).type as string, closed };
}
