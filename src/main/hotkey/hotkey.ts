import type { PressRules, PressState, PressStep } from '../../shared/hotkey/press';
import { PRESS_IDLE, PRESS_RULES, pressed, pressTick } from '../../shared/hotkey/press';
import type { Clock } from '../../shared/time';
import type { HotkeyView } from '../../shared/view/desk';

/** The narrow side of Electron's `globalShortcut`. */
export interface Shortcuts {
  register(accelerator: string, callback: () => void): boolean;
  unregister(accelerator: string): void;
}

export interface Hotkey {
  bind(accelerator: string): void;
  /** While testing, a press proves the key and does nothing else. */
  test(on: boolean): void;
  view(): HotkeyView;
  stop(): void;
}

/** The kill hotkey: armed only once it was seen pressed in this session. */
export function createHotkey(deps: {
  readonly shortcuts: Shortcuts;
  readonly clock: Clock;
  /** The system's delay before a held key repeats, null when it cannot be known. */
  readonly repeatDelayMs: () => number | null;
  readonly onPrimed: () => void;
  readonly onFire: () => void;
  readonly onProven: () => void;
  readonly onConflict: (accelerator: string) => void;
  readonly changed: () => void;
}): Hotkey {
  const rules = (): PressRules => ({ ...PRESS_RULES, repeatDelayMs: deps.repeatDelayMs() });
  let state: PressState = PRESS_IDLE;
  let timer: NodeJS.Timeout | null = null;
  let view: HotkeyView = {
    accelerator: '',
    registered: false,
    provenAt: null,
    primed: false,
    testing: false,
    problem: null,
  };

  function set(change: Partial<HotkeyView>): void {
    view = { ...view, ...change };
    deps.changed();
  }

  function heard(): void {
    const at = deps.clock();
    const first = view.provenAt === null;
    if (first) deps.onProven();
    if (view.testing) {
      set({ provenAt: at });
      return;
    }
    // The kill goes first, the screen after it.
    take(pressed(state, at, rules()), at);
  }

  function take(step: PressStep, provenAt: number | null): void {
    state = step.state;
    if (timer) clearTimeout(timer);
    timer = null;
    if (step.action === 'fire') deps.onFire();
    if (step.action === 'prime') deps.onPrimed();
    if (step.wakeAt !== null) {
      const wait = Math.max(1, step.wakeAt - deps.clock());
      timer = setTimeout(() => take(pressTick(state, deps.clock(), rules()), null), wait);
    }
    const primed = state.kind === 'primed' || state.kind === 'confirming';
    if (provenAt !== null || primed !== view.primed) {
      set({ primed, provenAt: provenAt ?? view.provenAt });
    }
  }

  function release(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    state = PRESS_IDLE;
    if (view.registered) deps.shortcuts.unregister(view.accelerator);
  }

  return {
    bind(accelerator) {
      release();
      let registered = false;
      let problem: HotkeyView['problem'] = null;
      try {
        registered = deps.shortcuts.register(accelerator, heard);
        if (!registered) problem = 'conflict';
      } catch {
        problem = 'invalid';
      }
      set({ accelerator, registered, problem, provenAt: null, primed: false });
      if (problem === 'conflict') deps.onConflict(accelerator);
    },
    test(testing) {
      state = PRESS_IDLE;
      set({ testing, primed: false });
    },
    view: () => view,
    stop: release,
  };
}
