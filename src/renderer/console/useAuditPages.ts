import type { AuditFilter, AuditPage } from '@shared/ipc/contract';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useApp } from '../lib/store';

const PAGE = 200;

interface Held {
  readonly pages: Readonly<Record<number, AuditPage['events']>>;
  readonly total: number;
  readonly tookMs: number;
  readonly types: readonly string[];
  readonly actors: readonly string[];
}
const NOTHING: Held = { pages: {}, total: 0, tookMs: 0, types: [], actors: [] };

/** Pages of the log that match a filter, fetched as rows of them come into sight. */
export function useAuditPages(filter: AuditFilter) {
  const [held, setHeld] = useState<Held>(NOTHING);
  const grown = useApp((state) => state.auditSeq);
  const query = useRef(0);
  const asked = useRef(new Set<number>());

  const ask = useCallback(
    (page: number, fresh: boolean): void => {
      asked.current.add(page);
      const mine = query.current;
      const args = { filter, offset: page * PAGE, limit: PAGE };
      void window.vigia.call('audit.page', args).then((answer) => {
        if (mine !== query.current || !answer.ok) return;
        const { events, ...rest } = answer.value;
        setHeld((now) => ({ ...rest, pages: { ...(fresh ? {} : now.pages), [page]: events } }));
      });
    },
    [filter],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: a longer log shifts every row.
  useEffect(() => {
    const timer = setTimeout(() => {
      query.current += 1;
      asked.current.clear();
      ask(0, true);
    }, 120);
    return () => clearTimeout(timer);
  }, [ask, grown]);

  const at = (index: number): AuditPage['events'][number] | null => {
    const page = Math.floor(index / PAGE);
    const events = held.pages[page];
    if (!events && !asked.current.has(page)) queueMicrotask(() => ask(page, false));
    return events?.[index % PAGE] ?? null;
  };
  return { ...held, at };
}
