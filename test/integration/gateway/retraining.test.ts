import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { newDataDir, openGateway } from '../../support/desk';
import { card } from '../../support/models';
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

it('people ask for retraining by their role, one at a time, 48 h apart, over a restart too', async () => {
  const ines = await TestTerminal.open(gateway.port, 'ines');
  const eva = await TestTerminal.open(gateway.port, 'eva');
  const asked = { model: 'm1', reason: 'cambio de régimen' };
  await ines.give('model.register', { card: card('m1') });
  expect(await eva.give('retraining.request', asked)).toMatchObject({ code: 'forbidden' });
  expect(await ines.give('retraining.request', { ...asked, model: 'm9' })).toMatchObject({
    code: 'unknown_model',
  });
  const id = randomUUID();
  expect(await ines.give('retraining.request', asked, id)).toMatchObject({ stage: 'done' });
  expect(await ines.give('retraining.request', asked)).toMatchObject({ code: 'superseded' });
  const close = { retraining: id, outcome: 'worse', reason: 'peor en validación' };
  expect(await eva.give('retraining.close', close)).toMatchObject({ code: 'forbidden' });
  expect(await ines.give('retraining.close', close)).toMatchObject({ stage: 'done' });
  expect(await ines.give('retraining.close', close)).toMatchObject({ code: 'unknown_request' });
  expect(await ines.give('retraining.request', asked)).toMatchObject({ code: 'too_soon' });
  await gateway.stop();
  gateway = await openGateway(dir.path);
  const again = await TestTerminal.open(gateway.port, 'ines');
  expect(await again.give('retraining.request', asked)).toMatchObject({ code: 'too_soon' });
  const [retraining] = again.ops.monitor.retrainings;
  expect(retraining).toMatchObject({ id, cause: 'manual', outcome: 'worse', by: { id: 'ines' } });
  // It asked, and changed no model.
  expect(again.ops.models.models.m1?.stage).toBe('registered');
});

it('whoever watches, a day closes once and retraining is proposed within its limits', async () => {
  const ana = await TestTerminal.open(gateway.port, 'ana');
  ana.send({ type: 'lease', token: null });
  await ana.until(() => ana.leases.at(-1)?.token != null);
  const fence = ana.leases.at(-1)?.token;
  const report = (...items: object[]) => ana.give('monitor.report', { fence, items });
  const figures = { startEquity: 1_000, endEquity: 1_010, currency: 'USD', pnl: 10 };
  const day = (date: string) => ({
    item: 'day',
    data: { day: date, model: 'm1', ...figures, trades: 2, wins: 1, drifted: [] },
  });
  const proposal = (retraining: string) => ({
    item: 'retraining',
    data: { retraining, model: 'm1', cause: 'model_age', detail: '91 days old' },
  });
  expect(await report(day('2026-01-05'), proposal('r1'))).toMatchObject({ stage: 'done' });
  expect(await report(day('2026-01-05'), proposal('r2'))).toMatchObject({ code: 'superseded' });
  expect(await report(day('2026-01-02'), day('2026-01-06'))).toMatchObject({ stage: 'done' });
  const { days, retrainings } = ana.ops.monitor;
  expect(days.map((one) => one.day)).toEqual(['2026-01-05', '2026-01-06']);
  expect(retrainings.map(({ id }) => id)).toEqual(['r1']);
  expect(ana.types().filter((type) => type === 'monitor.day_closed')).toHaveLength(2);
});
