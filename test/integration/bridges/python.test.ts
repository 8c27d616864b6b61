import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { effectiveMode } from '../../../src/shared/ops/effectiveMode';
import { openProxy, type Trouble } from '../../chaos/proxy';
import { newDataDir, openGateway, quickPolicy, withOperations } from '../../support/desk';
import { ROOT } from '../../support/root';
import { TestTerminal } from '../../support/testTerminal';

const hasPython = spawnSync('python3', ['--version']).status === 0;

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
let terminal: TestTerminal;
let child: ChildProcessWithoutNullStreams;
let told: Record<string, unknown>[] = [];
const waiting = new Set<() => void>();

/** Resolves once the program has said what `wanted` finds. */
function said(wanted: (line: Record<string, unknown>) => boolean): Promise<void> {
  return new Promise((done) => {
    const look = () => {
      if (!told.some(wanted)) return;
      waiting.delete(look);
      done();
    };
    waiting.add(look);
    look();
  });
}

function run(...ports: number[]): void {
  told = [];
  const gateways = ports.map((port) => `ws://127.0.0.1:${port}`).join();
  child = spawn('python3', [join(ROOT, 'test/fakes/pythonEngine.py'), gateways], {
    env: {
      ...process.env,
      VIGIA_CLIENT: join(ROOT, 'resources/engine-clients/python'),
      VIGIA_ENGINE_TOKEN: 'engine-token',
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  child.stderr.on('data', (text) => process.stderr.write(String(text)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    told.push(JSON.parse(line) as Record<string, unknown>);
    for (const look of [...waiting]) look();
  });
}

const engine = () => terminal.ops.engines['py-1'];
const chain = () => terminal.ops.chains['py-1'];
/** Has its venue fail at these steps from here on. */
async function breakAt(...steps: string[]): Promise<void> {
  child.stdin.write(`${JSON.stringify({ do: 'break', steps })}\n`);
  await said(({ broken }) => JSON.stringify(broken) === JSON.stringify(steps));
}
const connected = () => terminal.until(() => engine()?.connected === true);

/** Reported as skipped where there is no python3. */
describe.skipIf(!hasPython)('the Python reference client', () => {
  beforeEach(async () => {
    dir = newDataDir();
    gateway = await openGateway(dir.path);
    terminal = await TestTerminal.open(gateway.port);
    run(gateway.port);
    await connected();
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    waiting.clear();
    await gateway.stop();
    dir.remove();
  });

  it('is killed flat, once; takes its mode, and is resumed', async () => {
    terminal.kill();
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    await said(({ mode }) => mode === 'killed');
    await said(({ sold }) => sold === 5);
    expect(terminal.ops.kills[0]?.haltedAt).not.toBeNull();
    const checklist = { causeUnderstood: true, positionsReviewed: true, teamNotified: true };
    await terminal.give('resume', {
      ...{ scope: { kind: 'all' }, reason: 'ok', confirmation: 'CONFIRM_RESUME', checklist },
      origin: 'console',
    });
    await terminal.until(() => engine()?.confirmedMode === 'normal');
  });

  it('answers an id it has seen with what it did, and does nothing again', async () => {
    terminal.kill();
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    await gateway.stop();
    gateway = await openGateway(dir.path, 'paper', gateway.port);
    terminal = await TestTerminal.open(gateway.port);
    await connected();
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    expect(told.filter(({ sold }) => sold !== undefined).at(-1)).toEqual({ sold: 5 });
    expect(effectiveMode(terminal.ops, 'py-1')).toBe('killed');
  });

  it('a venue that fails while it closes is unknown, not flat, and closed once it works', async () => {
    await breakAt('cancel', 'flatten');
    terminal.kill();
    await terminal.until(() => (chain()?.flatten?.items.length ?? 0) > 0);
    for (const step of ['cancel', 'flatten'] as const) {
      expect(chain()?.[step]?.items).toMatchObject([
        {
          kind: 'engine',
          outcome: 'unknown',
          detail: `RuntimeError('${step} failed at the venue')`,
        },
      ]);
    }
    await terminal.until(() => (chain()?.held?.positions.length ?? 0) === 1);
    expect(terminal.ops.kills[0]?.flatAt).toBeNull();
    await breakAt();
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    expect(told.filter(({ sold }) => sold !== undefined)).toEqual([{ sold: 5 }]);
  });

  it('of several gateways it goes to the next when its own is gone', async () => {
    child.kill('SIGKILL');
    await terminal.until(() => engine()?.connected === false);
    const other = newDataDir();
    const second = await openGateway(other.path);
    run(second.port, gateway.port);
    const there = await TestTerminal.open(second.port);
    await there.until(() => there.ops.engines['py-1']?.connected === true);
    await second.stop();
    await connected();
    other.remove();
  });

  it.each<Trouble>([{ kind: 'stall' }, { kind: 'stall', way: 'onward' }])(
    'goes to the next when its own says nothing more or hears nothing, before its dead man: %o',
    async (trouble) => {
      child.kill('SIGKILL');
      await terminal.until(() => engine()?.connected === false);
      const proxy = await openProxy(() => 0);
      proxy.target(gateway.port);
      const other = newDataDir();
      const second = await openGateway(other.path);
      const there = await TestTerminal.open(second.port);
      run(proxy.port, second.port);
      await connected();
      const began = performance.now();
      proxy.set(trouble);
      await there.until(() => there.ops.engines['py-1']?.connected === true);
      expect(performance.now() - began).toBeLessThan(quickPolicy.engines.deadManMs);
      expect(there.ops.engines['py-1']?.selfPausedAt).toBeNull();
      expect(told).not.toContainEqual({ mode: 'paused' });
      await proxy.close();
      await second.stop();
      other.remove();
    },
  );

  it('loads the model it is told to, by its hash; one that fails to load is held and tried again', async () => {
    await terminal.until(() => terminal.ops.models.production === 'm1');
    child.stdin.write('{"do":"card"}\n');
    await terminal.until(() => 'm2' in terminal.ops.models.models);
    await breakAt('load');
    const change = { model: 'm2', from: 'registered', to: 'production', cause: 'promotion' };
    const about = { deployment: 'd1', kind: 'rollback', model: 'm2', version: '2' };
    gateway.log.append(
      {
        type: 'model.stage_changed',
        data: { ...change, request: null, retirement: null } as never,
      },
      {
        type: 'deployment.started',
        commandId: 'd1',
        data: { ...about, hash: '2'.repeat(64), previous: 'm1', engines: ['py-1'] } as never,
      },
    );
    const settled = (outcome: string) => () =>
      terminal.events.some(
        ({ type, data }) => type === 'deployment.engine_settled' && data.outcome === outcome,
      );
    await terminal.until(settled('rejected'));
    expect(effectiveMode(terminal.ops, 'py-1')).toBe('reducing');
    await breakAt();
    await terminal.until(settled('loaded'));
    await terminal.until(() => terminal.types().includes('deployment.completed'));
    expect(terminal.ops.models.engines['py-1']?.loaded).toMatchObject({ model: 'm2' });
    await terminal.until(() => effectiveMode(terminal.ops, 'py-1') === 'normal');
  });

  it('a stop by hand at the engine is on the record and holds', async () => {
    child.stdin.write('{"do":"telemetry"}\n{"do":"elsewhere"}\n');
    await terminal.until(() => effectiveMode(terminal.ops, 'py-1') === 'killed');
    const event = terminal.events.find(({ type }) => type === 'engine.outside_change');
    expect(event).toMatchObject({ actor: { id: 'operator', role: 'outside' }, reason: 'by hand' });
    expect(engine()?.connected).toBe(true);
  });

  it('after its dead man it waits for the answer of a gateway that takes its time', async () => {
    child.kill('SIGKILL');
    const { port } = gateway;
    await gateway.stop();
    const engines = { ...quickPolicy.engines, deadManMs: 400 };
    const policies = withOperations({ ...quickPolicy, engines });
    gateway = await openGateway(dir.path, 'paper', port, { policies });
    terminal = await TestTerminal.open(port);
    const proxy = await openProxy(() => 0);
    proxy.target(port);
    run(proxy.port);
    await connected();
    proxy.set({ kind: 'stall' });
    await said(({ mode }) => mode === 'paused');
    await said((line) => String(line.said).endsWith('the gateway is silent'));
    told = [];
    proxy.set({ kind: 'delay', ms: 60 });
    await said(({ mode }) => mode === 'normal');
    await proxy.close();
  });

  it('flattens by itself when the gateway falls silent and policy says so, and reports it', async () => {
    await gateway.stop();
    const engines = {
      ...quickPolicy.engines,
      deadManMs: 400,
      deadManActionOf: { 'py-1': 'flatten' },
    };
    const policies = withOperations({ ...quickPolicy, engines } as typeof quickPolicy);
    gateway = await openGateway(dir.path, 'paper', gateway.port, { policies });
    terminal = await TestTerminal.open(gateway.port);
    await connected();
    const { port } = gateway;
    told = [];
    // What cannot be cancelled keeps nothing open.
    await breakAt('cancel');
    await gateway.stop();
    await said(({ mode }) => mode === 'paused');
    await said(({ failed }) => failed === 'cancel');
    await said(({ sold }) => sold === 5);
    gateway = await openGateway(dir.path, 'paper', port, { policies });
    terminal = await TestTerminal.open(port);
    await terminal.until(() =>
      terminal.events.some(
        ({ type, data }) => type === 'engine.connected' && data.selfPausedAt !== null,
      ),
    );
  });
});
