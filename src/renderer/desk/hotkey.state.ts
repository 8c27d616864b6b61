import type { HotkeyView } from '@shared/view/desk';

type HotkeyState =
  | 'armed'
  | 'unproven'
  | 'unregistered'
  | 'testing'
  | 'primed'
  | NonNullable<HotkeyView['problem']>;

/** Armed only once a press was seen: that the system took the registration proves nothing. */
export function hotkeyState(hotkey: HotkeyView): HotkeyState {
  if (hotkey.problem) return hotkey.problem;
  if (!hotkey.registered) return 'unregistered';
  if (hotkey.testing) return 'testing';
  if (hotkey.primed) return 'primed';
  return hotkey.provenAt === null ? 'unproven' : 'armed';
}
