import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { registerModel } from '../../../src/gateway/cliModel';
import type { Gateway } from '../../../src/gateway/gateway';
import { effectiveMode } from '../../../src/shared/ops/effectiveMode';
import { modelsPolicy, newDataDir, openGateway } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { artifact, card, DAY, GOOD_STAGING } from '../../support/models';
import { TestTerminal } from '../../support/testTerminal';

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
/** What the gateway's clock is ahead of the machine's. */
let ahead = 0;
const engines: FakeEngine[] = [];

const open = () => openGateway(dir.path, 'paper', 0, { clock: () => Date.now() + ahead });

beforeEach(async () => {
  ahead = 0;
  dir = newDataDir();
  gateway = await open();
});
afterEach(async () => {
  for (const engine of engines.splice(0)) engine.disconnect();
  await gateway.stop();
  dir.remove();
});

async function engine(id: string, models = ['m1', 'm2', 'm3']): Promise<FakeEngine> {
  const one = new FakeEngine(id, 0);
  one.models = models.map((model) => artifact(model));
  await one.connect(gateway.port);
  engines.push(one);
  return one;
}

const models = () => gateway.log.state().models;
const origin = 'console';
const CHECKLIST = { backtestReviewed: true, metricsAcceptable: true, teamNotified: true };
const promotion = (model: string, target: string, extra: object = {}) => ({
  ...{ model, target, checklist: CHECKLIST, reason: 'lista', origin },
  ...extra,
});

/** Brings a model as far as staging with all that production asks for, seven days ago. */
async function stage(ana: TestTerminal, ines: TestTerminal, model: string): Promise<void> {
  const registered = await ana.give('model.register', { card: card(model) });
  // Who registers is its developer; here that is Pablo's terminal, so Ana may not.
  expect(registered).toMatchObject({ code: 'forbidden' });
  const pablo = await TestTerminal.open(gateway.port, 'pablo');
  expect(await pablo.give('model.register', { card: card(model) })).toMatchObject({
    stage: 'done',
  });
  const request = randomUUID();
  expect(await ana.give('model.promote', promotion(model, 'staging'), request)).toMatchObject({
    stage: 'done',
  });
  const approval = { request, reason: 'revisado', origin };
  expect(await ines.give('promotion.approve', approval)).toMatchObject({ stage: 'done' });
  expect(models().models[model]?.stage).toBe('staging');
  const figures = {
    phase: 'staging',
    metrics: GOOD_STAGING,
    shadowAgreement: 0.9,
    reason: 'sombra',
  };
  expect(await pablo.give('model.report', { model, ...figures })).toMatchObject({ stage: 'done' });
  ahead += 7 * DAY;
}

/** Takes a staged model into production, with every yes it needs. */
async function produce(ana: TestTerminal, ines: TestTerminal, model: string): Promise<void> {
  await stage(ana, ines, model);
  const request = randomUUID();
  expect(await ana.give('model.promote', promotion(model, 'production'), request)).toMatchObject({
    stage: 'done',
  });
  const approval = { request, reason: 'revisado', origin };
  const needs = models().requests.find(({ id }) => id === request)?.needs ?? [];
  if (needs.includes('engineering-lead')) {
    const lead = await TestTerminal.open(gateway.port, 'rosa');
    await lead.give('promotion.approve', approval);
  }
  await ines.give('promotion.approve', approval);
  expect(models().production).toBe(model);
}

async function operators() {
  const ana = await TestTerminal.open(gateway.port, 'ana');
  const ines = await TestTerminal.open(gateway.port, 'ines');
  return { ana, ines };
}

