import { describe, expect, it } from 'vitest';
import { tickedFor } from '../../../src/shared/models/deployment';
import type { Deployment, ModelsState } from '../../../src/shared/models/state';

const deployment = { kind: 'promotion', model: 'm', startedAt: 100 } as Deployment;
const promotion = { outcome: 'promoted', target: 'production', emergency: null };
const state = (change: object = {}, exceptions: object[] = []) =>
  ({
    models: { m: { promotions: [promotion], endedExceptions: [], ...change } },
    exceptions,
  }) as unknown as ModelsState;
const all = { backtestReviewed: true, metricsAcceptable: true, teamNotified: true };

describe('what people ticked for a deployment', () => {
  it('is nothing for a rollback, or where nobody promoted the model to production', () => {
    expect(tickedFor(state(), { ...deployment, kind: 'rollback' })).toBeNull();
    expect(tickedFor(state({ promotions: [] }), deployment)).toBeNull();
    const staged = { promotions: [{ ...promotion, target: 'staging' }] };
    expect(tickedFor(state(staged), deployment)).toBeNull();
    const withdrawn = { promotions: [{ ...promotion, outcome: 'withdrawn' }, promotion] };
    expect(tickedFor(state(withdrawn), deployment)).toEqual(all);
  });

  it('does not find figures acceptable that a waiver or an exception had to lift', () => {
    const waived = (gate: string) => ({
      promotions: [{ ...promotion, emergency: { waived: [gate], justification: '' } }],
    });
    const not = { ...all, metricsAcceptable: false };
    expect(tickedFor(state(waived('win_rate')), deployment)).toEqual(not);
    expect(tickedFor(state(waived('staging_time')), deployment)).toEqual(all);
    const exception = { model: 'm', gates: ['sharpe'], until: 200 };
    expect(tickedFor(state({}, [exception]), deployment)).toEqual(not);
    expect(tickedFor(state({}, [{ ...exception, until: 90 }]), deployment)).toEqual(all);
    const ended = (endedAt: number) => ({ endedExceptions: [{ ...exception, endedAt }] });
    expect(tickedFor(state(ended(150)), deployment)).toEqual(not);
    expect(tickedFor(state(ended(90)), deployment)).toEqual(all);
  });
});
