import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Fact } from '../../../src/gateway/facts';
import type { Gateway } from '../../../src/gateway/gateway';
import { changeOf } from '../../../src/shared/audit/changes';
import { foldOps } from '../../../src/shared/ops/fold';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import { newDataDir, openGateway } from '../../support/desk';

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

const none = { sharpe: null, winRate: null, maxDrawdown: null, trades: null };
const registered = (version: string): Fact => ({
  type: 'model.registered',
  data: {
    ...{ model: 'ppo', version, featureOrder: ['a'], featureReference: [] },
    hashes: { model: 'a'.repeat(64), normStats: null, config: null, dataset: null },
    training: { from: null, to: null, datasetVersion: null, runId: null },
    ...{ owner: 'ana', backupOwner: null, backtest: null, outOfSample: false },
    ...{ risks: [], mitigations: [], rollbackPlan: null, createdDay: null, source: 'operator' },
  },
});
const item = (status: 'open' | 'done'): Fact => ({
  type: 'action_item.set',
  data: { item: 'i', incident: null, text: 'x', owner: 'ana', due: '2026-03-01', status },
});
const bridge = (address: string): Fact => ({
  type: 'bridge.configured',
  data: {
    ...{ bridge: 'b', kind: 'inference-api', name: 'B', address, options: {}, secrets: ['key'] },
    source: 'file',
  },
});
const slack = (label: string): Fact => ({
  type: 'channel.configured',
  data: { settings: { channel: 'slack', label, ca: null }, secretSet: true },
});

it('what was there before a change is sealed with it, in the form of what is there after', () => {
  const { log } = gateway;
  const changes: readonly (readonly [Fact, Fact])[] = [
    [registered('1'), registered('2')],
    [
      {
        type: 'model.updated',
        data: { model: 'ppo', owner: 'eva', backupOwner: null, rollbackPlan: null },
      },
      {
        type: 'model.updated',
        data: { model: 'ppo', owner: null, backupOwner: null, rollbackPlan: 'x' },
      },
    ],
    ...(['backtest', 'staging'] as const).map(
      (phase) =>
        [1, 2].map(
          (sharpe): Fact => ({
            type: 'model.metrics_reported',
            data: {
              ...{ model: 'ppo', phase, metrics: { ...none, sharpe }, source: 'operator' },
              shadowAgreement: phase === 'staging' ? 0.5 : null,
            },
          }),
        ) as unknown as readonly [Fact, Fact],
    ),
    [
      { type: 'monitor.dry_run_set', data: { on: true, until: Date.now() + 60_000 } },
      { type: 'monitor.dry_run_set', data: { on: false, until: null } },
    ],
    [item('open'), item('done')],
    [bridge('http://a'), bridge('http://b')],
    [slack('uno'), slack('dos')],
    [
      { type: 'policy.changed', data: { name: 'models', version: '1+1', document: { a: 1 } } },
      { type: 'policy.changed', data: { name: 'models', version: '1+2', document: { a: 2 } } },
    ],
  ];
  for (const [one, other] of changes) {
    const [first, second] = log.append(one, other);
    if (!first || !second) throw new Error('nothing was recorded');
    const after = changeOf(first).after;
    expect(after, one.type).toBeDefined();
    expect(changeOf(second).before, one.type).toEqual(after);
  }
  const [fresh] = log.append({
    ...item('open'),
    data: { ...item('open').data, item: 'new' },
  } as Fact);
  expect(changeOf(fresh as never)).toMatchObject({ before: null });
  const [gone] = log.append({ type: 'bridge.removed', data: { bridge: 'b' } });
  expect(changeOf(gone as never).before).toMatchObject({ address: 'http://b', secrets: ['key'] });
  // What was before is no part of what is.
  expect(JSON.stringify(log.state().incidents.actionItems)).not.toContain('before');
  const paused = log.append(
    { type: 'ops.paused', data: { scope: { kind: 'all' }, origin: 'panel' } },
    {
      type: 'ops.resumed',
      data: {
        scope: { kind: 'all' },
        to: 'normal',
        approvedBy: [],
        stoppedBecause: null,
        flat: false,
      },
    },
  );
  expect(changeOf(paused[1] as never)).toEqual({ before: 'paused', after: 'normal' });
});

it('a log of earlier versions, without it, folds to the same state', async () => {
  gateway.log.append(registered('1'), item('open'), item('done'), bridge('http://a'));
  const events = await gateway.log.read(1, 1_000);
  const bare = events.map((event) => {
    const { before: _, ...data } = event.data;
    return { ...event, data };
  });
  expect(events).not.toEqual(bare);
  expect(bare.reduce(foldOps, INITIAL_OPS_STATE)).toEqual(
    events.reduce(foldOps, INITIAL_OPS_STATE),
  );
});
