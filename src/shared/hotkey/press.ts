/**
 * The double press / hold rule of the kill hotkey, as a pure fold over key events.
 *
 * Firing takes a second press within `windowMs` of the first, at least `deadMs` after it, or one
 * press held for `holdMs`. The system repeats a held key: repeats come at the keyboard's rate with
 * no release between them and are never a second press. `globalShortcut` reports presses only, so
 * a repeat is known by its distance: presses closer than `repeatGapMs` belong to one hold. The
 * first repeat comes late, after the keyboard's initial delay. Where that delay is known, a second
 * event at another time than that is surely a press and fires at once; one at that very time is a
 * repeat and fires nothing; where the delay is not known, or the times nearly agree, it fires once no
 * other event has followed it closely.
 */
export interface PressRules {
  readonly windowMs: number;
  readonly deadMs: number;
  readonly holdMs: number;
  /** Longest distance between two repeats of one held key. */
  readonly repeatGapMs: number;
  /** The system's delay before a held key repeats; null when it is not known. */
  readonly repeatDelayMs: number | null;
}

/** How far from the known delay a first repeat may come, for a busy machine's sake. */
const DELAY_TOLERANCE_MS = 80;
/** So near to it, it is taken for one: a hand that hits it by chance presses a third time. */
const SURE_REPEAT_MS = 15;

export const PRESS_RULES: PressRules = {
  windowMs: 1_500,
  deadMs: 400,
  holdMs: 1_000,
  repeatGapMs: 120,
  repeatDelayMs: null,
};

export type PressState =
  | { readonly kind: 'idle' }
  /** The first press is in, perhaps with repeats behind it; `lastAt` is the latest event. */
  | { readonly kind: 'primed'; readonly firstAt: number; readonly lastAt: number }
  /** A second event came late enough; it fires unless a repeat follows it. */
  | { readonly kind: 'confirming'; readonly firstAt: number; readonly secondAt: number }
  /** Fired; nothing counts until the key has been left alone for the window. */
  | { readonly kind: 'spent'; readonly lastAt: number };

export const PRESS_IDLE: PressState = { kind: 'idle' };

export interface PressStep {
  readonly state: PressState;
  readonly action: 'none' | 'prime' | 'fire';
  /** When {@link pressTick} wants to be called if nothing is pressed before. */
  readonly wakeAt: number | null;
}

/** Folds one reported press. */
export function pressed(state: PressState, at: number, rules: PressRules = PRESS_RULES): PressStep {
  switch (state.kind) {
    case 'idle':
      return prime(at, rules);
    case 'spent':
      return at - state.lastAt > rules.windowMs ? prime(at, rules) : spend(at, 'none');
    case 'primed': {
      const sinceFirst = at - state.firstAt;
      const repeat = at - state.lastAt <= rules.repeatGapMs;
      if (repeat && sinceFirst >= rules.holdMs) return spend(at, 'fire');
      if (repeat || sinceFirst < rules.deadMs) return stay(state.firstAt, at, rules);
      if (sinceFirst > rules.windowMs) return prime(at, rules);
      if (isFirstRepeat(state, at, rules)) return stay(state.firstAt, at, rules);
      return mayBeRepeat(state, at, rules) ? confirm(state.firstAt, at, rules) : spend(at, 'fire');
    }
    case 'confirming': {
      if (at - state.secondAt > rules.repeatGapMs) return spend(at, 'fire');
      // That close behind it is a repeat: what looked like a second press was a held key.
      if (at - state.firstAt >= rules.holdMs) return spend(at, 'fire');
      return stay(state.firstAt, at, rules);
    }
  }
}

/** Folds the passing of time: confirms a second press, lets a first one lapse. */
export function pressTick(
  state: PressState,
  at: number,
  rules: PressRules = PRESS_RULES,
): PressStep {
  switch (state.kind) {
    case 'idle':
    case 'spent':
      return { state, action: 'none', wakeAt: null };
    case 'primed':
      if (at - state.firstAt <= rules.windowMs) return stay(state.firstAt, state.lastAt, rules);
      return { state: PRESS_IDLE, action: 'none', wakeAt: null };
    case 'confirming':
      if (at - state.secondAt > rules.repeatGapMs) return spend(state.secondAt, 'fire');
      return confirm(state.firstAt, state.secondAt, rules);
  }
}

/** Whether an event comes just when the system repeats the key of the first press. */
function isFirstRepeat(
  state: Extract<PressState, { kind: 'primed' }>,
  at: number,
  rules: PressRules,
): boolean {
  if (rules.repeatDelayMs === null || state.lastAt !== state.firstAt) return false;
  return Math.abs(at - state.firstAt - rules.repeatDelayMs) <= SURE_REPEAT_MS;
}

/** Whether an event may be the first repeat of the key last pressed. */
function mayBeRepeat(
  state: Extract<PressState, { kind: 'primed' }>,
  at: number,
  rules: PressRules,
): boolean {
  if (rules.repeatDelayMs === null) return true;
  return Math.abs(at - state.lastAt - rules.repeatDelayMs) <= DELAY_TOLERANCE_MS;
}

function prime(at: number, rules: PressRules): PressStep {
  return { ...stay(at, at, rules), action: 'prime' };
}

function stay(firstAt: number, lastAt: number, rules: PressRules): PressStep {
  const state: PressState = { kind: 'primed', firstAt, lastAt };
  return { state, action: 'none', wakeAt: firstAt + rules.windowMs + 1 };
}

function confirm(firstAt: number, secondAt: number, rules: PressRules): PressStep {
  const state: PressState = { kind: 'confirming', firstAt, secondAt };
  return { state, action: 'none', wakeAt: secondAt + rules.repeatGapMs + 1 };
}

function spend(lastAt: number, action: 'fire' | 'none'): PressStep {
  return { state: { kind: 'spent', lastAt }, action, wakeAt: null };
}