describe('a desk whose engines run a model already', () => {
  it('has that model on the record as live, its hash as the engine said it', async () => {
    const { ana } = await operators();
    await engine('e1');
    await ana.until(() => ana.ops.models.production === 'm1');
    expect(models().models.m1).toMatchObject({
      stage: 'production',
      hashes: { model: artifact('m1').hash },
    });
    expect(models().tenures).toMatchObject([{ model: 'm1', to: null }]);
  });

  it('holds an engine that runs another, says so, and changes nobody’s model by itself', async () => {
    const { ana } = await operators();
    await engine('e1');
    await ana.until(() => ana.ops.models.production === 'm1');
    const other = await engine('e2', ['m2', 'm1']);
    await ana.until(() => 'mismatch:e2' in ana.ops.alerts.active);
    await ana.until(() => other.mode === 'reducing');
    expect(effectiveMode(gateway.log.state(), 'e2')).toBe('reducing');
    expect(other.received.some(({ op }) => op === 'load_model')).toBe(false);
  });

  it('takes a card from the command line, and says what is wrong with a bad one', async () => {
    const file = join(dir.path, 'card.yaml');
    const address = `http://127.0.0.1:${gateway.port}`;
    writeFileSync(file, stringify(card('ppo_v20')));
    expect(await registerModel(file, address, 'pablo')).toBe('ppo_v20 20: registered');
    writeFileSync(file, stringify({ ...card('ppo_v21'), owner: 'trading_team' }));
    await expect(registerModel(file, address, 'pablo')).rejects.toThrow(/owner: a person/);
    await expect(registerModel(file, address, undefined)).rejects.toThrow(/VIGIA_TOKEN/);
    await expect(registerModel(file, address, 'nobody')).rejects.toThrow(/token/);
    await expect(registerModel('/none.yaml', address, 'pablo')).rejects.toThrow(/cannot be read/);
    await expect(registerModel(file, 'http://127.0.0.1:1', 'pablo')).rejects.toThrow(/reached/);
    expect(Object.keys(models().models)).toEqual(['ppo_v20']);
  });

  it('takes cards from engines; a bad one is refused naming the field and changes nothing', async () => {
    const { ana } = await operators();
    const one = await engine('e1');
    one.register(card('m1'));
    await ana.until(() => ana.ops.models.models.m1?.owner === 'ines');
    one.register({ ...card('m2'), model_hash: 'x' });
    one.register(card('m3'));
    await ana.until(() => ana.ops.models.models.m3?.stage === 'registered');
    await expect.poll(() => one.errors).toEqual([expect.stringContaining('model_hash')]);
    expect(models().models.m2).toBeUndefined();
  });
});

