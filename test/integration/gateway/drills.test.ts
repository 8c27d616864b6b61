import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { sha256 } from '../../../src/node/sha256';
import { effectiveMode } from '../../../src/shared/ops/effectiveMode';
import type { IncidentsPolicy } from '../../../src/shared/policy/incidents';
import { newDataDir, openGateway, quickPolicies } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { incidentsPolicy } from '../../support/incidents';
import { TestTerminal } from '../../support/testTerminal';

let dir: ReturnType<typeof newDataDir>;
const open: { stop(): unknown }[] = [];

beforeEach(() => {
  dir = newDataDir();
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
  dir.remove();
});

async function desk(
  drills: Partial<IncidentsPolicy['drills']> = {},
  environment: 'paper' | 'live' = 'paper',
): Promise<{ gateway: Gateway; ana: TestTerminal }> {
  const document = { ...incidentsPolicy, drills: { ...incidentsPolicy.drills, ...drills } };
  const incidents = { document, hash: sha256(JSON.stringify(document)) };
  const { monitor } = quickPolicies;
  const still = { ...monitor, document: { ...monitor.document, checkEveryMs: 3_600_000 } };
  const policies = { ...quickPolicies, incidents, monitor: still };
  const gateway = await openGateway(dir.path, environment, 0, { policies });
  open.push(gateway);
  return { gateway, ana: await TestTerminal.open(gateway.port) };
}

async function engine(gateway: Gateway, ana: TestTerminal, id: string, change = {}) {
  const one = Object.assign(new FakeEngine(id, 100), change);
  await one.connect(gateway.port);
  open.push({ stop: () => one.disconnect() });
  await ana.until(() => ana.ops.engines[id]?.connected === true);
  return one;
}

const drill = { engines: null, reason: 'simulacro semanal' };
const ended = (ana: TestTerminal) => ana.ops.incidents.drills[0]?.finished ?? null;

describe('a kill drill', () => {
  it('runs the real chain on paper, measures it, and stays halted until a person resumes', async () => {
    const { gateway, ana } = await desk();
    const one = await engine(gateway, ana, 'e1');
    const id = randomUUID();
    expect(await ana.give('drill.kill', drill, id)).toMatchObject({
      stage: 'done',
      summary: 'flat',
    });
    await ana.until(() => ended(ana) !== null);
    expect(one.sold).toBe(100);
    expect(ana.ops.kills[0]).toMatchObject({ drill: true, commandId: id, resumedAt: null });
    expect(ended(ana)).toMatchObject({ outcome: 'flat', detail: '' });
    const { pressMs, blockedMs, flatMs } = ended(ana) ?? {};
    expect(pressMs).toBeGreaterThanOrEqual(0);
    expect(flatMs).toBeGreaterThanOrEqual(blockedMs ?? Infinity);
    expect(effectiveMode(ana.ops, 'e1')).toBe('killed');
    expect(ana.ops.incidents.incidents).toEqual([]);
    const resume = {
      ...{ scope: { kind: 'engines', engines: ['e1'] }, reason: 'fin', origin: 'console' },
      confirmation: 'CONFIRM_RESUME',
      checklist: { causeUnderstood: true, positionsReviewed: true, teamNotified: true },
    };
    expect(await ana.give('resume', resume)).toMatchObject({ stage: 'done' });
    await ana.until(() => one.mode === 'normal');
  });

  it('is lifted by the gateway where policy says so', async () => {
    const { gateway, ana } = await desk({ resume: 'auto' });
    const one = await engine(gateway, ana, 'e1');
    await ana.give('drill.kill', { ...drill, engines: ['e1'] });
    await ana.until(() => one.mode === 'normal' && ana.ops.kills[0]?.resumedAt != null);
    expect(ana.types().filter((type) => /^(drill|ops)\./.test(type))).toEqual([
      'drill.started',
      'drill.finished',
      'ops.resumed',
    ]);
  });

  it('that is not flat in time fails, with an alert, and stays halted', async () => {
    const { gateway, ana } = await desk({ timeoutMs: 300, resume: 'auto' });
    await engine(gateway, ana, 'e1', { behaviour: 'lies' });
    await ana.give('incident.open', { severity: 'P3', title: 'x', reason: 'x' });
    ana.command('drill.kill', drill);
    await ana.until(() => ended(ana) !== null);
    expect(ended(ana)).toMatchObject({ outcome: 'timed_out', detail: 'not flat: e1' });
    await ana.until(() =>
      Object.values(ana.ops.alerts.active).some(({ kind }) => kind === 'drill_failed'),
    );
    expect(effectiveMode(ana.ops, 'e1')).toBe('killed');
  });

  it('taken over by a real kill is interrupted, never lifted, and the kill has its incident', async () => {
    const { gateway, ana } = await desk({ resume: 'auto' });
    const one = await engine(gateway, ana, 'e1', { behaviour: 'lies' });
    ana.command('drill.kill', drill);
    await ana.until(() => ana.ops.kills.length === 1);
    ana.kill();
    await ana.until(() => ended(ana)?.outcome === 'interrupted');
    one.behaviour = 'honest';
    await ana.until(() => ana.ops.incidents.incidents[0]?.cause === 'kill');
    await ana.until(() => ana.ops.chains.e1?.phase === 'flat');
    expect(effectiveMode(ana.ops, 'e1')).toBe('killed');
    expect(ana.types()).not.toContain('ops.resumed');
  });
});

