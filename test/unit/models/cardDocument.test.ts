import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { documentHtml } from '../../../src/shared/documents/html';
import { documentMarkdown } from '../../../src/shared/documents/markdown';
import { readCard } from '../../../src/shared/models/card';
import { cardDocument } from '../../../src/shared/models/cardDocument';
import { cardLayout } from '../../../src/shared/models/cardLayout';
import { cardYaml } from '../../../src/shared/models/cardYaml';
import type { Registration } from '../../../src/shared/models/model';
import { retentionDates } from '../../../src/shared/models/retention';
import { modelsPolicy } from '../../support/desk';
import { card, DAY, foldFacts, GOOD_STAGING } from '../../support/models';

const CHECKLIST = { backtestReviewed: true, metricsAcceptable: true, teamNotified: true };
const HASH = 'c'.repeat(64);
const START = Date.UTC(2026, 0, 15, 15);
type Facts = Parameters<typeof foldFacts>[0];

function registrationOf(value: unknown): Registration {
  const read = readCard(value);
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
}
const stage = (from: string, to: string, cause: string, extra: object = {}) => ({
  type: 'model.stage_changed',
  data: { model: 'm1', from, to, cause, request: null, retirement: null, ...extra },
});

const registered = (change: object = {}) => ({
  type: 'model.registered',
  data: { ...registrationOf(card('m1', change)), source: 'operator' },
  by: 'pablo',
  ts: START,
});
const LIFE: Facts = [
  registered({ risks: ['volatilidad'], mitigations: ['freno a 5 %'], created_date: '2026-01-15' }),
  { ...stage('development', 'registered', 'backtest_passed'), ts: START + 1 },
  {
    type: 'exception.granted',
    data: {
      ...{ exception: 'x1', model: 'm1', gates: ['trades'], justification: 'mercado cerrado' },
      until: START + DAY,
    },
    by: 'luis',
    ts: START + 2,
  },
  {
    type: 'promotion.requested',
    data: {
      ...{ request: 'r1', model: 'm1', target: 'staging', checklist: CHECKLIST },
      ...{ fingerprint: HASH, needs: ['model-owner'], expiresAt: START + DAY, emergency: null },
    },
    reason: 'lista',
    ts: START + 3,
  },
  {
    type: 'promotion.approved',
    data: { request: 'r1', capacity: 'model-owner', fingerprint: HASH },
    by: 'ines',
    reason: 'revisado',
    ts: START + 4,
  },
  { type: 'promotion.closed', data: { request: 'r1', outcome: 'promoted' }, ts: START + 4 },
  { ...stage('registered', 'staging', 'promotion'), by: 'ines', ts: START + 4 },
  {
    type: 'model.metrics_reported',
    data: {
      ...{ model: 'm1', phase: 'staging', metrics: GOOD_STAGING },
      ...{ shadowAgreement: 0.9, source: 'operator' },
    },
    ts: START + 5,
  },
  { type: 'exception.ended', data: { exception: 'x1', cause: 'expired' }, ts: START + DAY },
  { ...stage('staging', 'production', 'promotion'), ts: START + 7 * DAY },
];
function take(facts: Facts, at = START + 8 * DAY) {
  const state = foldFacts(facts);
  const taken = cardDocument(state, modelsPolicy, 'm1', { seq: state.seq, hash: HASH, at });
  if (!taken) throw new Error('no card');
  return taken;
}

describe('a card taken from the log', () => {
  it('has the template’s fields in its own names, with the place in the log it holds for', () => {
    expect(take(LIFE)).toMatchObject({
      model_id: 'm1',
      version: '1',
      owner: 'ines',
      backup_owner: 'marta',
      created_date: '2026-01-15',
      promoted_to_production: '2026-01-22',
      training: { dataset_period: '2024-01-01 to 2025-12-31', mlflow_run_id: 'run_1' },
      performance: {
        backtest_sharpe: 1.85,
        backtest_max_drawdown: -0.08,
        staging_sharpe: 1.62,
        staging_win_rate: 0.52,
        staging_max_drawdown: -0.07,
        staging_shadow_agreement: 0.9,
      },
      risks: ['volatilidad'],
      mitigations: ['freno a 5 %'],
      rollback_plan: 'volver a la versión anterior',
      log_seq: LIFE.length,
      log_hash: HASH,
    });
  });

  it('has what the log knows besides: stages, approvals, exceptions, who and when', () => {
    const { record } = take(LIFE);
    expect(record.stage_history.map(({ stage: one }) => one)).toEqual([
      ...['development', 'registered', 'staging', 'production'],
    ]);
    expect(record.promotions).toMatchObject([
      {
        ...{ target: 'staging', outcome: 'promoted', reason: 'lista' },
        approvals: [{ by: 'ines (trading-lead)', capacity: 'model-owner', reason: 'revisado' }],
      },
    ]);
    expect(record.exceptions).toMatchObject([
      { state: 'expired', gates: ['trades'], justification: 'mercado cerrado' },
    ]);
    expect(record.in_production).toEqual([{ from: '2026-01-22T15:00:00.000Z', to: null }]);
    expect(record.retention_until).toBeNull();
  });

  it('says what is not known as null, and nothing of a model that is not there', () => {
    const bare = { model_id: 'm1', version: '1', model_hash: 'a'.repeat(64) };
    const taken = take([
      {
        type: 'model.registered',
        data: { ...registrationOf(bare), source: 'engine' },
        ts: START,
      },
    ]);
    expect(taken.owner).toBeNull();
    expect(Object.values(taken.performance).every((value) => value === null)).toBe(true);
    for (const id of ['m2', 'constructor', '__proto__']) {
      const moment = { seq: 1, hash: HASH, at: START };
      expect(cardDocument(foldFacts(LIFE), modelsPolicy, id, moment)).toBeNull();
    }
  });

  it('keeps what was withdrawn too, ten of those at most, and every promotion that happened', () => {
    const asked = (request: string, outcome: string): Facts => [
      {
        type: 'promotion.requested',
        data: {
          ...{ request, model: 'm1', target: 'staging', checklist: CHECKLIST },
          ...{ fingerprint: HASH, needs: ['model-owner'], expiresAt: 1, emergency: null },
        },
      },
      { type: 'promotion.closed', data: { request, outcome } },
    ];
    const facts = [
      registered(),
      ...asked('first', 'promoted'),
      ...Array.from({ length: 12 }, (_, n) => asked(`w${n}`, 'withdrawn')).flat(),
    ];
    const outcomes = take(facts).record.promotions.map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['promoted', ...Array(10).fill('withdrawn')]);
  });
});

