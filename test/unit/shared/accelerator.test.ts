import { describe, expect, it } from 'vitest';
import { acceleratorOf } from '../../../src/shared/hotkey/accelerator';

const press = (code: string, modifiers = '') => ({
  ...{ key: '', code },
  ctrlKey: modifiers.includes('c'),
  altKey: modifiers.includes('a'),
  shiftKey: modifiers.includes('s'),
  metaKey: modifiers.includes('m'),
});

describe('a key press as the kill hotkey', () => {
  it.each([
    ['KeyK', 'cs', 'Control+Shift+K'],
    ['Digit7', 'ca', 'Control+Alt+7'],
    ['F12', 's', 'Shift+F12'],
    ['Pause', 'ca', 'Control+Alt+Pause'],
    ['KeyK', 'cm', 'Control+Super+K'],
  ])('%s with %s is %s', (code, modifiers, expected) => {
    expect(acceleratorOf(press(code, modifiers))).toBe(expected);
  });

  it.each([
    ['ShiftLeft', 's'],
    ['KeyK', ''],
    ['KeyK', 's'],
    ['KeyK', 'c'],
    ['F12', ''],
    ['Enter', 'cs'],
    ['Escape', 'cs'],
  ])('%s with "%s" cannot be it', (code, modifiers) => {
    expect(acceleratorOf(press(code, modifiers))).toBeNull();
  });
});
