import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseKeyRepeatDelay } from '../../../src/main/hotkey/keyRepeat';
import { PRESS_IDLE, PRESS_RULES, pressed, pressTick } from '../../../src/shared/hotkey/press';

/** Fires at which times, given presses, with the ticks the machine asks for. */
function fires(presses: readonly number[], repeatDelayMs: number | null = null): number[] {
  const rules = { ...PRESS_RULES, repeatDelayMs };
  let state = PRESS_IDLE as Parameters<typeof pressed>[0];
  let wake: number | null = null;
  const fired: number[] = [];
  const until = (at: number): void => {
    while (wake !== null && wake < at) {
      const now: number = wake;
      const step = pressTick(state, now, rules);
      ({ state } = step);
      wake = step.wakeAt;
      if (step.action === 'fire') fired.push(now);
    }
  };
  for (const at of presses) {
    until(at);
    const step = pressed(state, at, rules);
    ({ state } = step);
    wake = step.wakeAt;
    if (step.action === 'fire') fired.push(at);
  }
  until(Number.POSITIVE_INFINITY);
  return fired;
}

it('fires once for two presses in the window after the dead time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 400, max: 1_500 }), (gap) => fires([0, gap]).length === 1),
  );
});

it('does not fire for one press, a quick one, or a late one', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.integer({ min: 1, max: 399 }), fc.integer({ min: 1_501, max: 9_000 })),
      (gap) => fires([0, gap]).length === 0,
    ),
  );
  expect(fires([0])).toEqual([]);
});

it('never takes auto-repeat for a second press; a hold of a second fires once', () => {
  const hold = fc.record({
    delay: fc.integer({ min: 200, max: 900 }),
    gap: fc.integer({ min: 5, max: 115 }),
    repeats: fc.integer({ min: 2, max: 80 }),
  });
  fc.assert(
    fc.property(hold, ({ delay, gap, repeats }) => {
      const presses = [0, ...Array.from({ length: repeats }, (_, n) => delay + n * gap)];
      const held = presses[presses.length - 1] ?? 0;
      const fired = fires(presses);
      return held < 1_000 ? fired.length === 0 : fired.length === 1 && (fired[0] ?? 0) >= 1_000;
    }),
  );
});

it('fires at the second press itself where the keyboard’s repeat delay is known and another', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 400, max: 1_500 }),
      fc.integer({ min: 200, max: 1_000 }),
      (gap, delay) => {
        const [at] = fires([0, gap], delay);
        const off = Math.abs(gap - delay);
        if (off > 15) expect(at).toBe(off > 80 ? gap : gap + 121);
        else expect(at).toBeUndefined();
      },
    ),
  );
});

it('never takes auto-repeat for a second press with the delay known, however long it is held', () => {
  const hold = fc.record({
    delay: fc.integer({ min: 200, max: 900 }),
    late: fc.integer({ min: -60, max: 60 }),
    gap: fc.integer({ min: 5, max: 110 }),
    repeats: fc.integer({ min: 2, max: 80 }),
  });
  fc.assert(
    fc.property(hold, ({ delay, late, gap, repeats }) => {
      const presses = [0, ...Array.from({ length: repeats }, (_, n) => delay + late + n * gap)];
      const held = presses.at(-1) ?? 0;
      expect(fires(presses, delay)).toHaveLength(held < 1_000 ? 0 : 1);
    }),
  );
});

it('never fires for a key held until its first repeat and let go; a press after it does', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 400, max: 900 }),
      fc.integer({ min: -15, max: 15 }),
      fc.integer({ min: 130, max: 400 }),
      (delay, late, later) => {
        const repeat = delay + late;
        expect(fires([0, repeat], delay)).toEqual([]);
        expect(fires([0, repeat, repeat + later], delay)).toHaveLength(1);
      },
    ),
  );
});

it('reads the delay from what xset prints', () => {
  expect(parseKeyRepeatDelay('  auto repeat delay:  660    repeat rate:  25\n')).toBe(660);
  expect(parseKeyRepeatDelay('unable to open display')).toBeNull();
});
