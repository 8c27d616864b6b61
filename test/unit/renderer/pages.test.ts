import { describe, expect, it } from 'vitest';
import { type Count, NOTHING, withCount, withPage } from '../../../src/renderer/desk/pages.state';
import type { AuditPage } from '../../../src/shared/audit/query';

const page = (question: number, total: number, counted: boolean): AuditPage => ({
  question,
  total,
  counted,
  events: [],
  tookMs: 1,
  indexedTo: 900,
  headSeq: 900,
});
const FIRST = { page: 0, fresh: true };
const whole: Count = { question: 2, total: 531, counted: true };

describe('a page of the record and the count of its rows', () => {
  it('is counted to the end, whichever of the two comes first', () => {
    const late = withCount(withPage(NOTHING, page(2, 512, false), FIRST, null), whole);
    const early = withPage(withCount(NOTHING, whole), page(2, 512, false), FIRST, whole);
    for (const held of [late, early]) {
      expect(held).toMatchObject({ state: 'shown', total: 531, counted: true });
    }
  });

  it('takes no other question’s count for its own', () => {
    const held = withPage(NOTHING, page(3, 512, false), FIRST, whole);
    expect(held).toMatchObject({ total: 512, counted: false });
    expect(withCount(held, whole)).toBe(held);
    expect(withCount(held, { question: 3, total: 700, counted: false })).toMatchObject({
      total: 700,
      counted: false,
    });
  });

  it('keeps the pages of one answer, and drops those of a shorter log', () => {
    const first = withPage(NOTHING, page(2, 531, true), FIRST, null);
    const second = withPage(first, page(2, 531, true), { page: 1, fresh: false }, null);
    expect(Object.keys(second.pages)).toEqual(['0', '1']);
    expect(Object.keys(withPage(second, page(2, 532, true), FIRST, null).pages)).toEqual(['0']);
  });
});