describe('a live engine', () => {
  it('is never asked anything by a drill, named or among all, on a paper desk or a live one', async () => {
    const { gateway, ana } = await desk();
    const live = await engine(gateway, ana, 'real', { environment: 'live' });
    await engine(gateway, ana, 'e1');
    for (const engines of [null, ['real'], ['e1', 'real']]) {
      expect(await ana.give('drill.kill', { ...drill, engines })).toMatchObject({
        code: 'not_for_live',
      });
    }
    // The paper one beside it may be drilled; the live one hears nothing of it.
    await ana.give('drill.kill', { ...drill, engines: ['e1'] });
    await ana.until(() => ended(ana) !== null);
    expect([live.received, live.queried, live.mode, live.quantity]).toEqual([
      [],
      [],
      'normal',
      100,
    ]);
  });

  it('on a live desk no drill is held at all', async () => {
    const { gateway, ana } = await desk({}, 'live');
    const one = await engine(gateway, ana, 'e1');
    expect(await ana.give('drill.kill', drill)).toMatchObject({ code: 'not_for_live' });
    expect(one.received).toEqual([]);
  });

  it('that was paper when the drill began is left alone from the moment it says it is live', async () => {
    const { gateway, ana } = await desk();
    const one = await engine(gateway, ana, 'e1', { behaviour: 'hangs' });
    ana.command('drill.kill', drill);
    await ana.until(() => one.received.some(({ op }) => op === 'block'), []);
    one.disconnect();
    await ana.until(() => ana.ops.engines.e1?.connected === false);
    one.received = [];
    one.queried = [];
    one.environment = 'live';
    one.behaviour = 'honest';
    await one.connect(gateway.port);
    await ana.until(() => ended(ana) !== null);
    expect(ended(ana)).toMatchObject({ outcome: 'interrupted' });
    expect(one.mode).toBe('normal');
    expect(one.queried).toEqual([]);
    expect(one.received.filter(({ op }) => op !== 'set_mode')).toEqual([]);
    expect(one.quantity).toBe(100);
    expect(effectiveMode(ana.ops, 'e1')).toBe('normal');
  });
});

describe('a scheduled drill', () => {
  it('is held at its time, or says why it was not', async () => {
    const everySecond = { cron: '* * * * * *', engines: null, businessDaysOnly: false };
    const { gateway, ana } = await desk({
      resume: 'person',
      schedule: [{ ...everySecond, name: 'cada segundo' }],
    });
    await ana.until(() => ana.types().includes('drill.skipped'));
    await engine(gateway, ana, 'e1');
    await ana.until(() => ended(ana)?.outcome === 'flat');
    expect(ana.ops.incidents.drills[0]).toMatchObject({
      origin: 'schedule',
      reason: 'cada segundo',
    });
  });

  it('with an expression that is none is on record as skipped', async () => {
    const bad = { name: 'mal', cron: 'mañana', engines: null, businessDaysOnly: true };
    const { ana } = await desk({ schedule: [bad] });
    await ana.until(() => ana.types().includes('drill.skipped'));
  });
});
