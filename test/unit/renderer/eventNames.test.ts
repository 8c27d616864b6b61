import { describe, expect, it } from 'vitest';
import { eventName } from '../../../src/renderer/i18n/events';
import { eventData } from '../../../src/shared/ops/events';

describe('the names of events', () => {
  it.each(Object.keys(eventData))('%s has one in each language', (type) => {
    expect(eventName(type, 'es')).not.toBe(type);
    expect(eventName(type, 'en')).not.toBe(type);
    expect(eventName(type, 'en')).not.toBe(eventName(type, 'es'));
  });

  it('are the type itself where it is not known', () => {
    expect(eventName('later.version', 'es')).toBe('later.version');
  });
});
