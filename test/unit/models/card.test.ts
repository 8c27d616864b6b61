import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCard } from '../../../src/shared/models/card';
import { mergeRegistration } from '../../../src/shared/models/register';
import { artifact, card } from '../../support/models';

const good = card('ppo_v20');
const refusal = (value: unknown): string => {
  const read = readCard(value);
  return read.ok ? 'taken' : read.error.message;
};
const registration = (value: unknown) => {
  const read = readCard(value);
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
};

describe('a model card', () => {
  it('is read in the template’s own names; a drawdown is kept as a positive fraction', () => {
    expect(registration(good)).toMatchObject({
      model: 'ppo_v20',
      version: '20',
      owner: 'ines',
      hashes: { model: artifact('ppo_v20').hash },
      training: { from: '2024-01-01', to: '2025-12-31', runId: 'run_1' },
      backtest: { sharpe: 1.85, winRate: 0.54, maxDrawdown: 0.08, trades: 400 },
      outOfSample: true,
    });
  });

  it.each([
    ['a version that is a number', { version: 20 }, 'taken'],
    ['no hash', { model_hash: undefined }, 'model_hash'],
    ['a hash in capitals', { model_hash: 'A'.repeat(64) }, 'model_hash: 64 lower-case hex digits'],
    ['a team for an owner', { owner: 'trading_team' }, 'owner: a person’s id, not a team'],
    ['one person twice', { backup_owner: 'ines' }, 'backup_owner: a person other than the owner'],
    ['a field of nobody’s', { sharp: 2 }, 'sharp: no field of a model card'],
    [
      'a positive drawdown',
      { performance: { backtest_max_drawdown: 0.08 } },
      'performance.backtest_max_drawdown',
    ],
    [
      'a win rate in percent',
      { performance: { backtest_win_rate: 54 } },
      'performance.backtest_win_rate',
    ],
    [
      'a period the wrong way',
      { training: { dataset_period: '2025-01-01 to 2024-01-01' } },
      'training.dataset_period: the first day comes after the last',
    ],
    ['a name that JavaScript has', { model_id: 'constructor' }, 'model_id'],
  ])('%s', (_, change, said) => {
    expect(refusal({ ...good, ...change })).toContain(said);
  });

  it.each([[null], [[]], ['text'], [7]])('%j is refused', (value) => {
    expect(refusal(value)).not.toBe('taken');
  });

  it('never throws, whatever comes', () => {
    fc.assert(fc.property(fc.anything(), (value) => typeof refusal(value) === 'string'));
  });
});

describe('a card of a model that is known', () => {
  it('fills in what was missing and keeps what it does not speak of', () => {
    const bare = registration({ model_id: 'm', version: '1', model_hash: good.model_hash });
    const full = registration({ ...good, model_id: 'm', version: '1' });
    expect(mergeRegistration(bare, full)).toEqual({ ok: true, value: full });
    expect(mergeRegistration(full, bare)).toEqual({ ok: true, value: full });
  });

  it.each([
    ['version', { version: '21' }],
    ['model_hash', { model_hash: 'b'.repeat(64) }],
    [
      'training.norm_stats_hash',
      { training: { ...good.training, norm_stats_hash: 'b'.repeat(64) } },
    ],
    ['feature_order', { feature_order: ['ret_5', 'ret_1'] }],
  ])('another %s is another artifact, and refused', (field, change) => {
    const merged = mergeRegistration(registration(good), registration({ ...good, ...change }));
    expect(merged.ok ? null : merged.error.message).toContain(`${field}: another artifact`);
  });
});