describe('the card as YAML', () => {
  it('can be registered again and says the same', () => {
    expect(registrationOf(parse(cardYaml(take(LIFE))))).toEqual(original());
  });

  it('can be registered before it was live too', () => {
    expect(readCard(parse(cardYaml(take(LIFE.slice(0, 2))))).ok).toBe(true);
  });

  it('a card that no log gave out may not say what only the log says', () => {
    const read = readCard({ ...card('m1'), promoted_to_production: '2026-01-22' });
    expect(read.ok ? '' : read.error.message).toContain('promoted_to_production');
    const staging = { ...card('m1').performance, staging_sharpe: 9 };
    expect(readCard(card('m1', { performance: staging })).ok).toBe(false);
  });

  it('never takes staging figures from a card, whoever wrote them on it', () => {
    const given = parse(cardYaml(take(LIFE))) as { performance: object };
    given.performance = { ...given.performance, staging_sharpe: 99 };
    const read = readCard(given);
    expect(JSON.stringify(read)).not.toContain('99');
  });

  it('gives every text back as it was, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }), (plan) => {
        const hostile = plan.toWellFormed();
        const text = cardYaml(take([registered({ rollback_plan: hostile, risks: [hostile] })]));
        const back = parse(text) as { rollback_plan: string; risks: string[] };
        expect(back.rollback_plan).toBe(hostile);
        expect(back.risks).toEqual([hostile]);
        expect(text).not.toMatch(/[\u202a-\u202e\u2028\u2029]/);
      }),
    );
  });

  it.each(['yes', '2026-01-15', '1e3', '!!js/function x', '*alias', '{a: b}', '- a', 'a: b # c'])(
    '%s stays text for any reader',
    (value) => {
      const text = cardYaml(take([registered({ rollback_plan: value })]));
      expect(text).toContain(`rollback_plan: "${value}"`);
    },
  );
});

function original(): Registration {
  const change = { risks: ['volatilidad'], mitigations: ['freno a 5 %'] };
  return registrationOf(card('m1', { ...change, created_date: '2026-01-15' }));
}

describe('the card as people read it', () => {
  it.each(['es', 'en'] as const)(
    '%s: every rendering says where in the log it stands',
    (language) => {
      const layout = cardLayout(take(LIFE), language);
      for (const text of [documentMarkdown(layout), documentHtml(layout)]) {
        expect(text.replaceAll('\\', '')).toContain(`log_seq ${LIFE.length} · log_hash ${HASH}`);
      }
      expect(layout.title).toContain('m1 · v1');
    },
  );

  it('shows times in COT and figures with their signs', () => {
    const text = JSON.stringify(cardLayout(take(LIFE), 'es'));
    expect(text).toContain('2026-01-22 10:00:00');
    expect(text).toContain('−8,0 %');
    expect(text).toContain('ines (trading-lead), responsable del modelo');
  });

  it('is inert when its texts are hostile', () => {
    const hostile = '</td><script>alert(1)</script> | [x](javascript:1) \u202e';
    const layout = cardLayout(
      take([registered({ rollback_plan: hostile, risks: [hostile], owner: hostile })]),
      'es',
    );
    expect(documentHtml(layout)).not.toContain('<script>');
    expect(documentMarkdown(layout)).not.toContain('<script>');
    for (const text of [documentHtml(layout), documentMarkdown(layout)]) {
      expect(text).not.toContain('\u202e');
    }
  });
});

describe('retention', () => {
  const archived = (at: number) => {
    const facts = [registered(), { ...stage('development', 'archived', 'retirement'), ts: at }];
    const model = foldFacts(facts).models.models.m1;
    return model ? retentionDates(model, modelsPolicy) : null;
  };

  it('is counted in the desk’s days from the day of archiving', () => {
    // 03:00 UTC is the evening before in Bogota.
    expect(archived(Date.UTC(2026, 2, 2, 3))).toEqual({
      artifacts: '2028-03-01',
      trainingData: '2033-03-01',
      trades: '2033-03-01',
      audit: '2033-03-01',
    });
  });

  it('never ends early for a day that a year does not have', () => {
    expect(archived(Date.UTC(2028, 1, 29, 15))?.artifacts).toBe('2030-03-01');
  });
});
