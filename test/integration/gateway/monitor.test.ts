import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { sha256 } from '../../../src/node/sha256';
import { replay } from '../../../src/shared/monitor/windowFile';
import { newDataDir, openGateway } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { artifact } from '../../support/models';
import { TestTerminal } from '../../support/testTerminal';
import { produceModel, stageModel } from '../../support/walk';

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
const engines: FakeEngine[] = [];

beforeEach(async () => {
  dir = newDataDir();
  gateway = await openGateway(dir.path);
});
afterEach(async () => {
  for (const engine of engines.splice(0)) engine.disconnect();
  await gateway.stop();
  dir.remove();
});

const ops = () => gateway.log.state();

/** m1 was live and m2 is, on one engine. */
async function desk(): Promise<{ ana: TestTerminal; engine: FakeEngine }> {
  const engine = new FakeEngine('e1', 0);
  engine.models = ['m1', 'm2'].map((model) => artifact(model));
  engines.push(engine);
  await engine.connect(gateway.port);
  const ana = await TestTerminal.open(gateway.port);
  await ana.until(() => ana.ops.models.production === 'm1');
  await stageModel(gateway.port, 'm2');
  await produceModel(gateway.port, 'm2');
  await ana.until(() => ana.ops.models.deployments[0]?.completedAt != null);
  return { ana, engine };
}

const held = (terminal: TestTerminal) => terminal.leases.at(-1);

describe('the gateway’s own monitor, while no terminal acts', () => {
  it('rolls a failing model back by itself, once, and first: what is told of it comes after', async () => {
    const { ana, engine } = await desk();
    await ana.until(() => ana.ops.monitor.holder === 'gateway');
    engine.infer(30, false);
    await ana.until(() => ana.ops.monitor.firings.length > 0);
    await ana.until(() => ana.ops.models.deployments[0]?.completedAt != null);
    expect(ops().models.production).toBe('m1');
    const deployment = ops().models.deployments[0];
    expect(deployment).toMatchObject({ kind: 'rollback', by: { id: 'monitor', role: 'monitor' } });
    expect(deployment?.reason).toContain('errorRate');
    const types = ana.types();
    expect(types.lastIndexOf('deployment.started')).toBeLessThan(types.indexOf('monitor.fired'));
    const [firing] = ops().monitor.firings;
    expect(firing).toMatchObject({ model: 'm2', causes: ['errorRate'], actions: ['rollback'] });
    // m1 is well: nothing more happens, though the check goes on.
    engine.infer(30, true);
    await ana.until(() => ana.ops.monitor.machine.phase === 'cooldown');
    expect(ana.types().filter((type) => type === 'deployment.started')).toHaveLength(2);
  });

  it('an incident of it is detected from the first sample that failed', async () => {
    const { ana, engine } = await desk();
    await ana.until(() => ana.ops.monitor.holder === 'gateway');
    engine.infer(2, false);
    const first = Date.now();
    await ana.until(() => ana.ops.monitor.triggers.errorRate !== undefined);
    engine.infer(30, false);
    const caused = () =>
      ana.ops.incidents.incidents.find(({ alerts }) => alerts.includes('auto_rollback'));
    await ana.until(() => caused() !== undefined);
    const from = caused()?.detectedFrom ?? Number.NaN;
    expect(from).toBeLessThanOrEqual(first);
    expect(from).toBeGreaterThan(first - 1_000);
    expect(ana.ops.alerts.active.auto_rollback?.since).toBe(from);
  });

  it('keeps the window behind a firing, which gives the same verdict when judged anew', async () => {
    const { ana, engine } = await desk();
    await ana.until(() => ana.ops.monitor.holder === 'gateway');
    engine.infer(30, false);
    await ana.until(() => ana.ops.monitor.firings.length > 0);
    const [firing] = ops().monitor.firings;
    const text = readFileSync(join(dir.path, 'monitor/windows', `${firing?.window}.json`), 'utf8');
    const again = replay(text, sha256);
    expect(again.ok && again.value.digest).toBe(firing?.window);
    const { errorRate } = (again.ok && again.value.evaluation.checks) || {};
    expect(errorRate).toMatchObject({ outcome: 'breach', samples: 30, breaching: 30 });
    const rows = readdirSync(join(dir.path, 'monitor')).filter((name) =>
      name.startsWith('checks-'),
    );
    expect(rows).toHaveLength(1);
  });

  it('a drawdown rolls back and pauses', async () => {
    const { ana, engine } = await desk();
    await ana.until(() => ana.ops.monitor.holder === 'gateway');
    engine.reportEquity(1_000_000);
    engine.reportEquity(940_000);
    await ana.until(() => ana.ops.desk.mode === 'paused');
    expect(ops().models.production).toBe('m1');
    expect(ops().desk).toMatchObject({ by: { id: 'monitor' } });
    await ana.until(() => engine.mode === 'paused');
  });

  it('pauses entries of a live desk once while it sees nothing, and leaves a paper desk alone', async () => {
    const { ana } = await desk();
    // Equity never came: the day's drawdown is not known.
    await ana.until(() => ana.ops.alerts.active.blind_monitor !== undefined);
    expect(ops().desk.mode).toBe('normal');
    await gateway.stop();
    dir.remove();
    dir = newDataDir();
    gateway = await openGateway(dir.path, 'live');
    const engine = new FakeEngine('e2', 0);
    engine.environment = 'live';
    engines.push(engine);
    await engine.connect(gateway.port);
    const luis = await TestTerminal.open(gateway.port, 'luis');
    await luis.until(() => luis.ops.desk.mode === 'paused');
    expect(ops().desk).toMatchObject({ by: { id: 'monitor' } });
    await luis.until(() => luis.ops.monitor.blindPause !== null);
    expect(ops().monitor.blindPause).toMatchObject({ dryRun: false });
    await luis.until(() => luis.ops.alerts.active.blind_monitor !== undefined);
    expect(luis.types().filter((type) => type === 'ops.paused')).toHaveLength(1);
  });

  it('in a dry run says what it would do and does nothing; only some may order one', async () => {
    const { ana, engine } = await desk();
    await ana.until(() => ana.ops.monitor.holder === 'gateway');
    const dry = { on: true, reason: 'prueba', origin: 'console' };
    const eva = await TestTerminal.open(gateway.port, 'eva');
    expect(await eva.give('monitor.dry_run', dry)).toMatchObject({ code: 'forbidden' });
    expect(await ana.give('monitor.dry_run', dry)).toMatchObject({ stage: 'done' });
    engine.infer(30, false);
    await ana.until(() => ana.ops.monitor.firings.length > 0);
    expect(ops().monitor.firings[0]).toMatchObject({ dryRun: true, actions: ['rollback'] });
    expect(ops().models.production).toBe('m2');
    // What fires is acted on as soon as the dry run is over.
    await ana.give('monitor.dry_run', { ...dry, on: false });
    await ana.until(() => ana.ops.models.production === 'm1');
    expect(ops().monitor.firings[0]).toMatchObject({ dryRun: false });
  });

  it('a target that will not load is put aside, and with none left trading is paused', async () => {
    const { ana, engine } = await desk();
    await ana.until(() => ana.ops.monitor.holder === 'gateway');
    engine.behaviour = 'refuses_load';
    engine.infer(30, false);
    await ana.until(() => ana.ops.models.deployments[0]?.incompleteAt != null);
    await ana.until(() => ana.ops.alerts.active.auto_rollback_failed !== undefined);
    expect(ops().monitor.machine.quarantined).toHaveProperty('m1');
    // The engine still runs m2, which is no longer the live one: its samples are nobody's.
    expect(ops().models.production).toBe('m1');
  });

  it('goes on where one that died left it: a rollback on record is not ordered again', async () => {
    const { ana, engine } = await desk();
    await ana.until(() => ana.ops.monitor.holder === 'gateway');
    engine.behaviour = 'hangs_on_load';
    engine.infer(30, false);
    await ana.until(() => ana.ops.models.deployments[0]?.by.id === 'monitor');
    const id = ops().models.deployments[0]?.id;
    await gateway.stop();
    gateway = await openGateway(dir.path);
    engine.behaviour = 'honest';
    await engine.connect(gateway.port);
    const again = await TestTerminal.open(gateway.port);
    await again.until(() => again.ops.models.deployments[0]?.completedAt != null);
    await again.until(() => again.ops.monitor.machine.phase === 'cooldown');
    expect(again.ops.models.deployments.filter(({ by }) => by.id === 'monitor')).toMatchObject([
      { id },
    ]);
  });
});

