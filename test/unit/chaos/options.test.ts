import { expect, it } from 'vitest';
import { chaosOptions } from '../../chaos/options';

it('runs as many rounds of a group as are asked for', () => {
  const asked = chaosOptions(['cluster', '--rounds', '150', '--seed', '7']);
  expect(asked).toMatchObject({ groups: ['cluster'], seed: 7 });
  expect(asked.rounds).toEqual({ crash: 150, cluster: 150 });
});

it('asked for nothing, runs its own number of each, and every group', () => {
  expect(chaosOptions([])).toEqual({
    ...{ groups: [], seed: 1, soakS: 300 },
    rounds: { crash: 500, cluster: 200 },
  });
});

it.each([
  [['--rounds', 'many'], '--rounds many: a whole number'],
  [['--seed', '1.5'], '--seed 1.5: a whole number'],
  [['--soak', '2'], '--soak 2: a number and s, m or h'],
])('refuses %j in words', (args, words) => {
  expect(() => chaosOptions(args)).toThrow(words);
});
