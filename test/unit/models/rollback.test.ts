import { expect, it } from 'vitest';
import { readCard } from '../../../src/shared/models/card';
import { recommendedTarget, rollbackTargets } from '../../../src/shared/models/rollback';
import type { ModelsState } from '../../../src/shared/models/state';
import { modelsPolicy } from '../../support/desk';
import { card, foldFacts } from '../../support/models';

const T = 1_700_000_000_000;
const HOUR = 3_600_000;

/** A desk that had these models live one after another, an hour each, by promotion or rollback. */
function lived(ids: readonly string[], rolledBackFrom: readonly string[] = []): ModelsState {
  const facts: { type: string; data: object; ts: number }[] = [];
  ids.forEach((model, at) => {
    const read = readCard(card(model));
    if (!read.ok) throw new Error(read.error.message);
    const ts = T + at * HOUR;
    const change = { request: null, retirement: null } as const;
    const before = ids[at - 1];
    if (before) {
      const cause = rolledBackFrom.includes(before) ? 'rollback' : 'replaced';
      const left = { model: before, from: 'production', to: 'archived', cause, ...change } as const;
      facts.push({ type: 'model.stage_changed', data: left, ts });
    }
    facts.push({ type: 'model.registered', data: { ...read.value, source: 'operator' }, ts });
    const live = {
      model,
      from: 'staging',
      to: 'production',
      cause: 'promotion',
      ...change,
    } as const;
    facts.push({ type: 'model.stage_changed', data: live, ts });
  });
  return foldFacts(facts).models;
}

const names = (targets: readonly { readonly model: string }[]) => targets.map(({ model }) => model);

it('offers the five that were live last, the latest first, and never the one that is', () => {
  const state = lived(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  expect(names(rollbackTargets(state, modelsPolicy, T, null))).toEqual(['f', 'e', 'd', 'c', 'b']);
});

it('recommends the latest that can be taken, past one that was rolled away from', () => {
  const state = lived(['a', 'b', 'c'], ['b']);
  const now = T + 2 * HOUR;
  const targets = rollbackTargets(state, modelsPolicy, now, null);
  expect(targets[0]?.ineligible).toEqual([
    { code: 'rolled_away', until: T + 2 * HOUR + modelsPolicy.rollback.rolledAwayMs },
  ]);
  expect(recommendedTarget(targets)?.model).toBe('a');
});

it('holds what was rolled away from in an incident off for as long as that is open', () => {
  const state = lived(['a', 'b', 'c'], ['b']);
  const later = T + 2 * HOUR + modelsPolicy.rollback.rolledAwayMs;
  const why = (incidentSince: number | null) =>
    rollbackTargets(state, modelsPolicy, later, incidentSince)[0]?.ineligible;
  expect(why(T + 2 * HOUR - 60_000)).toEqual([{ code: 'rolled_away', until: null }]);
  expect(why(T + 2 * HOUR + 1)).toEqual([]);
  expect(why(null)).toEqual([]);
});
