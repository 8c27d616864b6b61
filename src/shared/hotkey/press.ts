/**
 * The double press / hold rule of the kill hotkey, as a pure fold over key events.
 *
 * Firing takes a second press within `windowMs` of the first, at least `deadMs` after it, or one
 * press held for `holdMs`. The system repeats a held key: repeats come at the keyboard's rate with
 * no release between them and are never a second press. `globalShortcut` reports presses only, so
 * a repeat is known by its distance: presses closer than `repeatGapMs` belong to one hold.
 */
export interface PressRules {
  readonly windowMs: number;
  readonly deadMs: number;
  readonly holdMs: number;
  /** Longest distance between two events of one held key (initial delay included). */
  readonly repeatGapMs: number;
}

export const PRESS_RULES: PressRules = {
  windowMs: 1_500,
  deadMs: 400,
  holdMs: 1_000,
  repeatGapMs: 120,
};
