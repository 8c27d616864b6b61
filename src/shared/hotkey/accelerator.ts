/** The parts of a key press that make a shortcut; a `KeyboardEvent` fits. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly metaKey: boolean;
}

const NAMED: Readonly<Record<string, string>> = {
  Space: 'Space',
  Pause: 'Pause',
  ScrollLock: 'Scrolllock',
  Insert: 'Insert',
  Home: 'Home',
  End: 'End',
  PageUp: 'PageUp',
  PageDown: 'PageDown',
};

/** What may be the kill hotkey: never a key that types text by itself. */
export const ACCELERATOR =
  /^(?:(?:Control|Alt|Shift|Super)\+)+(?:F(?:[1-9]|1\d|2[0-4])|[A-Z0-9]|Space|Pause|Scrolllock|Insert|Home|End|PageUp|PageDown)$/;

/**
 * The name Electron knows a key press by (electronjs.org, "Accelerator"), for the kill hotkey.
 *
 * @returns null for what cannot be it: a modifier alone, a key that types text, or a letter with
 * fewer than two modifiers, which other programs use for themselves.
 */
export function acceleratorOf(press: KeyPress): string | null {
  const modifiers = [
    press.ctrlKey && 'Control',
    press.altKey && 'Alt',
    press.shiftKey && 'Shift',
    press.metaKey && 'Super',
  ].filter((name) => name !== false);
  const functionKey = /^F([1-9]|1\d|2[0-4])$/.exec(press.code)?.[0];
  const typed = /^(?:Key([A-Z])|Digit(\d))$/.exec(press.code);
  const key = functionKey ?? typed?.[1] ?? typed?.[2] ?? NAMED[press.code];
  if (key === undefined) return null;
  const strong = modifiers.filter((name) => name !== 'Shift').length > 0;
  const enough = functionKey ? modifiers.length >= 1 : strong && modifiers.length >= 2;
  return enough ? [...modifiers, key].join('+') : null;
}