describe('promotion', () => {
  it('reaches production with all figures, seven days and every yes; the first needs two', async () => {
    const { ana, ines } = await operators();
    const one = await engine('e1', []);
    await stage(ana, ines, 'm1');
    one.disconnect();
    const request = randomUUID();
    await ana.give('model.promote', promotion('m1', 'production'), request);
    expect(models().requests[0]?.needs).toEqual(['model-owner', 'engineering-lead']);
    const approval = { request, reason: 'sí', origin };
    await ines.give('promotion.approve', approval);
    expect(models().production).toBeNull();
    const again = await ines.give('promotion.approve', approval);
    expect(again).toMatchObject({ code: 'approved_already' });
    // Pablo is an engineering lead, and registered the model.
    const pablo = await TestTerminal.open(gateway.port, 'pablo');
    expect(await pablo.give('promotion.approve', approval)).toMatchObject({ code: 'own_model' });
    const rosa = await TestTerminal.open(gateway.port, 'rosa');
    expect(await rosa.give('promotion.approve', approval)).toMatchObject({ stage: 'done' });
    expect(models().production).toBe('m1');
  });

  it('asks for the second person also where an engine ran a model before the log did', async () => {
    const { ana, ines } = await operators();
    await engine('e1', ['m0', 'm1']);
    await ana.until(() => ana.ops.models.production === 'm0');
    await stage(ana, ines, 'm1');
    await ana.give('model.promote', promotion('m1', 'production'), randomUUID());
    expect(models().requests[0]?.needs).toEqual(['model-owner', 'engineering-lead']);
  });

  it('is refused at the gateway with every gate that fails, whatever the screen said', async () => {
    const { ana, ines } = await operators();
    await stage(ana, ines, 'm1');
    ahead -= 60_000;
    const refused = await ana.give('model.promote', promotion('m1', 'production'));
    expect(refused).toMatchObject({ code: 'gates_failed' });
    const { message, said } = refused as { message: string; said: unknown };
    expect(message).toBe('not met: time in staging: 167.98 h, the limit is 168 h');
    expect(JSON.stringify(said)).toContain('gate.staging_time');
    expect(models().requests).toEqual([]);
  });

  it('one’s own request is not one’s own to approve; a viewer may do neither', async () => {
    const { ines } = await operators();
    const pablo = await TestTerminal.open(gateway.port, 'pablo');
    await pablo.give('model.register', { card: card('m1') });
    const request = randomUUID();
    await ines.give('model.promote', promotion('m1', 'staging'), request);
    const approval = { request, reason: 'sí', origin };
    expect(await ines.give('promotion.approve', approval)).toMatchObject({ code: 'own_request' });
    const eva = await TestTerminal.open(gateway.port, 'eva');
    expect(await eva.give('promotion.approve', approval)).toMatchObject({ code: 'no_capacity' });
    expect(await eva.give('model.promote', promotion('m1', 'staging'))).toMatchObject({
      code: 'forbidden',
    });
  });

  it('an approval dies when a figure, a threshold, the card or who answers for it changes', async () => {
    const { ana, ines } = await operators();
    await stage(ana, ines, 'm1');
    const request = randomUUID();
    await ana.give('model.promote', promotion('m1', 'production'), request);
    const approval = { request, reason: 'sí', origin };
    const approvals = () => models().requests[0]?.approvals.length;
    await ines.give('promotion.approve', approval);
    expect(approvals()).toBe(1);
    const pablo = await TestTerminal.open(gateway.port, 'pablo');
    const metrics = { ...GOOD_STAGING, trades: 181 };
    const figures = { phase: 'staging', metrics, shadowAgreement: 0.9, reason: 'sombra' };
    await pablo.give('model.report', { model: 'm1', ...figures });
    expect(approvals()).toBe(0);
    await ines.give('promotion.approve', approval);
    const production = { ...modelsPolicy.promotion.production, minSharpe: 0.9 };
    const document = { ...modelsPolicy, promotion: { ...modelsPolicy.promotion, production } };
    const change = { name: 'models', document, reason: 'mercado' };
    expect(await pablo.give('policy.change', change)).toMatchObject({ stage: 'done' });
    expect(approvals()).toBe(0);
    await ines.give('promotion.approve', approval);
    const care = { backupOwner: 'rosa', owner: 'ines', rollbackPlan: 'otro', reason: 'relevo' };
    const update = { model: 'm1', ...care };
    expect(await pablo.give('model.update', update)).toMatchObject({ stage: 'done' });
    expect(approvals()).toBe(0);
    expect(models().requests[0]?.voidedBecause).toContain('changed');
  });

  it('a policy is changed from the version that is in force, by whom the policy lets', async () => {
    const pablo = await TestTerminal.open(gateway.port, 'pablo');
    const ana = await TestTerminal.open(gateway.port, 'ana');
    const retention = { ...modelsPolicy.retention, tradesYears: 10 };
    const change = { name: 'models', document: { ...modelsPolicy, retention }, reason: 'Ley 962' };
    const { version } = modelsPolicy;
    expect(await ana.give('policy.change', change)).toMatchObject({ code: 'forbidden' });
    const based = { ...change, basedOn: version };
    expect(await pablo.give('policy.change', based)).toMatchObject({ stage: 'done' });
    // Somebody who opened the old one does not write over what came since.
    expect(await pablo.give('policy.change', based)).toMatchObject({ code: 'superseded' });
    const { policies } = gateway.log.state();
    expect(policies.models).toMatchObject({ version: `${version}+1`, reason: 'Ley 962' });
    const next = { ...change, basedOn: `${version}+1` };
    expect(await pablo.give('policy.change', next)).toMatchObject({ stage: 'done' });
    const bad = { ...change, document: { ...modelsPolicy, retention: {} } };
    expect(await pablo.give('policy.change', bad)).toMatchObject({ code: 'bad_policy' });
  });

  it('two that race yield one', async () => {
    const { ana, ines } = await operators();
    const pablo = await TestTerminal.open(gateway.port, 'pablo');
    await pablo.give('model.register', { card: card('m1') });
    const first = ana.give('model.promote', promotion('m1', 'staging'));
    const second = ines.give('model.promote', promotion('m1', 'staging'));
    const codes = (await Promise.all([first, second])).map((one) =>
      'code' in one ? one.code : 'ok',
    );
    expect(codes.sort()).toEqual(['ok', 'superseded']);
    expect(models().requests).toHaveLength(1);
  });

  it('a request is withdrawn by its author, rejected by who could approve it, and expires', async () => {
    const { ana, ines } = await operators();
    const pablo = await TestTerminal.open(gateway.port, 'pablo');
    await pablo.give('model.register', { card: card('m1') });
    const ask = async () => {
      const request = randomUUID();
      await ana.give('model.promote', promotion('m1', 'staging'), request);
      return { request, reason: 'porque no', origin };
    };
    const one = await ask();
    expect(await ines.give('promotion.withdraw', one)).toMatchObject({ code: 'forbidden' });
    expect(await ana.give('promotion.withdraw', one)).toMatchObject({ stage: 'done' });
    const two = await ask();
    expect(await ana.give('promotion.reject', two)).toMatchObject({ code: 'no_capacity' });
    expect(await ines.give('promotion.reject', two)).toMatchObject({ stage: 'done' });
    const three = await ask();
    ahead += modelsPolicy.promotion.requestExpiresMs + 1;
    expect(await ines.give('promotion.approve', three)).toMatchObject({ code: 'expired' });
    expect(models().models.m1?.stage).toBe('registered');
  });

  it('an emergency is a CTO’s waiver in writing, and is reviewed by somebody else', async () => {
    const { ana, ines } = await operators();
    await stage(ana, ines, 'm1');
    ahead -= 6 * DAY;
    const emergency = { waived: ['staging_time'], justification: 'el anterior perdió el mercado' };
    const request = randomUUID();
    await ana.give('model.promote', promotion('m1', 'production', { emergency }), request);
    expect(models().requests[0]?.needs).toEqual(['cto']);
    const luis = await TestTerminal.open(gateway.port, 'luis');
    await luis.give('promotion.approve', { request, reason: 'autorizo por escrito', origin });
    expect(models().production).toBe('m1');
    const [review] = models().reviews;
    expect(review).toMatchObject({ kind: 'emergency_promotion', model: 'm1', closedAt: null });
    // The decision's instant and the event's may lie some milliseconds apart.
    const later = (until: number | null | undefined) =>
      Math.round(((until ?? 0) - (review?.openedAt ?? 0)) / 60_000) * 60_000;
    expect(later(review?.dueAt)).toBe(48 * 3_600_000);
    expect(later(review?.enhancedUntil)).toBe(14 * DAY);
    const outcome = { review: review?.id, reason: 'se mantuvo' };
    expect(await luis.give('review.close', outcome)).toMatchObject({ code: 'same_person' });
    const pablo = await TestTerminal.open(gateway.port, 'pablo');
    expect(await pablo.give('review.close', outcome)).toMatchObject({ stage: 'done' });
  });

  it('a CTO waives nothing for a model of his own making by asking for it', async () => {
    const { ana, ines } = await operators();
    await stage(ana, ines, 'm1');
    ahead -= 6 * DAY;
    const luis = await TestTerminal.open(gateway.port, 'luis');
    expect(await luis.give('model.register', { card: card('m1') })).toMatchObject({
      stage: 'done',
    });
    const emergency = { waived: ['staging_time'], justification: 'urge' };
    const request = randomUUID();
    await luis.give('model.promote', promotion('m1', 'production', { emergency }), request);
    expect(models().requests[0]).toMatchObject({ id: request, needs: ['cto'], approvals: [] });
    expect(models().production).toBeNull();
    const own = await luis.give('promotion.approve', { request, reason: 'sí', origin });
    expect(own).toMatchObject({ code: 'own_request' });
  });

  it('an exception lifts a requirement for a while, by a CTO alone and for 30 days at most', async () => {
    const { ana, ines } = await operators();
    await stage(ana, ines, 'm1');
    ahead -= 6 * DAY;
    const luis = await TestTerminal.open(gateway.port, 'luis');
    const now = Date.now() + ahead;
    const exception = { model: 'm1', gates: ['staging_time'], reason: 'cierre de año' };
    const until = now + 31 * DAY;
    expect(await luis.give('exception.grant', { ...exception, until })).toMatchObject({
      code: 'bad_params',
    });
    const month = { ...exception, until: now + DAY };
    expect(await ana.give('exception.grant', month)).toMatchObject({ code: 'forbidden' });
    expect(await luis.give('exception.grant', month)).toMatchObject({ stage: 'done' });
    expect(await ana.give('model.promote', promotion('m1', 'production'))).toMatchObject({
      stage: 'done',
    });
    ahead += 2 * DAY;
    // The gateway that starts after the exception's end ends it and opens its review.
    await gateway.stop();
    gateway = await open();
    expect(models().exceptions).toEqual([]);
    expect(models().reviews[0]).toMatchObject({ kind: 'exception', model: 'm1' });
    ahead += 3 * DAY;
    await gateway.stop();
    gateway = await open();
    // A desk without an engine may be told of other things too.
    expect(Object.values(gateway.log.state().alerts.active)).toContainEqual(
      expect.objectContaining({ kind: 'review_overdue', model: 'm1' }),
    );
  });
});