describe('the lease', () => {
  it('goes to a terminal from the gateway; a second is told who has it; an old token is refused', async () => {
    const { ana } = await desk();
    const luis = await TestTerminal.open(gateway.port, 'luis');
    await ana.until(() => ana.ops.monitor.holder === 'gateway');
    ana.send({ type: 'lease', token: null });
    await ana.until(() => held(ana)?.token != null);
    const token = held(ana)?.token as number;
    luis.send({ type: 'lease', token: null });
    await luis.until(() => held(luis) !== undefined);
    expect(held(luis)).toMatchObject({ holder: 'terminal-ana', token: null });
    const back = { target: 'm1', reason: 'auto: prueba', origin: 'monitor' };
    // Another's token is of no use, and neither is none.
    expect(await luis.give('model.rollback', { ...back, fence: token })).toMatchObject({
      code: 'fenced',
    });
    expect(await ana.give('model.rollback', { ...back, fence: null })).toMatchObject({
      code: 'fenced',
    });
    // Ana's terminal is cut off: its lease runs out and goes to the next.
    await luis.until(() => luis.ops.monitor.holder === 'gateway');
    luis.send({ type: 'lease', token: null });
    await luis.until(() => held(luis)?.token != null);
    expect(held(luis)?.token as number).toBeGreaterThan(token);
    // It comes back with what it had, and acts no more.
    ana.send({ type: 'lease', token });
    const stale = await ana.give('model.rollback', { ...back, fence: token });
    expect(stale).toMatchObject({ code: 'fenced' });
    expect(ops().models.production).toBe('m2');
    const fresh = await luis.give('model.rollback', { ...back, fence: held(luis)?.token });
    expect(fresh).toMatchObject({ stage: 'done' });
    expect(ops().models.deployments[0]?.by).toMatchObject({
      id: 'monitor',
      terminal: 'terminal-luis',
    });
  });

  it('tokens go on growing over a restart of the gateway', async () => {
    const { ana } = await desk();
    await ana.until(() => ana.ops.monitor.holder === 'gateway');
    ana.send({ type: 'lease', token: null });
    await ana.until(() => held(ana)?.token != null);
    const before = held(ana)?.token as number;
    await gateway.stop();
    gateway = await openGateway(dir.path);
    const again = await TestTerminal.open(gateway.port);
    again.send({ type: 'lease', token: null });
    await again.until(() => held(again)?.token != null);
    expect(held(again)?.token as number).toBeGreaterThan(before);
  });
});
