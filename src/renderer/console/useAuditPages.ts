import type { AuditFilter, AuditPage, AuditSource } from '@shared/audit/query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useApp } from '../lib/store';

const PAGE = 200;

type Rows = AuditPage['events'];

interface Held {
  readonly pages: Readonly<Record<number, Rows>>;
  readonly total: number;
  readonly counted: boolean;
  readonly tookMs: number;
  readonly indexedTo: number;
  readonly headSeq: number;
  /** The rows are of the question that is asked now. */
  readonly state: 'searching' | 'shown' | 'stopped' | 'failed';
  readonly problem: string | null;
}

const NOTHING: Held = {
  pages: {},
  total: 0,
  counted: true,
  tookMs: 0,
  indexedTo: 0,
  headSeq: 0,
  state: 'searching',
  problem: null,
};

export interface AuditPages extends Omit<Held, 'pages'> {
  /** The event of a row, null until it is here. */
  at(index: number): Rows[number] | null;
  cancel(): void;
}

/** Pages of the record that match a filter, fetched as rows of them come into sight. */
export function useAuditPages(source: AuditSource, filter: AuditFilter): AuditPages {
  const [held, setHeld] = useState<Held>(NOTHING);
  const grown = useApp((state) => (source === 'own' ? state.auditSeq : 0));
  const query = useRef(0);
  const asked = useRef(new Set<number>());
  const stopped = useRef(false);

  const ask = useCallback(
    (page: number, fresh: boolean): void => {
      asked.current.add(page);
      const mine = query.current;
      const args = { source, filter, offset: page * PAGE, limit: PAGE };
      void window.vigia.call('audit.page', args).then((answer) => {
        if (mine !== query.current) return;
        if (!answer.ok) {
          const { code, message } = answer.error;
          const state = code === 'cancelled' ? 'stopped' : 'failed';
          setHeld((now) => ({ ...now, state, counted: true, problem: message }));
          return;
        }
        const { events, ...rest } = answer.value;
        setHeld((now) => ({
          ...rest,
          state: 'shown',
          problem: null,
          pages: { ...(fresh ? {} : now.pages), [page]: events },
        }));
      });
    },
    [source, filter],
  );

  const question = useRef<typeof ask | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a longer log shifts every row.
  useEffect(() => {
    if (question.current !== ask) {
      // Another question: what was shown of the last one is gone, and its answer comes too late.
      question.current = ask;
      stopped.current = false;
      query.current += 1;
      setHeld((now) => ({ ...now, state: 'searching' }));
    }
    const timer = setTimeout(() => {
      if (stopped.current) return;
      query.current += 1;
      asked.current.clear();
      ask(0, true);
    }, 120);
    return () => clearTimeout(timer);
  }, [ask, grown]);

  useEffect(
    () =>
      window.vigia.on('audit.counted', (counted) => {
        if (counted.source !== source) return;
        setHeld((now) =>
          now.counted ? now : { ...now, total: counted.total, counted: counted.counted },
        );
      }),
    [source],
  );

  const at = (index: number): Rows[number] | null => {
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
      query.current += 1;
      setHeld((now) => ({ ...now, state: 'stopped', counted: true }));
      void window.vigia.call('audit.cancel', { source });
    },
  };
}
