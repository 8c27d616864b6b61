import type { AuditFilter, AuditPage, AuditSource } from '@shared/audit/query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Count, type Held, NOTHING, withCount, withPage } from '../desk/pages.state';
import { onGrowth } from './audit/onGrowth';

const PAGE = 200;
/** A question is asked once whoever types it rests this long. */
const TYPING_MS = 120;

export interface AuditPages extends Omit<Held, 'pages' | 'question'> {
  /** The event of a row, null until it is here. */
  at(index: number): AuditPage['events'][number] | null;
  cancel(): void;
}

/** Pages of the record that match a filter, fetched as rows of them come into sight. */
export function useAuditPages(source: AuditSource, filter: AuditFilter): AuditPages {
  const [held, setHeld] = useState<Held>(NOTHING);
  const query = useRef(0);
  const asked = useRef(new Set<number>());
  const stopped = useRef(false);
  /** The first page is under way: a log that grows meanwhile is asked about when it is here. */
  const underWay = useRef(false);
  const grown = useRef(false);
  const count = useRef<Count | null>(null);

  const ask = useCallback(
    (page: number, fresh: boolean): void => {
      asked.current.add(page);
      const mine = query.current;
      const args = { source, filter, offset: page * PAGE, limit: PAGE };
      void window.vigia.call('audit.page', args).then((answer) => {
        if (mine !== query.current) return;
        if (!answer.ok && answer.error.code === 'cancelled') {
          // Nobody here called it off: somebody else's question took its place.
          ask(page, fresh);
          return;
        }
        if (fresh) underWay.current = false;
        if (!answer.ok) {
          const { message } = answer.error;
          setHeld((now) => ({ ...now, state: 'failed', counted: true, problem: message }));
        } else {
          const { value } = answer;
          setHeld((now) => withPage(now, value, { page, fresh }, count.current));
        }
        if (fresh && grown.current) again.current();
      });
    },
    [source, filter],
  );

  /** Asks from the first page on. */
  const begin = useCallback((): void => {
    query.current += 1;
    asked.current.clear();
    underWay.current = true;
    grown.current = false;
    ask(0, true);
  }, [ask]);
  const again = useRef(begin);
  again.current = begin;

  useEffect(() => {
    // Another question: what was shown of the last one is gone, and its answer comes too late.
    stopped.current = false;
    underWay.current = true;
    query.current += 1;
    setHeld((now) => ({ ...now, state: 'searching' }));
    const timer = setTimeout(begin, TYPING_MS);
    return () => clearTimeout(timer);
  }, [begin]);

  useEffect(() => {
    if (source !== 'own') return;
    // A longer log shifts every row.
    return onGrowth(() => {
      if (stopped.current) return;
      if (underWay.current) grown.current = true;
      else again.current();
    });
  }, [source]);

  useEffect(
    () =>
      window.vigia.on('audit.counted', (told) => {
        if (told.source !== source) return;
        count.current = told;
        setHeld((now) => withCount(now, told));
      }),
    [source],
  );

  const at = (index: number): AuditPage['events'][number] | null => {
    const page = Math.floor(index / PAGE);
    const events = held.pages[page];
    // The pages of a question begin with its first.
    if (!events && held.state !== 'searching' && !asked.current.has(page)) {
      // Every row of it that is in sight wants it; it is asked for once.
      asked.current.add(page);
      queueMicrotask(() => ask(page, false));
    }
    return events?.[index % PAGE] ?? null;
  };
  return {
    ...held,
    at,
    cancel() {
      stopped.current = true;
      underWay.current = false;
      query.current += 1;
      setHeld((now) => ({ ...now, state: 'stopped', counted: true }));
      void window.vigia.call('audit.cancel', { source });
    },
  };
}