describe('rollback', () => {
  /** m1 was live, m2 is; both engines carry all three. */
  async function desk(names: readonly string[] = ['e1', 'e2']) {
    const { ana, ines } = await operators();
    const fleet: FakeEngine[] = [];
    for (const name of names) fleet.push(await engine(name));
    await ana.until(() => ana.ops.models.production === 'm1');
    await produce(ana, ines, 'm2');
    await ana.until(() => ana.ops.models.deployments[0]?.completedAt != null);
    return { ana, ines, fleet };
  }
  const back = (target = 'm1') => ({ target, reason: 'se degradó', origin });

  it('takes exactly the one chosen, in one append, and is done when every engine reports its hash', async () => {
    const { ana, ines, fleet } = await desk();
    await produce(ana, ines, 'm3');
    await ana.until(() => ana.ops.models.deployments[0]?.completedAt != null);
    const id = randomUUID();
    expect(await ana.give('model.rollback', back('m1'), id)).toMatchObject({ stage: 'done' });
    expect(fleet.map(({ loaded }) => loaded)).toEqual([artifact('m1'), artifact('m1')]);
    const mine = ana.events.filter(({ commandId }) => commandId === id);
    expect(mine.slice(0, 3).map(({ type }) => type)).toEqual([
      'model.stage_changed',
      'model.stage_changed',
      'deployment.started',
    ]);
    expect(mine.map(({ type }) => type)).toContain('deployment.completed');
    expect(models()).toMatchObject({ production: 'm1', models: { m3: { stage: 'archived' } } });
    const effected = ana.answers.filter((one) => one.id === id && one.stage === 'effected');
    expect(effected).toHaveLength(2);
    await ana.until(() => fleet.every(({ mode }) => mode === 'normal'));
  });

  it.each([
    ['wrong_hash', 'wrong_hash'],
    ['refuses_load', 'rejected'],
    ['hangs_on_load', 'unknown'],
  ] as const)(
    'an engine that %s leaves it incomplete, its entries blocked, and is tried again',
    async (behaviour, state) => {
      const { ana, fleet } = await desk();
      const [, sick] = fleet as [FakeEngine, FakeEngine];
      sick.behaviour = behaviour;
      const id = ana.command('model.rollback', back());
      await ana.until(() => ana.ops.models.deployments[0]?.incompleteAt != null);
      expect(ana.ops.models.deployments[0]).toMatchObject({
        completedAt: null,
        engines: { e1: { state: 'loaded' }, e2: { state } },
      });
      expect(ana.ops.alerts.active[`deployment:${id}`]).toMatchObject({ severity: 'P1' });
      expect(effectiveMode(gateway.log.state(), 'e2')).toBe('reducing');
      await ana.until(() => sick.mode === 'reducing');
      await ana.until(() => fleet[0]?.mode === 'normal');
      sick.behaviour = 'honest';
      await ana.until(() => ana.ops.models.deployments[0]?.completedAt != null);
      expect(ana.ops.alerts.active).not.toHaveProperty([`deployment:${id}`]);
      await ana.until(() => sick.mode === 'normal');
    },
  );

  it('an engine that is away leaves it incomplete and is given the model as it comes back', async () => {
    const { ana, fleet } = await desk();
    const [, away] = fleet as [FakeEngine, FakeEngine];
    away.disconnect();
    await ana.until(() => ana.ops.engines.e2?.connected === false);
    ana.command('model.rollback', back());
    await ana.until(() => ana.ops.models.deployments[0]?.incompleteAt != null);
    await away.connect(gateway.port);
    await ana.until(() => ana.ops.models.deployments[0]?.completedAt != null);
    expect(away.loaded).toEqual(artifact('m1'));
  });

  it('goes on where a gateway that died left it', async () => {
    const { ana, fleet } = await desk();
    for (const one of fleet) one.behaviour = 'hangs_on_load';
    const id = ana.command('model.rollback', back());
    await ana.until(() => ana.ops.models.deployments[0]?.id === id);
    for (const one of fleet) one.disconnect();
    await gateway.stop();
    gateway = await open();
    const again = await TestTerminal.open(gateway.port);
    for (const one of fleet) {
      one.behaviour = 'honest';
      await one.connect(gateway.port);
    }
    await again.until(() => again.ops.models.deployments[0]?.completedAt != null);
    expect(again.ops.models.deployments[0]?.id).toBe(id);
    // The command sent again is the same command: nothing is rolled back twice.
    again.command('model.rollback', back(), id);
    await again.until(() => again.answers.some((one) => one.id === id && one.stage === 'accepted'));
    expect(models().tenures.filter(({ model }) => model === 'm1')).toHaveLength(2);
  });

  it('is refused for what is not eligible, with why; and never swaps two to and fro', async () => {
    const { ana } = await desk();
    expect(await ana.give('model.rollback', back('m3'))).toMatchObject({ code: 'unknown_model' });
    expect(await ana.give('model.rollback', back('m2'))).toMatchObject({ code: 'not_eligible' });
    expect(await ana.give('model.rollback', back('m1'))).toMatchObject({ stage: 'done' });
    const fro = await ana.give('model.rollback', back('m2'));
    expect(fro).toMatchObject({ code: 'not_eligible' });
    expect((fro as { message: string }).message).toContain('was rolled away from');
    const eva = await TestTerminal.open(gateway.port, 'eva');
    expect(await eva.give('model.rollback', back('m1'))).toMatchObject({ code: 'forbidden' });
    const noReason = await fetch(`http://127.0.0.1:${gateway.port}/models/rollback`, {
      method: 'POST',
      headers: { authorization: 'Bearer ana' },
      body: JSON.stringify({ target_model: 'm2' }),
    });
    expect(noReason.status).toBe(400);
    expect(await noReason.json()).toMatchObject({ detail: expect.stringContaining('reason') });
  });

  it('a model retired in an emergency is no target; production says plainly that there is none', async () => {
    const { ana, fleet } = await desk(['e1']);
    const luis = await TestTerminal.open(gateway.port, 'luis');
    const retired = { model: 'm2', cause: 'emergency', teamNotified: true, reason: 'datos malos' };
    expect(await luis.give('model.retire', retired)).toMatchObject({ stage: 'done' });
    expect(models().production).toBeNull();
    await ana.until(() => fleet[0]?.mode === 'reducing');
    expect(await ana.give('model.rollback', back('m2'))).toMatchObject({ code: 'not_eligible' });
    expect(await ana.give('model.rollback', back('m1'))).toMatchObject({ stage: 'done' });
    await ana.until(() => fleet[0]?.mode === 'normal');
  });

  it('over REST has the plan’s field names and takes the version that was asked for', async () => {
    await desk();
    const call = (path: string, body?: object) =>
      fetch(`http://127.0.0.1:${gateway.port}/api/v1/models${path}`, {
        method: body ? 'POST' : 'GET',
        headers: { authorization: 'Bearer ana' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
    const targets = await (await call('/rollback-targets')).json();
    expect(targets).toMatchObject({
      current_production: { model_id: 'm2', version: '2' },
      available_targets: [{ model_id: 'm1', version: '1', eligible: true }],
      recommendation: { model_id: 'm1' },
    });
    const done = await (await call('/rollback', { target_version: 1, reason: 'prueba' })).json();
    expect(done).toMatchObject({ success: true, previous_model: 'm2', new_model: 'm1' });
    expect(done.rollback_time_ms).toBeLessThan(60_000);
    expect(await (await call('')).json()).toMatchObject({ default_model: 'm1', total: 2 });
    const bad = await call('', { ...card('m9'), version: undefined });
    expect(bad.status).toBe(403);
    const wrong = await fetch(`http://127.0.0.1:${gateway.port}/api/v1/models`, {
      method: 'POST',
      headers: { authorization: 'Bearer pablo' },
      body: JSON.stringify({ ...card('m9'), owner: 'trading_team' }),
    });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ detail: expect.stringContaining('owner') });
    const missing = await call('/rollback', { target_version: 99, reason: 'x' });
    expect(missing.status).toBe(404);
  });
});
