import type { AuditPage } from '@shared/audit/query';

type Rows = AuditPage['events'];

/** What is shown of the record: pages of one question. */
export interface Held extends Omit<AuditPage, 'events'> {
  readonly pages: Readonly<Record<number, Rows>>;
  /** The rows are of the question that is asked now. */
  readonly state: 'searching' | 'shown' | 'stopped' | 'failed';
  readonly problem: string | null;
}

export const NOTHING: Held = {
  question: 0,
  pages: {},
  total: 0,
  counted: true,
  tookMs: 0,
  indexedTo: 0,
  headSeq: 0,
  state: 'searching',
  problem: null,
};

/** How far a question's rows are counted. */
export type Count = Pick<AuditPage, 'question' | 'total' | 'counted'>;

/**
 * With what is known of the count. The page and the count come by ways of their own, so either may
 * be the first; a count of another question says nothing here.
 */
export function withCount(held: Held, count: Count | null): Held {
  if (held.counted || count?.question !== held.question) return held;
  return { ...held, total: Math.max(held.total, count.total), counted: count.counted };
}

/** With a page that has come. @param fresh the first of an answer: the pages before are of a shorter log */
export function withPage(
  held: Held,
  { events, ...rest }: AuditPage,
  at: { readonly page: number; readonly fresh: boolean },
  count: Count | null,
): Held {
  const pages = { ...(at.fresh ? {} : held.pages), [at.page]: events };
  return withCount({ ...rest, pages, state: 'shown', problem: null }, count);
}
