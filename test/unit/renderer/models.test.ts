import { expect, it } from 'vitest';
import { isOverdue } from '../../../src/renderer/desk/models.state';
import { modelsPolicy } from '../../support/desk';

const DAY = 86_400_000;
const T = 1_700_000_000_000;

it('a model is overdue that has been registered for over seven days, and only a registered one', () => {
  const late = (stage: 'registered' | 'staging', after: number) =>
    isOverdue({ stage, stageSince: T }, modelsPolicy, T + after);
  expect(late('registered', 7 * DAY)).toBe(false);
  expect(late('registered', 7 * DAY + 1)).toBe(true);
  expect(late('staging', 30 * DAY)).toBe(false);
});
