import { describe, expect, it } from 'vitest';
import { policyGroups, reading } from '../../../src/renderer/desk/policy.state';
import { policyKey } from '../../../src/renderer/i18n/policyKeys';
import type { PromotionRequest } from '../../../src/shared/models/state';
import {
  editedPolicy,
  faultsByField,
  fieldText,
  policyDifferences,
  policyFields,
  readField,
  requestsVoided,
} from '../../../src/shared/policy/edit';
import { modelsPolicySchema } from '../../../src/shared/policy/models';
import { modelsPolicy, quickPolicies } from '../../support/desk';

const monitor = quickPolicies.monitor.document;

describe.each([
  ['models', modelsPolicy],
  ['monitor', monitor],
] as const)('the %s policy as fields', (name, document) => {
  it('has one for each value but the version, which reads back as it is', () => {
    const fields = policyFields(document);
    expect(fields.map(({ path }) => path)).not.toContain('version');
    for (const { path, value } of fields) {
      expect(readField(fieldText(value), value), path).toEqual(value);
    }
    const typed = Object.fromEntries(fields.map(({ path, value }) => [path, fieldText(value)]));
    expect(editedPolicy(document, typed)).toEqual(document);
    expect(policyDifferences(document, editedPolicy(document, typed))).toEqual([]);
    expect(faultsByField(name, document)).toEqual({});
  });

  it('has a name in both languages for each value', () => {
    for (const { path } of policyFields(document)) {
      const key = path.split('.').at(-1);
      const plain = ['winRate', 'sharpe'].includes(key ?? '');
      if (!plain) expect(policyKey(path, 'es'), path).not.toBe(key);
    }
  });
});

describe('a policy that is edited', () => {
  it('differs in what was typed, and in nothing else', () => {
    const next = editedPolicy(modelsPolicy, {
      'promotion.production.minSharpe': '0.9',
      'promotion.staging.minShadowAgreement': '0.5',
      'promotion.staging.outOfSample': 'false',
      'permissions.waive': 'cto, engineering-lead',
    });
    expect(modelsPolicySchema.safeParse(next).success).toBe(true);
    expect(policyDifferences(modelsPolicy, next)).toEqual([
      { path: 'permissions.waive', before: ['cto'], after: ['cto', 'engineering-lead'] },
      { path: 'promotion.staging.minShadowAgreement', before: null, after: 0.5 },
      { path: 'promotion.staging.outOfSample', before: true, after: false },
      { path: 'promotion.production.minSharpe', before: 1, after: 0.9 },
    ]);
  });

  it.each([
    ['models', modelsPolicy, 'promotion.production.minSharpe', 'mucho'],
    ['models', modelsPolicy, 'promotion.production.minSharpe', ''],
    ['models', modelsPolicy, 'promotion.staging.minWinRate', '45'],
    ['models', modelsPolicy, 'permissions.waive', 'nadie'],
    ['models', modelsPolicy, 'permissions.waive', ''],
    ['monitor', monitor, 'session.days', '1, 9'],
    ['monitor', monitor, 'session.from', '25:00'],
    ['monitor', monitor, 'mode', 'brave'],
  ] as const)('%s: %s.%s typed as "%s" is said to be wrong there', (name, document, path, text) => {
    const faults = faultsByField(name, editedPolicy(document, { [path]: text }));
    expect(Object.keys(faults)).toEqual([path]);
  });

  it('says whose approvals end: those for a stage whose thresholds are others', () => {
    const requests = [{ target: 'staging' }, { target: 'production' }] as PromotionRequest[];
    const typed = { 'promotion.production.minSharpe': '0.9' };
    const next = modelsPolicySchema.parse(editedPolicy(modelsPolicy, typed));
    expect(requestsVoided(requests, modelsPolicy, next)).toEqual([requests[1]]);
    expect(requestsVoided(requests, modelsPolicy, modelsPolicy)).toEqual([]);
  });
});

describe('a policy’s values as they are read', () => {
  it.each([
    ['promotion.production.minStagingMs', 604_800_000, '7 d'],
    ['promotion.production.minStagingMs', 216_000_000, '60 h'],
    ['promotion.staging.minStagingMs', 0, '0 ms'],
    ['rollback.settleWithinMs', 1_500, '1.500 ms'],
    ['cooldownMs', 5_400_000, '90 min'],
    ['promotion.staging.minWinRate', 0.45, '45,0 %'],
    ['triggers.latencyP99.limit', 2_000, '2 s'],
    ['triggers.errorRate.limit', 0.05, '5,0 %'],
    ['triggers.dailyDrawdown.steps', [0.5, 0.75], '50,0 %, 75,0 %'],
    ['rollback.targets', 5, null],
    ['mode', 'confident', null],
  ] as const)('%s %j', (path, value, text) => {
    expect(reading(path, value)).toBe(text);
  });

  it('stand together by the keys that lead to them', () => {
    const groups = policyGroups(policyFields(modelsPolicy)).map(([group]) => group);
    expect(groups).toContain('promotion.production');
    expect(new Set(groups).size).toBe(groups.length);
  });
});
